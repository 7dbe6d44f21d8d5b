// Package rates computes failure rates and says them to people: always with
// their counts and an interval, since 3 of 4 is no 75%. It is pure: numbers in,
// numbers and text out.
package rates

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// z95 is the 0.975 quantile of the normal distribution.
const z95 = 1.959963984540054

// Rate is how often builds failed, among those that failed or succeeded.
type Rate struct{ Failed, Total int64 }

// Of makes a Rate of the two counts that a store has. Negative counts are 0.
func Of(failed, succeeded int64) Rate {
	failed, succeeded = max(failed, 0), max(succeeded, 0)
	return Rate{failed, failed + succeeded}
}

// Known reports whether there is a build to speak of.
func (r Rate) Known() bool { return r.Total > 0 }

// Part is the share that failed, 0 to 1; 0 when there are no builds.
func (r Rate) Part() float64 {
	if r.Total <= 0 {
		return 0
	}
	return float64(r.Failed) / float64(r.Total)
}

// Interval is the 95% Wilson score interval of the share, 0 to 1. Without builds
// it is everything, 0 to 1.
func (r Rate) Interval() (low, high float64) { return Wilson(r.Failed, r.Total) }

// Wilson is the 95% score interval, without continuity correction, for hits out
// of total: E. B. Wilson, "Probable inference, the law of succession, and
// statistical inference", JASA 22 (1927), p. 209-212; method 3 in R. G. Newcombe,
// "Two-sided confidence intervals for the single proportion", Statistics in
// Medicine 17 (1998), p. 857-872, whose table I the test checks. Unlike the
// textbook's p ± z·s it stays within 0 to 1 and says something at 0 hits.
func Wilson(hits, total int64) (low, high float64) {
	if total <= 0 || hits < 0 || hits > total {
		return 0, 1
	}
	n, p := float64(total), float64(hits)/float64(total)
	z2 := z95 * z95
	middle := (2*n*p + z2) / (2 * (n + z2))
	half := z95 * math.Sqrt(z2+4*n*p*(1-p)) / (2 * (n + z2))
	low, high = max(middle-half, 0), min(middle+half, 1)
	if hits == 0 {
		low = 0 // exactly, whatever rounding does
	}
	if hits == total {
		high = 1
	}
	return low, high
}

// String is for people: "12/340 failed, 3.5% (2.0–6.1%)", or "no builds".
func (r Rate) String() string {
	if !r.Known() {
		return "no builds"
	}
	low, high := r.Interval()
	return fmt.Sprintf("%d/%d failed, %s%% (%s–%s%%)", r.Failed, r.Total,
		percent(r.Part()), percent(low), percent(high))
}

// percent has one decimal, and as many as the first digit needs where that
// would say 0 or 100 of a share that is neither.
func percent(p float64) string {
	p *= 100
	decimals := 1
	if rest := min(p, 100-p); rest > 0 && rest < 0.05 {
		decimals = min(int(math.Ceil(-math.Log10(rest))), 9)
	}
	return strconv.FormatFloat(p, 'f', decimals, 64)
}

// Window is a span of time that ends now: From is in it, To is not.
type Window struct {
	Name     string // for people, "24 h"
	From, To time.Time
}

// Windows are the two that answers show: the last 24 hours and the last 7 days.
// Both end just after now, so that what happened this moment is in them.
func Windows(now time.Time) []Window {
	to := now.Add(time.Millisecond) // times are kept in milliseconds
	return []Window{
		{"24 h", now.Add(-24 * time.Hour), to},
		{"7 days", now.Add(-7 * 24 * time.Hour), to},
	}
}
