package needle

// What a byte is to words, in cuts: itself, folded, if it is one of a word's;
// joiner if it can stand within what others take for one word; space if not.
const (
	joiner = 0x80
	space  = 0xc0
)

var cuts = func() (c [128]uint8) {
	for i := range c {
		b := byte(i)
		switch {
		case IsWord(b):
			c[i] = b | 0x20
		case b == '.' || b == ',' || b == ':' || b == ';' || b == '\'':
			c[i] = joiner
		default:
			c[i] = space
		}
	}
	return c
}()

// IsWord reports whether a byte is an ASCII letter or digit, or an underscore.
func IsWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
}

// isWhole reports whether all bytes of s are a word's.
func isWhole(s string) bool {
	for i := range len(s) {
		if !IsWord(s[i]) {
			return false
		}
	}
	return true
}

// tile is how much of a text is cut at a time; its places fit into 16 bits.
const tile = 4096

// cutState is what a cut tells: whether the last byte was no word's, which blocks
// of 64 of this tile have no space, and whether so far there was a byte beyond
// ASCII.
type cutState struct{ outside, solid, high uint64 }

// cutting is the memory of cuts.
type cutting struct {
	folded [tile + 128]byte
	starts [tile/2 + 64]uint16
	hits   [tile/2 + 64]uint16
}

// cutPlain folds a tile of text from block first on, with something of what
// follows, and appends to c.starts[:n] where words begin that may be one of w's;
// it returns how many.
func (w *words) cutPlain(text []byte, c *cutting, state *cutState, first, n int) int {
	for i := first * 64; i < tile+64; i++ {
		if i >= len(text) {
			c.folded[i] = space
		} else if c.folded[i] = joiner; text[i] < 0x80 {
			c.folded[i] = cuts[text[i]]
		}
	}
	state.solid &= 1<<first - 1
	for i := first * 64; i < tile && i < len(text); i += 64 {
		solid := uint64(1)
		for k := i; k < i+64; k++ {
			not := uint64(c.folded[k] >> 7)
			if state.outside == 1 && not == 0 && w.mayBegin(text, k) {
				c.starts[n] = uint16(k)
				n++
			}
			if state.outside = not; c.folded[k] == space {
				solid = 0
			}
			if k < len(text) {
				state.high |= uint64(text[k] >> 7)
			}
		}
		state.solid |= solid << (i / 64)
	}
	return n
}
