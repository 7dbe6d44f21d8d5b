package cicomment

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// readResult reads what stands behind a build's " : ", all its lines:
// `RESULT[ DETAIL][ in Hh MMm SSs][ (non-voting)]`. A first word that is no
// known result makes the whole a job's own message, which may stand for any
// result and is not taken apart. timed says that the CI tells times.
func readResult(rest string, timed bool) Build {
	b := Build{}
	rest, b.Voting = cutVoting(strings.TrimRight(rest, " \t\n"))
	if timed {
		rest, b.Duration = cutElapsed(rest)
	}
	rest = strings.TrimSpace(rest)
	word, detail := rest, ""
	if i := strings.IndexAny(rest, " \n"); i >= 0 {
		word, detail = rest[:i], rest[i+1:]
	}
	if !knownToZuul(ci.Result(word)) {
		b.Result, b.Custom = ci.Result(rest), true
		return b
	}
	b.Result, b.Detail = ci.Result(word), strings.TrimSpace(detail)
	return b
}

func cutVoting(s string) (string, bool) {
	head, ok := strings.CutSuffix(s, " (non-voting)")
	return head, !ok
}

// cutElapsed takes " in 1h 02m 03s", " in 2m 03s" or " in 3s" off the end. The
// hours are negative when the CI's clock went back (Python's floor division);
// other shapes, such as "in 5m", are not Zuul's and stay.
func cutElapsed(s string) (string, *int64) {
	i := strings.LastIndex(s, " in ")
	if i < 0 || len(s)-i > 40 {
		return s, nil
	}
	secs, ok := elapsed(s[i+len(" in "):])
	if !ok {
		return s, nil
	}
	return s[:i], &secs
}

func elapsed(s string) (int64, bool) {
	rest, neg := strings.CutPrefix(s, "-")
	parts := strings.Split(rest, " ")
	units := "hms"
	if len(parts) > len(units) {
		return 0, false
	}
	units = units[len(units)-len(parts):]
	var total int64
	for i, p := range parts {
		n, ok := amount(p, units[i], i > 0)
		if !ok {
			return 0, false
		}
		if neg && i == 0 {
			n = -n
		}
		total = total*60 + n
	}
	return total, true
}

// amount reads digits and one unit letter; all but the first are two digits.
func amount(p string, unit byte, two bool) (int64, bool) {
	d := len(p) - 1
	if d < 1 || d > 9 || p[d] != unit || (two && d != 2) {
		return 0, false
	}
	var n int64
	for i := range d {
		if p[i] < '0' || p[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(p[i]-'0')
	}
	return n, true
}
