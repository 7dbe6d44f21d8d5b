//go:build !amd64

package needle

const vectors, tables = false, false

// probe sets in masks which of the n looks of a grid meet a gram that is
// looked for.
func probe(text []byte, g *grid, n int, masks []uint64) { probePlain(text, g, 0, n, masks) }

// sift sets in masks the bytes where one of t's texts may stand, and reports
// whether text is ASCII.
func sift(text []byte, t *teddy, masks []uint64) bool {
	siftPlain(text, t, 0, masks)
	return ASCII(text)
}

// highFree is up to where text is known to be ASCII.
func highFree([]byte) int { return 0 }

// pairFree is from byte i on up to where in text s is known to stand nowhere.
func pairFree(_ []byte, i int, _ string) int { return i }

// cut folds a tile of text and lists where words begin that may be one of w's; it
// returns how many.
func (w *words) cut(text []byte, c *cutting, state *cutState) int {
	return w.cutPlain(text, c, state, 0, 0)
}

// probeWords puts into c.hits those of the n starts whose word may be one of w's.
func probeWords(w *words, c *cutting, n int) int { return probeWordsPlain(w, c, n) }
