package handlers

import (
	"cmp"
	"slices"
	"strings"
)

// maxCompared bounds the length in bytes of a name that is compared: what
// people type is hostile and the distance is quadratic.
const maxCompared = 80

// nearest are up to n of the known names that are closest to name: those that
// contain it, then those within a third of its length of edits.
func nearest(name string, known []string, n int) []string {
	type scored struct {
		name string
		d    int
	}
	if len(name) > maxCompared {
		return nil
	}
	low := strings.ToLower(name)
	var near []scored
	for _, k := range slices.Compact(slices.Sorted(slices.Values(known))) {
		if d, ok := closeness(low, strings.ToLower(k)); ok {
			near = append(near, scored{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return cmp.Compare(a.d, b.d) })
	var names []string
	for _, s := range near[:min(n, len(near))] {
		names = append(names, s.name)
	}
	return names
}

// closeness is how far b is from a, and whether that is near enough to offer.
func closeness(a, b string) (int, bool) {
	if a == "" || len(b) > maxCompared {
		return 0, false
	}
	if len(a) > 2 && strings.Contains(b, a) {
		return min(len(b)-len(a), 2), true
	}
	d := distance(a, b)
	return d, d <= max(1, len(a)/3)
}

// distance is the Levenshtein distance of a and b, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
