package needle

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd gen && go run . -out ../asm_amd64.s -stubs ../asm_amd64.go -pkg needle"

// vectors reports whether this machine has what the generated kernels need.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// tables reports whether it can look up 64 bytes at once in a table of 128.
var tables = vectors && cpu.X86.HasBMI1 && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2

// probe sets in masks which of the n looks of a grid meet a gram that is
// looked for.
func probe(text []byte, g *grid, n int, masks []uint64) {
	words := 0
	if vectors {
		words = n / 64
	}
	if words > 0 {
		kernel := probe4
		switch g.step {
		case 1:
			kernel = probe1
		case 2:
			kernel = probe2
		}
		kernel(&text[0], &g.bitmap[0], uint64(g.shift), &masks[0], words)
	}
	probePlain(text, g, words*64, n, masks)
}

// sift sets in masks the bytes where one of t's texts may stand, and reports
// whether text is ASCII.
func sift(text []byte, t *teddy, masks []uint64) (ascii bool) {
	first := 0 // from where on that is still to be seen
	blocks := max(len(text)-windowLen+1, 0) / 64
	switch {
	case blocks == 0:
	case tables:
		ascii = sieveVBMI(&text[0], &t.tables[0][0], &masks[0], blocks) == 0
		first = blocks * 64
	case vectors:
		siftAVX2(&text[0], &t.halves[0].low[0], &masks[0], blocks)
	default:
		blocks = 0
	}
	siftPlain(text, t, blocks*64, masks)
	return (first == 0 || ascii) && ASCII(text[first:])
}

// highFree is up to where text is known to be ASCII.
func highFree(text []byte) int {
	if !vectors || len(text) < 128 {
		return 0
	}
	return int(asciiAVX2(&text[0], uint64(len(text)/128))) * 128
}

// pairFree is from byte i on up to where in text, at the least, s stands
// nowhere, by its first and last byte.
func pairFree(text []byte, i int, s string) int {
	blocks := (len(text) - i - len(s) + 1) / 32
	if !vectors || blocks <= 0 {
		return i
	}
	return i + int(pairAVX2(&text[i], uint64(len(s)-1), uint64(s[0]|foldGram&0xff), uint64(s[len(s)-1]|foldGram&0xff), uint64(blocks)))
}

// cut folds a tile of text and lists where words begin that may be one of w's; it
// returns how many.
func (w *words) cut(text []byte, c *cutting, state *cutState) int {
	blocks, n := 0, 0
	if tables && len(text) >= 128 {
		blocks = min(tile, len(text)-64) / 64
		n = int(cutVBMI(&text[0], &w.tables[0][0], &c.folded[0], &c.starts[0], &state.outside, uint64(blocks)))
	}
	if blocks == tile/64 {
		return n
	}
	return w.cutPlain(text, c, state, blocks, n)
}

// probeWords puts into c.hits those of the n starts whose word may be one of w's.
func probeWords(w *words, c *cutting, n int) int {
	if !tables {
		return probeWordsPlain(w, c, n)
	}
	return int(probeWordsBMI(&c.folded[0], &c.starts[0], uint64(n), &w.bitmap[0], uint64(w.shift), &c.hits[0]))
}
