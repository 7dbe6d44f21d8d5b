package store

import (
	"database/sql"
	"slices"
	"sort"
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
// the rest: what was said tells more than when. Both sides are in time order.
func joins(listed, heard []span) []pair {
	out, restListed, restHeard := byWords(listed, heard, indexes(listed), indexes(heard), -secondsApart, secondsApart)
	late, restListed, restHeard := byWords(listed, heard, restListed, restHeard, 0, lateBy)
	out = append(out, late...)
	for _, p := range align(pick(listed, restListed), pick(heard, restHeard)) {
		out = append(out, pair{restListed[p.listed], restHeard[p.heard]})
	}
	return out
}

// byWords joins, of those at is and js, oldest with oldest those that have the
// same words and were heard from so many to so many seconds after they were
// listed, and returns what is left.
func byWords(listed, heard []span, is, js []int, from, to int64) (out []pair, restListed, restHeard []int) {
	restHeard = slices.Clone(js)
	for _, i := range is {
		l := listed[i]
		n := len(restHeard)
		if l.hasWords() {
			n = sort.Search(n, func(n int) bool { return heard[restHeard[n]].second >= l.second+from })
		}
		for n < len(restHeard) && heard[restHeard[n]].second <= l.second+to && !l.says(heard[restHeard[n]]) {
			n++
		}
		if n == len(restHeard) || heard[restHeard[n]].second > l.second+to {
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

// says reports whether the heard words are the listed ones: the patchset-level
// texts, or the message where there are no other texts.
func (l span) says(h span) bool {
	if !l.text.Valid || !h.text.Valid || !maySame(l.text, h.text) {
		return false
	}
	return tells(h.text.String, l.level) || l.hasOwn()
}

// hasWords reports whether the list shows any words that may have been heard.
func (l span) hasWords() bool { return len(l.level) > 0 || l.hasOwn() }

func (l span) hasOwn() bool {
	words, open := ownWords(l.text.String)
	return !open && words != ""
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
// It is the longest common subsequence by dynamic programming: most(i, j) is the
// number of joins that listed[i:] and heard[j:] allow. Only what is near in time
// is looked at, for thousands of comments may stand on one change.
func align(listed, heard []span) []pair {
	if len(listed) == 0 || len(heard) == 0 {
		return nil
	}
	fits := func(i, j int) bool {
		return listed[i].near(heard[j]) && maySame(listed[i].text, heard[j].text) && !others(listed, i, heard[j])
	}
	most := bands(listed, heard)
	for i := len(listed) - 1; i >= 0; i-- {
		row, below := most[i], most[i+1]
		for j := row.to; j >= row.from; j-- {
			n := below.at(j)
			if j < row.to {
				n = max(n, row.at(j+1))
				if fits(i, j) {
					n = max(n, below.at(j+1)+1)
				}
			}
			row.most[j-row.from] = n
		}
	}
	var out []pair
	for i, j := 0, 0; i < len(listed) && j < len(heard); {
		switch {
		case fits(i, j): // to join two oldest ones never costs a join
			out = append(out, pair{i, j})
			i, j = i+1, j+1
		case most[i].at(j) == most[i+1].at(j):
			i++ // the list has entries that no stream ever brings; a line always has its entry
		default:
			j++
		}
	}
	return out
}

// band is a row of most: from from to to, which is behind the last comment heard
// that is near the listed one. Before from nothing fits any more, so that it is
// as at from; behind to it is as in the row below.
type band struct {
	from, to int
	most     []int
}

func (b band) at(j int) int { return b.most[max(j-b.from, 0)] }

// bands are the rows of most, and one of none at the end. Neither end of a band
// lies before that of the band above.
func bands(listed, heard []span) []band {
	all := make([]band, len(listed)+1)
	for i, l := range listed {
		from := sort.Search(len(heard), func(j int) bool { return heard[j].second >= l.second-secondsApart })
		near := sort.Search(len(heard)-from, func(n int) bool { return heard[from+n].second > l.second+secondsApart })
		all[i].from, all[i].to = from, from+near
		if i > 0 {
			all[i].to = max(all[i].to, all[i-1].to)
		}
	}
	all[len(listed)] = band{from: len(heard), to: len(heard)}
	for i := range slices.Backward(all) {
		if i < len(listed) {
			all[i].from = min(all[i].from, all[i+1].from)
		}
		all[i].most = make([]int, all[i].to-all[i].from+1)
	}
	return all
}
