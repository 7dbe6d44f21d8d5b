package scan

// What is rare is known from a sample of logs, but the log at hand may say a
// needle in each of its lines. So what is found in vain is counted, and where it
// is much, another program of the same trees takes over, at a window's border,
// which looks for other pieces of them where there are any that are rarer.

const (
	noiseOfFind   = 1  // of a needle that is found
	noiseOfLook   = 16 // of an event that is looked at for it
	noiseFree     = 64 // in a file
	noisePerBytes = 2048
	maxSwitches   = 40 // of a set's program
	maxOfMany     = 6  // of one of many trees, which takes some hundredths of a second
)

// noise is what needles have cost in one file, by needle.
type noise struct {
	memory *[]int32
	spent  []int32
	limit  int32 // of one needle, so far
	over   bool  // one is over it
}

// begin starts to count for a program.
func (n *noise) begin(p *program) {
	n.spent = zeroed(n.memory, len(p.texts))
	n.over = false
}

func (n *noise) add(needle, cost int32) {
	if n.spent[needle] += cost; n.spent[needle] > n.limit {
		n.over = true
	}
}

// window tells how much of the file there has been.
func (n *noise) window(bytes int64) { n.limit = noiseFree + int32(min(bytes/noisePerBytes, 1<<30)) }

// costly are the needles over the limit that are not known as such, and what
// they cost in needle.Cost's unit.
func (n *noise) costly(p *program, bytes int64) map[string]float64 {
	const found = 10 // needle.Cost's
	list := map[string]float64{}
	for i, spent := range n.spent {
		if cost := found * float64(spent) / float64(bytes); spent > n.limit && cost > 2*p.seen[p.texts[i]] {
			list[p.texts[i]] = cost
		}
	}
	return list
}
