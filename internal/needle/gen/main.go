// Gen writes the kernels of package needle for amd64:
//
//	go run . -out ../asm_amd64.s -stubs ../asm_amd64.go -pkg needle
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// What package needle says of grams.
const (
	gramLen   = 4
	windowLen = 8
	fold      = 0x20202020
	mul       = 0x9e3779b1
)

func main() {
	sift()
	for _, step := range []int{1, 2, 4} {
		probe(step)
	}
	ascii()
	sieve()
	pair()
	Generate()
}

// sift is the vector pass: eight tables, each looked up for 32 bytes at once.
func sift() {
	TEXT("siftAVX2", NOSPLIT, "func(text *byte, halves *byte, masks *uint64, blocks int)")
	Doc("siftAVX2 is siftPlain for blocks of 64 bytes; gramLen-1 bytes more must be readable.")
	text, halves := Load(Param("text"), GP64()), Load(Param("halves"), GP64())
	masks, blocks := Load(Param("masks"), GP64()), Load(Param("blocks"), GP64())
	var low, high [gramLen]VecVirtual
	for j := range gramLen {
		low[j], high[j] = YMM(), YMM()
		VBROADCASTI128(Mem{Base: halves, Disp: 32 * j}, low[j])
		VBROADCASTI128(Mem{Base: halves, Disp: 32*j + 16}, high[j])
	}
	nibble, zero := YMM(), YMM()
	four := GP32()
	MOVL(U32(0x0f0f0f0f), four)
	VMOVD(four, nibble.AsX())
	VPBROADCASTD(nibble.AsX(), nibble)
	VPXOR(zero, zero, zero)

	Label("block")
	a, b := half(text, 0, low, high, nibble, zero), half(text, 32, low, high, nibble, zero)
	SHLQ(U8(32), b)
	ORQ(a, b)
	NOTQ(b)
	MOVQ(b, Mem{Base: masks})
	ADDQ(U8(64), text)
	ADDQ(U8(8), masks)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// half gives the mask of the 32 bytes at text+off that are in no bucket.
func half(text Register, off int, low, high [gramLen]VecVirtual, nibble, zero VecVirtual) GPVirtual {
	all := YMM()
	for j := range gramLen {
		x, y := YMM(), YMM()
		VMOVDQU(Mem{Base: text, Disp: off + j}, x)
		VPSRLW(U8(4), x, y)
		VPAND(nibble, x, x)
		VPAND(nibble, y, y)
		VPSHUFB(x, low[j], x)
		VPSHUFB(y, high[j], y)
		if j == 0 {
			VPAND(x, y, all)
			continue
		}
		VPAND(x, y, x)
		VPAND(x, all, all)
	}
	VPCMPEQB(zero, all, all)
	out := GP64()
	VPMOVMSKB(all, out.As32())
	return out
}

// probe is the grid: for each look its gram's hash, and that bit of the bitmap.
// The looks of a mask are taken from the last to the first, so that each bit is
// shifted in from the carry.
func probe(step int) {
	name := map[int]string{1: "probe1", 2: "probe2", 4: "probe4"}[step]
	const unrolled = 16
	TEXT(name, NOSPLIT, "func(text *byte, bitmap *uint32, shift uint64, masks *uint64, words int)")
	Doc(name + " is probePlain for words of 64 looks; it needs BMI2.")
	text, bitmap := Load(Param("text"), GP64()), Load(Param("bitmap"), GP64())
	bit := GP64()
	Load(Param("shift"), bit)
	masks, words := Load(Param("masks"), GP64()), Load(Param("words"), GP64())
	word, folded, factor := GP64(), GP32(), GP32()
	LEAQ(Mem{Base: bit, Disp: 5}, word)
	MOVL(U32(fold), folded)
	MOVL(U32(mul), factor)

	Label("word")
	mask, at, left := GP64(), GP64(), GP64()
	XORQ(mask, mask)
	LEAQ(Mem{Base: text, Disp: (64 - unrolled) * step}, at)
	MOVQ(U32(64/unrolled), left)
	Label("looks")
	for k := unrolled - 1; k >= 0; k-- {
		gram, index, bits := GP32(), GP32(), GP32()
		MOVL(folded, gram)
		ORL(Mem{Base: at, Disp: k * step}, gram)
		IMULL(factor, gram)
		SHRXL(word.As32(), gram, index)
		SHRXL(bit.As32(), gram, gram)
		MOVL(Mem{Base: bitmap, Index: index.As64(), Scale: 4}, bits)
		BTL(gram, bits)
		ADCQ(mask, mask)
	}
	SUBQ(U8(unrolled*step), at)
	DECQ(left)
	JNZ(LabelRef("looks"))
	MOVQ(mask, Mem{Base: masks})
	ADDQ(U32(64*step), text)
	ADDQ(U8(8), masks)
	DECQ(words)
	JNZ(LabelRef("word"))
	RET()
}

// ascii looks at the top bit of 128 bytes at a time.
func ascii() {
	TEXT("asciiAVX2", NOSPLIT, "func(text *byte, blocks uint64) uint64")
	Doc("asciiAVX2 is how many of the blocks of 128 bytes at text, which are some, are ASCII from the first on.")
	text, blocks := Load(Param("text"), GP64()), Load(Param("blocks"), GP64())
	done, mask := GP64(), GP32()
	XORQ(done, done)

	Label("next")
	a, b := YMM(), YMM()
	VMOVDQU(Mem{Base: text}, a)
	VMOVDQU(Mem{Base: text, Disp: 32}, b)
	VPOR(Mem{Base: text, Disp: 64}, a, a)
	VPOR(Mem{Base: text, Disp: 96}, b, b)
	VPOR(a, b, a)
	VPMOVMSKB(a, mask)
	TESTL(mask, mask)
	JNZ(LabelRef("found"))
	ADDQ(U8(128), text)
	INCQ(done)
	CMPQ(done, blocks)
	JNE(LabelRef("next"))

	Label("found")
	VZEROUPPER()
	Store(done, ReturnIndex(0))
	RET()
}

// sieve is the vector pass where bytes can be looked up in tables of 128: one
// for each byte of a window, in two registers, for 64 bytes at once.
func sieve() {
	TEXT("sieveVBMI", NOSPLIT, "func(text *byte, tables *byte, masks *uint64, blocks int)")
	Doc("sieveVBMI is siftPlain for blocks of 64 bytes; windowLen-1 bytes more must be readable. It needs AVX-512 VBMI and BW.")
	text, tables := Load(Param("text"), GP64()), Load(Param("tables"), GP64())
	masks, blocks := Load(Param("masks"), GP64()), Load(Param("blocks"), GP64())
	var low, high [windowLen]VecVirtual
	for j := range windowLen {
		low[j], high[j] = ZMM(), ZMM()
		VMOVDQU64(Mem{Base: tables, Disp: 128 * j}, low[j])
		VMOVDQU64(Mem{Base: tables, Disp: 128*j + 64}, high[j])
	}

	Label("block")
	var in [windowLen]VecVirtual
	for j := range windowLen {
		in[j] = ZMM()
		VMOVDQU64(Mem{Base: text, Disp: j}, in[j])
		VPERMI2B(high[j], low[j], in[j])
	}
	for n := windowLen; n > 1; n /= 2 {
		for j := range n / 2 {
			VPANDQ(in[j], in[j+n/2], in[j])
		}
	}
	some, mask := K(), GP64()
	VPTESTMB(in[0], in[0], some)
	KMOVQ(some, mask)
	MOVQ(mask, Mem{Base: masks})
	ADDQ(U8(64), text)
	ADDQ(U8(8), masks)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// pair looks for two bytes at a distance, 32 places at once.
func pair() {
	TEXT("pairAVX2", NOSPLIT, "func(text *byte, distance uint64, first, second uint64, blocks uint64) uint64")
	Doc("pairAVX2 is the first place in the blocks of 32 bytes at text, which are some, where first stands and, distance bytes further on, second; all of them when there is none. Bytes are compared with bit 5 set.")
	text, distance := Load(Param("text"), GP64()), Load(Param("distance"), GP64())
	first, second := broadcast(Load(Param("first"), GP64())), broadcast(Load(Param("second"), GP64()))
	blocks := Load(Param("blocks"), GP64())
	bit := GP64()
	MOVQ(U32(fold), bit)
	folded := broadcast(bit)
	done, mask := GP64(), GP64()
	XORQ(done, done)
	SHLQ(U8(5), blocks)

	Label("pair")
	a, b := YMM(), YMM()
	VPOR(Mem{Base: text}, folded, a)
	VPOR(Mem{Base: text, Index: distance, Scale: 1}, folded, b)
	VPCMPEQB(first, a, a)
	VPCMPEQB(second, b, b)
	VPAND(a, b, a)
	VPMOVMSKB(a, mask.As32())
	TESTL(mask.As32(), mask.As32())
	JNZ(LabelRef("stands"))
	ADDQ(U8(32), text)
	ADDQ(U8(32), done)
	CMPQ(done, blocks)
	JNE(LabelRef("pair"))
	JMP(LabelRef("none"))

	Label("stands")
	BSFQ(mask, mask)
	ADDQ(mask, done)
	Label("none")
	VZEROUPPER()
	Store(done, ReturnIndex(0))
	RET()
}

// broadcast fills a vector with a register's lowest byte.
func broadcast(r Register) VecVirtual {
	v := YMM()
	VMOVQ(r, v.AsX())
	VPBROADCASTB(v.AsX(), v)
	return v
}
