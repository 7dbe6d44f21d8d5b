package store

import (
	"database/sql"
	"slices"
	"strings"
)

// span is a comment in time, as one side shows it.
type span struct {
	second int64
	text   sql.NullString
	level  []string // a listed one's patchset-level texts, as far as known
}

// span is the comment as a list shows it.
func (e entry) span() span {
	return span{e.c.GerritTime.Unix(), sql.NullString{String: e.c.Body, Valid: true}, e.c.PatchsetLevel}
}

// pair joins listed[i] with heard[j].
type pair struct{ listed, heard int }

// joins joins those whose very words were heard, oldest with oldest, and aligns
// the rest: what was said tells more than when.
func joins(listed, heard []span) []pair {
	out, restListed, restHeard := byWords(listed, heard, indexes(listed), indexes(heard), span.near)
	late, restListed, restHeard := byWords(listed, heard, restListed, restHeard, span.before)
	out = append(out, late...)
	for _, p := range align(pick(listed, restListed), pick(heard, restHeard)) {
		out = append(out, pair{restListed[p.listed], restHeard[p.heard]})
	}
	return out
}

// byWords joins, of those at is and js, oldest with oldest those that have the
// same words at times that fit, and returns what is left.
func byWords(listed, heard []span, is, js []int, fits func(l, h span) bool) (out []pair, restListed, restHeard []int) {
	restHeard = slices.Clone(js)
	for _, i := range is {
		n := slices.IndexFunc(restHeard, func(j int) bool { return fits(listed[i], heard[j]) && listed[i].says(heard[j]) })
		if n < 0 {
			restListed = append(restListed, i)
			continue
		}
		out = append(out, pair{i, restHeard[n]})
		restHeard = slices.Delete(restHeard, n, n+1)
	}
	return out, restListed, restHeard
}

func indexes(list []span) []int {
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	return out
}

func pick(list []span, at []int) []span {
	out := make([]span, len(at))
	for i, n := range at {
		out[i] = list[n]
	}
	return out
}

// near reports whether a listed and a heard comment can be one by their times.
func (l span) near(h span) bool {
	d := h.second - l.second
	return d >= -secondsApart && d <= secondsApart
}

// lateBy is how many seconds later than the list a server under load may date an
// event: seen were more than two. The words must be the same then.
const lateBy = 120

// before reports whether the heard comment can be the listed one's late event.
func (l span) before(h span) bool { return h.second >= l.second && h.second <= l.second+lateBy }

// says reports whether the heard words are the listed ones: the patchset-level
// texts, or the message where there are no other texts.
func (l span) says(h span) bool {
	if !l.text.Valid || !h.text.Valid || !maySame(l.text, h.text) {
		return false
	}
	words, open := ownWords(l.text.String)
	return tells(h.text.String, l.level) || !open && words != ""
}

// others reports whether a heard comment is surely not the listed one at i: that
// one has other patchset-level texts, and none of the list's is in what was
// heard, as it would be had the texts been dealt wrongly. It is not listed yet.
func others(listed []span, i int, h span) bool {
	if len(listed[i].level) == 0 || !h.text.Valid {
		return false
	}
	if words, _ := ownWords(h.text.String); words == "" {
		return false // it only counts comments on lines
	}
	return !slices.ContainsFunc(listed, func(l span) bool {
		return slices.ContainsFunc(l.level, func(one string) bool { return said(h.text.String, []string{one}) })
	})
}

// tells reports whether a stream's text is these patchset-level texts and
// nothing else: with them it shows neither message nor votes.
func tells(heard string, level []string) bool {
	words, _ := ownWords(heard)
	return len(level) > 0 && words == oneSpaced(strings.Join(level, " "))
}

// align joins one author's listed comments, which no row stands for yet, with
// his provisional ones, one-to-one and in order: as many as the seconds (± 2)
// and the texts allow, and among equally many the oldest with the oldest. Both
// sides are in time order.
//
// It is the longest common subsequence by dynamic programming; most[i][j] is
// the number of joins that listed[i:] and heard[j:] allow.
func align(listed, heard []span) []pair {
	if len(listed) == 0 || len(heard) == 0 {
		return nil
	}
	fits := func(i, j int) bool {
		return listed[i].near(heard[j]) && maySame(listed[i].text, heard[j].text) && !others(listed, i, heard[j])
	}
	most := make([][]int, len(listed)+1)
	for i := range most {
		most[i] = make([]int, len(heard)+1)
	}
	for i := range slices.Backward(listed) {
		for j := range slices.Backward(heard) {
			most[i][j] = max(most[i+1][j], most[i][j+1])
			if fits(i, j) {
				most[i][j] = max(most[i][j], most[i+1][j+1]+1)
			}
		}
	}
	var out []pair
	for i, j := 0, 0; i < len(listed) && j < len(heard); {
		switch {
		case fits(i, j): // to join two oldest ones never costs a join
			out = append(out, pair{i, j})
			i, j = i+1, j+1
		case most[i][j] == most[i+1][j]:
			i++ // the list has entries that no stream ever brings; a line always has its entry
		default:
			j++
		}
	}
	return out
}
