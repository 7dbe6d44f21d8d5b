package gerritstream

import (
	"regexp"
	"strconv"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// envelope is what Gerrit itself writes above a message's text.
type envelope struct {
	patchset int
	comments int // of "(n comments)": inline and patchset-level ones together
}

var (
	envelopeHead  = regexp.MustCompile(`^Patch Set (\d{1,6}):`)
	envelopeCount = regexp.MustCompile(`^Patch Set \d+:[^\n]*\r?\n\r?\n\((\d{1,5}) (?:inline )?comments?\)`)
)

func readEnvelope(message string) envelope {
	var e envelope
	if m := envelopeHead.FindStringSubmatch(message); m != nil {
		e.patchset, _ = strconv.Atoi(m[1])
	}
	if m := envelopeCount.FindStringSubmatch(message); m != nil {
		e.comments, _ = strconv.Atoi(m[1])
	}
	return e
}

// by is whose comments on which patchset: the smallest group that a query tells
// apart.
type by struct {
	author   ci.Account
	patchset int
}

// inlineCounts counts the comments that are not patchset-level ones.
func inlineCounts(sets []wirePatchSet) map[by]int {
	n := map[by]int{}
	for _, p := range sets {
		for _, m := range p.Comments {
			if m.File != patchsetLevel {
				n[by{m.Reviewer.account(), p.Number.small()}]++
			}
		}
	}
	return n
}

// slot is a message that says "(n comments)".
type slot struct {
	comment *Comment
	n       int
}

// join gives the patchset-level texts to the messages that they came with, by
// author, patchset and order. Each text goes to exactly one message.
//
// Where the author wrote no inline comments there, the counts decide; only
// between messages of one second is the order not known, as Gerrit then lists
// texts in any order. With inline comments it is a guess and marked so: most messages with a count have one patchset-level
// text (the reply box makes one), so each gets one first and those with room
// for more get what is left.
func join(comments []Comment, texts []PatchsetComment, inline map[by]int) {
	slots := map[by][]slot{}
	for i := range comments {
		if e := readEnvelope(comments[i].Message); e.comments > 0 {
			k := by{comments[i].Author, e.patchset}
			slots[k] = append(slots[k], slot{&comments[i], e.comments})
		}
	}
	groups := map[by][]string{}
	var order []by
	for _, t := range texts {
		k := by{t.Author, t.Patchset}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], t.Text)
	}
	for _, k := range order {
		left := fill(slots[k], groups[k], inline[k] > 0)
		adrift(comments, k, left)
	}
}

// fill deals texts to slots in order and returns those for which there was no
// room.
func fill(slots []slot, texts []string, unsure bool) []string {
	room := 0
	for _, s := range slots {
		room += s.n
	}
	unsure = unsure || room != len(texts)
	counts := deal(slots, min(len(texts), room), unsure)
	for i, n := range counts {
		c := slots[i].comment
		c.PatchsetLevel = append(c.PatchsetLevel, texts[:n]...)
		c.Unsure = c.Unsure || unsure || hasTwin(slots, i)
		texts = texts[n:]
	}
	return texts
}

// hasTwin reports whether another slot is of the same second as slots[i].
func hasTwin(slots []slot, i int) bool {
	at := slots[i].comment.Time
	return i > 0 && slots[i-1].comment.Time.Equal(at) || i+1 < len(slots) && slots[i+1].comment.Time.Equal(at)
}

// deal decides how many of total texts each slot gets.
func deal(slots []slot, total int, unsure bool) []int {
	counts := make([]int, len(slots))
	if unsure {
		for i := range slots {
			if total > 0 {
				counts[i]++
				total--
			}
		}
	}
	for i, s := range slots {
		more := min(s.n-counts[i], total)
		counts[i] += more
		total -= more
	}
	return counts
}

// adrift places texts that no message of their patchset has room for: replies
// on an older patchset, which Gerrit counts in the message of a newer one. They
// go to the author's last message at or after it, so that no words are lost.
func adrift(comments []Comment, k by, texts []string) {
	if len(texts) == 0 {
		return
	}
	for i := len(comments) - 1; i >= 0; i-- {
		c := &comments[i]
		if c.Author == k.author && c.Patchset >= k.patchset && readEnvelope(c.Message).comments > len(c.PatchsetLevel) {
			c.PatchsetLevel, c.Unsure = append(c.PatchsetLevel, texts...), true
			return
		}
	}
	for i := len(comments) - 1; i >= 0; i-- {
		if c := &comments[i]; c.Author == k.author {
			c.PatchsetLevel, c.Unsure = append(c.PatchsetLevel, texts...), true
			return
		}
	}
}
