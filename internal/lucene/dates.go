package lucene

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// written is a date as Elasticsearch's strict_date_optional_time reads it: what
// is left out at the end stands for all of it.
var written = regexp.MustCompile(`^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$`)

// dateMath is what may follow a date: ||+1d-2h/M.
var dateMath = regexp.MustCompile(`^(?:[+-]\d{1,9}[yMwdhHms]|/[yMwdhHms])*$`)
var dateStep = regexp.MustCompile(`([+-])(\d+)([yMwdhHms])|/([yMwdhHms])`)

// parseDate reads a date, or milliseconds since 1970. up takes the last
// millisecond of what was written (or rounded to), else it is the first.
// Elasticsearch rounds up for > and <=, and down for >= and <.
func parseDate(s string, up bool) (ms int64, ok bool) {
	text, math, _ := strings.Cut(s, "||")
	t, ok := parseInstant(strings.TrimSpace(text), up)
	if !ok || !dateMath.MatchString(math) {
		return 0, false
	}
	for _, step := range dateStep.FindAllStringSubmatch(math, -1) {
		if step[4] != "" {
			t = rounded(t, step[4], up)
			continue
		}
		n, _ := strconv.Atoi(step[1] + step[2]) // at most nine digits
		t = moved(t, n, step[3])
	}
	return t.UnixMilli(), true
}

func parseInstant(s string, up bool) (time.Time, bool) {
	if m := written.FindStringSubmatch(s); m != nil {
		return instantOf(m, up)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	const farthest = 1 << 52
	return time.UnixMilli(n).UTC(), err == nil && -farthest < n && n < farthest
}

// instantOf makes an instant of a written date's parts.
func instantOf(m []string, up bool) (time.Time, bool) {
	part := [7]int{0, 1, 1, 0, 0, 0, 0}
	unit := ""
	for i, name := range []string{"y", "M", "d", "h", "m", "s", "S"} {
		if m[i+1] == "" {
			break
		}
		unit = name
		part[i], _ = strconv.Atoi(m[i+1]) // digits only
	}
	nanos, _ := strconv.Atoi((m[7] + "000000000")[:9])
	t := time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], nanos, time.UTC)
	if int(t.Month()) != part[1] || t.Day() != part[2] || part[3] > 23 || part[4] > 59 || part[5] > 59 {
		return t, false
	}
	if up && unit != "S" {
		t = end(t, unit)
	}
	return t.Add(-zone(m[8])), true
}

// zone is how far a zone lies east of Greenwich.
func zone(s string) time.Duration {
	if s == "" || s == "Z" {
		return 0
	}
	digits := strings.ReplaceAll(s[1:], ":", "")
	hours, _ := strconv.Atoi(digits[:2])
	minutes, _ := strconv.Atoi(digits[2:])
	d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		return -d
	}
	return d
}

// end is the last millisecond of a unit of time that begins at t.
func end(t time.Time, unit string) time.Time { return moved(t, 1, unit).Add(-time.Millisecond) }

// moved adds n units. As in Java, a month later is a day that there is.
func moved(t time.Time, n int, unit string) time.Time {
	switch unit {
	case "y", "M":
		if unit == "y" {
			n *= 12
		}
		first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return first.AddDate(0, 0, min(t.Day(), last)-1)
	case "w":
		return t.AddDate(0, 0, 7*n)
	case "d":
		return t.AddDate(0, 0, n)
	case "h", "H":
		return t.Add(time.Duration(n) * time.Hour)
	case "m":
		return t.Add(time.Duration(n) * time.Minute)
	}
	return t.Add(time.Duration(n) * time.Second)
}

// rounded goes to the begin of a unit of time, or to its end. Weeks begin on
// Monday.
func rounded(t time.Time, unit string, up bool) time.Time {
	y, m, d := t.Date()
	switch unit {
	case "y":
		t = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	case "M":
		t = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	case "w":
		t = time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	case "d":
		t = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	case "h", "H":
		t = t.Truncate(time.Hour)
	case "m":
		t = t.Truncate(time.Minute)
	default:
		t = t.Truncate(time.Second)
	}
	if up {
		return end(t, unit)
	}
	return t
}

// dateValue is the instant of a value of a date field.
func dateValue(s string) (float64, bool) {
	ms, ok := parseDate(s, false)
	return float64(ms), ok
}

// date makes a node for a date field: all of the time that the text stands for.
func (p *parser) date(field, text string, off int) (Node, error) {
	return p.rangeNode(field, Bound{Text: text, Inclusive: true}, Bound{Text: text, Inclusive: true}, off)
}

// renderDate writes an instant so that it is read again as that millisecond.
func renderDate(ms float64) string {
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05.000Z")
}
