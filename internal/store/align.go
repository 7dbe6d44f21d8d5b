package store

import (
	"database/sql"
	"slices"
)

// span is a comment in time, as one side shows it.
type span struct {
	second int64
	text   sql.NullString
}

// pair joins listed[i] with heard[j].
type pair struct{ listed, heard int }

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
		d := heard[j].second - listed[i].second
		return d >= -secondsApart && d <= secondsApart && maySame(listed[i].text, heard[j].text)
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
