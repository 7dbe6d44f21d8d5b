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
	headLen   = 3
	fold      = 0x20202020
	mul       = 0x9e3779b1
	mulWindow = 0x9e3779b97f4a7c15
)

func main() {
	sift()
	for _, step := range []int{1, 2, 4} {
		probe(step)
	}
	ascii()
	sieve()
	pair()
	cut()
	probeWords()
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
	TEXT("sieveVBMI", NOSPLIT, "func(text *byte, tables *byte, masks *uint64, blocks int) uint64")
	Doc("sieveVBMI is siftPlain for blocks of 64 bytes; windowLen-1 bytes more must be readable. It returns 0 if the blocks are ASCII. It needs AVX-512 VBMI and BW.")
	text, tables := Load(Param("text"), GP64()), Load(Param("tables"), GP64())
	masks, blocks := Load(Param("masks"), GP64()), Load(Param("blocks"), GP64())
	var low, high [windowLen]VecVirtual
	for j := range windowLen {
		low[j], high[j] = ZMM(), ZMM()
		VMOVDQU64(Mem{Base: tables, Disp: 128 * j}, low[j])
		VMOVDQU64(Mem{Base: tables, Disp: 128*j + 64}, high[j])
	}
	seen := ZMM()
	VPXORQ(seen, seen, seen)

	Label("block")
	var in [windowLen]VecVirtual
	for j := range windowLen {
		in[j] = ZMM()
		VMOVDQU64(Mem{Base: text, Disp: j}, in[j])
		if j == 0 {
			VPORQ(in[j], seen, seen)
		}
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
	VPMOVB2M(seen, some)
	KMOVQ(some, mask)
	VZEROUPPER()
	Store(mask, ReturnIndex(0))
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

// cut finds where words begin. A byte's entry in the first table is itself, folded,
// if it is a word's, and has bit 7 set if not; the others are of words' first bytes.
func cut() {
	TEXT("cutVBMI", NOSPLIT, "func(text, tables, folded *byte, starts *uint16, state *uint64, blocks uint64) uint64")
	Doc("cutVBMI is cutPlain for blocks of 64 bytes, which are some; one block more must be readable, and is folded too. It needs AVX-512 BW, VBMI and VBMI2.")
	text, tables, folded := Load(Param("text"), GP64()), Load(Param("tables"), GP64()), Load(Param("folded"), GP64())
	starts, state, blocks := Load(Param("starts"), GP64()), Load(Param("state"), GP64()), Load(Param("blocks"), GP64())
	var lows, highs [1 + headLen]VecVirtual
	for j := range lows {
		lows[j], highs[j] = ZMM(), ZMM()
		VMOVDQU64(Mem{Base: tables, Disp: 128 * j}, lows[j])
		VMOVDQU64(Mem{Base: tables, Disp: 128*j + 64}, highs[j])
	}
	low, high := lows[0], highs[0]
	joiner, space := fill(0x80), fill(0xc0)
	places, step, base := ZMM(), ZMM(), ZMM()
	VMOVDQU64(iota(), places)
	constant := GP32()
	MOVL(U32(64), constant)
	VPBROADCASTW(constant, step)
	VPXORQ(base, base, base)
	seen := ZMM()
	VPXORQ(seen, seen, seen)
	outside, solid, unused := GP64(), GP64(), GP64()
	MOVQ(Mem{Base: state}, outside)
	XORQ(solid, solid)
	MOVQ(U32(64), unused)
	SUBQ(blocks, unused)
	first, here := GP64(), K()
	MOVQ(starts, first)

	Label("cut")
	VPORQ(Mem{Base: text}, seen, seen)
	t := foldBlock(text, folded, low, high, joiner)
	others, spaces := K(), K()
	VPMOVB2M(t, others)
	VPCMPEQB(space, t, spaces)
	not, begin, count, none := GP64(), GP64(), GP64(), GP64()
	KMOVQ(others, not)
	LEAQ(Mem{Base: outside, Index: not, Scale: 2}, begin)
	MOVQ(not, outside)
	SHRQ(U8(63), outside)
	ANDNQ(begin, not, begin)
	XORQ(none, none)
	KORTESTQ(spaces, spaces)
	SETEQ(none.As8())
	SHRQ(U8(1), solid)
	SHLQ(U8(63), none)
	ORQ(none, solid)
	var heads [headLen]VecVirtual
	for j := range heads {
		heads[j] = ZMM()
		VMOVDQU64(Mem{Base: text, Disp: j}, heads[j])
		VPERMI2B(highs[1+j], lows[1+j], heads[j])
	}
	VPANDQ(heads[0], heads[1], heads[1])
	KMOVQ(begin, here)
	VPTESTMB(heads[1], heads[2], here, here)
	KMOVQ(here, begin)
	list := ZMM()
	VPCOMPRESSB_Z(places, here, list)
	VPMOVZXBW(list.AsY(), list)
	VPADDW(base, list, list)
	VMOVDQU64(list, Mem{Base: starts})
	VPADDW(step, base, base)
	POPCNTQ(begin, count)
	LEAQ(Mem{Base: starts, Index: count, Scale: 2}, starts)
	ADDQ(U8(64), text)
	ADDQ(U8(64), folded)
	DECQ(blocks)
	JNZ(LabelRef("cut"))

	foldBlock(text, folded, low, high, joiner)
	MOVQ(outside, Mem{Base: state})
	SHRXQ(unused, solid, solid)
	MOVQ(solid, Mem{Base: state, Disp: 8})
	VPMOVB2M(seen, here)
	KMOVQ(here, outside)
	ORQ(outside, Mem{Base: state, Disp: 16})
	SUBQ(first, starts)
	SHRQ(U8(1), starts)
	VZEROUPPER()
	Store(starts, ReturnIndex(0))
	RET()
}

// foldBlock looks 64 bytes up in the table; what is beyond ASCII is a joiner.
func foldBlock(text, folded Register, low, high, joiner VecVirtual) VecVirtual {
	t, beyond := ZMM(), K()
	VMOVDQU64(Mem{Base: text}, t)
	VPMOVB2M(t, beyond)
	VPERMI2B(high, low, t)
	VMOVDQU8(joiner, beyond, t)
	VMOVDQU64(t, Mem{Base: folded})
	return t
}

func fill(b uint32) VecVirtual {
	r, v := GP32(), ZMM()
	MOVL(U32(b), r)
	VPBROADCASTB(r, v)
	return v
}

// iota is the bytes 0 to 63.
func iota() Mem {
	all := GLOBL("iota", RODATA|NOPTR)
	for i := range 8 {
		q := uint64(0)
		for k := range 8 {
			q |= uint64(8*i+k) << (8 * k)
		}
		DATA(8*i, U64(q))
	}
	return all
}

// probeWords hashes words, and keeps those whose hash is in the bitmap.
func probeWords() {
	TEXT("probeWordsBMI", NOSPLIT, "func(folded *byte, starts *uint16, n uint64, bitmap *uint32, shift uint64, out *uint16) uint64")
	Doc("probeWordsBMI is probeWordsPlain; it needs BMI1 and BMI2.")
	folded, starts, n := Load(Param("folded"), GP64()), Load(Param("starts"), GP64()), Load(Param("n"), GP64())
	bitmap, shift, out := Load(Param("bitmap"), GP64()), Load(Param("shift"), GP64()), Load(Param("out"), GP64())
	mul, ends, count := GP64(), GP64(), GP64()
	MOVQ(U64(mulWindow), mul)
	MOVQ(U64(0x8080808080808080), ends)
	XORQ(count, count)

	const unrolled = 4
	look := func(k int) {
		at, key, end, word := GP64(), GP64(), GP64(), GP64()
		MOVWQZX(Mem{Base: starts, Disp: 2 * k}, at)
		MOVQ(Mem{Base: folded, Index: at, Scale: 1}, key)
		MOVQ(key, end)
		ANDQ(ends, end)
		SHRQ(U8(7), end)
		BLSMSKQ(end, end)
		ANDQ(end, key)
		IMULQ(mul, key)
		SHRXQ(shift, key, key)
		MOVQ(key, word)
		SHRQ(U8(5), word)
		MOVL(Mem{Base: bitmap, Index: word, Scale: 4}, word.As32())
		MOVW(at.As16(), Mem{Base: out, Index: count, Scale: 2})
		BTL(key.As32(), word.As32())
		ADCQ(U8(0), count)
	}
	Label("four")
	CMPQ(n, U8(unrolled))
	JB(LabelRef("rest"))
	for k := range unrolled {
		look(k)
	}
	ADDQ(U8(2*unrolled), starts)
	SUBQ(U8(unrolled), n)
	JMP(LabelRef("four"))
	Label("rest")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	look(0)
	ADDQ(U8(2), starts)
	DECQ(n)
	JMP(LabelRef("rest"))
	Label("end")
	Store(count, ReturnIndex(0))
	RET()
}
