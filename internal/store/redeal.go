package store

import (
	"context"
	"slices"
	"strings"
)

// redeal deals the patchset-level texts anew of which a list does not say with
// which comment they came (Comment.Read): first to those whose words the stream
// brought, which are known to be theirs, then to the others. joined: lines may
// stand with another comment than theirs; such a one counts as without.
func redeal(all []match, joined bool) {
	type by struct {
		author   int64
		patchset int
	}
	groups := map[by][]int{}
	for i, m := range all {
		if m.e.c.Read != nil {
			k := by{m.e.author, patchset(m.e.c)}
			groups[k] = append(groups[k], i)
		}
	}
	for _, group := range groups {
		redealGroup(all, group, joined)
	}
}

func redealGroup(all []match, group []int, joined bool) {
	pool := &pool{}
	for n, i := range group {
		pool.add(n, all[i].texts)
	}
	got := make([][]string, len(group))
	var rest []int // those without a line, by their place in the group
	for n, i := range group {
		m := all[i]
		if !m.heard() || !m.row.heard.Valid || joined && movable(all, group, m) {
			rest = append(rest, n)
			continue
		}
		got[n] = pool.take(n, m.row.heard.String)
	}
	if len(rest) == 0 { // what nobody said as it is listed now, such as a text edited since
		rest = []int{len(group) - 1}
	}
	spread(all, group, rest, pool.texts, got)
	for n, i := range group {
		c := &all[i].e.c
		all[i].dealt = true
		if !slices.Equal(c.PatchsetLevel, got[n]) {
			c.PatchsetLevel = got[n]
			c.Parsed = c.Read(got[n])
		}
	}
}

// movable reports whether a comment without a line may be the one whose line
// stands with m.
func movable(all []match, group []int, m match) bool {
	return m.joinedByOrder() && slices.ContainsFunc(group, func(i int) bool { return !all[i].heard() && all[i].mayBe(m.row) })
}

// spread deals what is left to those without a line, in order: one text each, as
// most have, and from the last on what they have room for; one takes the rest,
// as no words may be lost. Those with words of their own, which come rather with
// comments on lines, come last.
func spread(all []match, group, rest []int, texts []string, got [][]string) {
	own := func(n int) bool { words, _ := ownWords(all[group[n]].e.c.Body); return words != "" }
	sorted := slices.Concat(slices.DeleteFunc(slices.Clone(rest), own), slices.DeleteFunc(slices.Clone(rest), func(n int) bool { return !own(n) }))
	counts, left := map[int]int{}, len(texts)
	give := func(n, most int) {
		most = min(max(most, 0), left)
		counts[n], left = counts[n]+most, left-most
	}
	for _, n := range sorted {
		give(n, 1)
	}
	for _, n := range slices.Backward(sorted) {
		give(n, counted(all[group[n]].e.c.Body)-len(got[n])-counts[n])
	}
	give(sorted[0], left)
	for _, n := range rest {
		got[n], texts = append(got[n], texts[:counts[n]]...), texts[counts[n]:]
	}
}

// pool are texts in the list's order, and to whom in the group each was dealt.
type pool struct {
	texts []string
	to    []int
}

func (p *pool) add(n int, texts []string) {
	for _, t := range texts {
		p.texts, p.to = append(p.texts, t), append(p.to, n)
	}
}

// take takes out the texts that were heard of the group's nth: those that were
// dealt to it, if they are what was heard, else texts that stand together and
// are its very words, as near as can be. One without words has none.
func (p *pool) take(n int, heard string) []string {
	own, _ := slices.BinarySearch(p.to, n)
	end, _ := slices.BinarySearch(p.to, n+1)
	dealt := p.texts[own:end]
	if tells(heard, dealt) {
		return p.cut(own, end)
	}
	words, _ := ownWords(heard)
	at, to := -1, 0
	for i := range p.texts {
		if j, ok := p.run(i, words); ok && (at < 0 || distance(i, own) < distance(at, own)) {
			at, to = i, j
		}
	}
	switch {
	case at >= 0:
		return p.cut(at, to)
	case len(dealt) > 0 && said(heard, dealt): // a server that shows other words as well
		return p.cut(own, end)
	}
	return nil
}

// run finds the end of the texts from i on that are these words together.
func (p *pool) run(i int, words string) (end int, ok bool) {
	all := ""
	for j := i; j < len(p.texts); j++ {
		all = strings.TrimSpace(all + " " + oneSpaced(p.texts[j]))
		if all == words {
			return j + 1, words != ""
		}
		if !strings.HasPrefix(words, all) {
			break
		}
	}
	return 0, false
}

// cut takes out texts.
func (p *pool) cut(from, to int) []string {
	took := slices.Clone(p.texts[from:to])
	p.texts, p.to = slices.Delete(p.texts, from, to), slices.Delete(p.to, from, to)
	return took
}

func distance(a, b int) int { return max(a-b, b-a) }

// agrees reports whether a line's words are the texts that were dealt to the
// listed comment; they always do where nobody asked for its texts.
func (k known) agrees(heard string) bool {
	words, _ := ownWords(heard)
	switch {
	case !k.whole || !opens(k.listText().String):
		return true
	case words == "" || len(k.level) == 0:
		return (words == "") == (len(k.level) == 0)
	}
	return tells(heard, k.level) || said(heard, k.level)
}

// askAgain has the patchset-level texts of an author's comments that no line
// brought asked for and dealt once more: the words that were heard show that
// they were dealt wrongly. What was heard now is nobody else's until then.
func askAgain(ctx context.Context, tx *txn, e entry, heard string) error {
	rows, err := collect(ctx, tx, scanKnown, `SELECT `+knownColumns+` FROM comment
		WHERE change = ? AND author = ? AND patchset = ? AND event_s IS NULL AND level IS NOT NULL`, e.change, e.author, patchset(e.c))
	if err != nil {
		return err
	}
	for _, k := range rows {
		if k.guess && tells(heard, k.level) {
			if err := retract(ctx, tx, k.id); err != nil {
				return err
			}
		}
		if _, err := exec(ctx, tx, `UPDATE comment SET level = NULL WHERE id = ?`, k.id); err != nil {
			return err
		}
	}
	return nil
}
