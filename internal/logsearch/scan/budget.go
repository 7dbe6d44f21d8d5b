package scan

import (
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// What one fingerprint may cost in one file, in looks of one leaf at one byte
// (one to ten nanoseconds each): so much, and so much for each byte of the file
// that was read. What would cost more is refused aloud. A fingerprint without
// anchor, which is evaluated on every event, stays within it unless it is of
// dozens of leaves or of costly ones.
const (
	budgetOfFile = 250_000_000
	budgetOfByte = 50
)

// budget is what the fingerprints have cost in one file.
type budget struct {
	bytes int64
	spent []int64
	price []int64
	over  map[int32]int64 // those that are refused, and from which line on
}

// pay charges one evaluation of a tree; false if it is refused.
func (b *budget) pay(tree int32, n lucene.Node, ev joblog.Event) bool {
	if b.price[tree] == 0 {
		b.price[tree] = price(n)
	}
	b.spent[tree] += b.price[tree] * int64(len(ev.Text)+1)
	if b.spent[tree] <= budgetOfFile+budgetOfByte*b.bytes {
		return true
	}
	if _, told := b.over[tree]; !told {
		b.over[tree] = ev.Line
	}
	return false
}

// price is about how many times the bytes of an event are looked at.
func price(n lucene.Node) (sum int64) {
	lucene.Walk(n, func(n lucene.Node) bool {
		switch n := n.(type) {
		case lucene.Bool, lucene.All, lucene.None: // no byte is looked at for them
		case lucene.Fuzzy:
			sum += 10 + int64(len(n.Text))/2
		case lucene.Regexp:
			sum += 12 + int64(n.Size())/3
		case lucene.Wildcard:
			sum += 2 + int64(len(n.Pattern))/4
		case lucene.Phrase:
			sum += pricePhrase(n)
		default:
			sum++
		}
		return true
	})
	return max(sum, 1)
}

// pricePhrase: a sloppy phrase that repeats a word goes over each place of it
// once for each time, and puts all of its words in order again each time.
func pricePhrase(n lucene.Phrase) int64 {
	if n.Slop == 0 {
		return 1
	}
	times, most := map[string]int64{}, int64(0)
	for _, term := range n.Terms {
		times[term]++
		most = max(most, times[term])
	}
	return 1 + int64(min(n.Slop, 20)) + most*(most+int64(len(n.Terms)))/2
}
