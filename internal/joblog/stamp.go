package joblog

import "time"

// isoLen is the length of "2006-01-02 15:04", the least that counts as a
// timestamp.
const isoLen = 16

// isoStamp reads the timestamp that b begins with: ISO 8601 with "T" or a space
// and optional seconds, fraction and zone; UTC without a zone. n is its length,
// 0 when there is none.
func isoStamp(b []byte) (t time.Time, n int) {
	if len(b) < isoLen || b[4] != '-' || b[7] != '-' || (b[10] != ' ' && b[10] != 'T') || b[13] != ':' {
		return time.Time{}, 0
	}
	var v [7]int // year, month, day, hour, minute, second, nanosecond
	ok := number(b[0:4], &v[0]) && number(b[5:7], &v[1]) && number(b[8:10], &v[2]) &&
		number(b[11:13], &v[3]) && number(b[14:16], &v[4])
	if !ok || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 24 || v[4] > 59 {
		return time.Time{}, 0
	}
	n = isoLen
	if len(b) >= n+3 && b[n] == ':' && number(b[n+1:n+3], &v[5]) && v[5] <= 60 {
		n += 3
		n += fraction(b[n:], &v[6])
	}
	off, z := zone(b[n:])
	t = time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], v[6], time.UTC).Add(-off)
	return t, n + z
}

// number reads b, all digits.
func number(b []byte, to *int) bool {
	v := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
		v = v*10 + int(c-'0')
	}
	*to = v
	return true
}

// fraction reads ".123" or ",123", as nanoseconds.
func fraction(b []byte, ns *int) (n int) {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') || !digit(b[1]) {
		return 0
	}
	unit := 100_000_000
	for n = 1; n < len(b) && digit(b[n]); n++ {
		*ns += int(b[n]-'0') * unit
		unit /= 10
	}
	return n
}

// zone reads "Z", "+01:00" or "-0130".
func zone(b []byte) (off time.Duration, n int) {
	if len(b) > 0 && b[0] == 'Z' {
		return 0, 1
	}
	if len(b) < 5 || (b[0] != '+' && b[0] != '-') {
		return 0, 0
	}
	var h, m int
	n = 5
	if b[3] == ':' {
		n = 6
	}
	if len(b) < n || !number(b[1:3], &h) || !number(b[n-2:n], &m) {
		return 0, 0
	}
	off = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if b[0] == '-' {
		off = -off
	}
	return off, n
}

// syslogStamp is the length of the "Jan  2 15:04:05[.000000]" that b begins
// with, 0 when there is none. It has no year, so no time comes of it.
func syslogStamp(b []byte) int {
	if len(b) < 15 || !month(b[:3]) || b[3] != ' ' || (b[4] != ' ' && !digit(b[4])) || !digit(b[5]) ||
		b[6] != ' ' || b[9] != ':' || b[12] != ':' {
		return 0
	}
	for _, i := range [...]int{7, 8, 10, 11, 13, 14} {
		if !digit(b[i]) {
			return 0
		}
	}
	var ns int
	return 15 + fraction(b[15:], &ns)
}

func month(b []byte) bool {
	switch string(b) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
