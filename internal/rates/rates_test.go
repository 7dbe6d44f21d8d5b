package rates

import (
	"math"
	"testing"
	"time"
)

// TestWilsonAgainstPublishedValues checks the examples of Newcombe (1998), table
// I, method 3: 81/263, 15/148, 0/20 and 1/29.
func TestWilsonAgainstPublishedValues(t *testing.T) {
	for _, c := range []struct {
		hits, total int64
		low, high   float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	} {
		low, high := Wilson(c.hits, c.total)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d/%d: %.4f to %.4f, want %.4f to %.4f", c.hits, c.total, low, high, c.low, c.high)
		}
	}
}

func TestWilsonHolds(t *testing.T) {
	for total := range int64(60) {
		for hits := int64(0); hits <= total; hits++ {
			low, high := Wilson(hits, total)
			p := Rate{hits, total}.Part()
			if total == 0 {
				p = 0.5
			}
			if low < 0 || high > 1 || low > p || high < p {
				t.Errorf("%d/%d: %v to %v", hits, total, low, high)
			}
			// Failures and successes are mirror images.
			mirrorLow, mirrorHigh := Wilson(total-hits, total)
			if math.Abs(low-(1-mirrorHigh)) > 1e-12 || math.Abs(high-(1-mirrorLow)) > 1e-12 {
				t.Errorf("%d/%d is no mirror of %d/%d", hits, total, total-hits, total)
			}
		}
	}
}

func TestWilsonOfNonsenseIsEverything(t *testing.T) {
	for _, c := range [][2]int64{{0, 0}, {-1, 5}, {6, 5}, {1, -1}} {
		if low, high := Wilson(c[0], c[1]); low != 0 || high != 1 {
			t.Errorf("%v: %v to %v", c, low, high)
		}
	}
}

func TestString(t *testing.T) {
	for want, r := range map[string]Rate{
		"no builds":                          Of(0, 0),
		"12/340 failed, 3.5% (2.0–6.1%)":     Of(12, 328),
		"0/20 failed, 0.0% (0.0–16.1%)":      Of(0, 20),
		"20/20 failed, 100.0% (83.9–100.0%)": Of(20, 0),
		// One in twenty thousand is not 0%, and all but one not 100%.
		"1/20000 failed, 0.005% (0.0009–0.03%)":                   Of(1, 19999),
		"19999/20000 failed, 99.995% (99.97–99.9991%)":            Of(19999, 1),
		"1/1000000000 failed, 0.0000001% (0.00000002–0.0000006%)": Of(1, 999999999),
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOf(t *testing.T) {
	if r := Of(3, 1); r != (Rate{3, 4}) || r.Part() != 0.75 || !r.Known() {
		t.Errorf("%+v", r)
	}
	if r := Of(-3, -1); r.Known() || r.Part() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestWindows(t *testing.T) {
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	w := Windows(now)
	if len(w) != 2 || w[0].Name != "24 h" || w[1].Name != "7 days" {
		t.Fatalf("%+v", w)
	}
	if !w[0].From.Equal(now.AddDate(0, 0, -1)) || !w[1].From.Equal(now.AddDate(0, 0, -7)) {
		t.Errorf("%+v", w)
	}
	if !w[0].To.After(now) || !w[1].To.After(now) {
		t.Error("what happened now is not in the window")
	}
}
