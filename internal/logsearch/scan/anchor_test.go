package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

func TestAnchors(t *testing.T) {
	for query, want := range map[string]string{
		`message:"Failed to fetch" AND tags:console`:   "failed",
		`message:a OR message:"b cc"`:                  "a cc",
		`message:xyz AND (message:a OR message:b)`:     "xyz",
		`message:a OR tags:console`:                    "every event",
		`NOT message:a`:                                "every event",
		`message:abcd AND NOT message:b`:               "abcd",
		`message:foobar* OR message:/ba.*/`:            "every event",
		`message:foobar* OR message:*quux_zzz?x`:       "foobar quux_zzz",
		`message:"naïve"`:                              "na",
		`message:"日本"`:                                 "every event",
		`module:"nova.compute" AND message:"10.0.0.1"`: "10.0.0.1",
		`+message:abc message:b`:                       "abc",
	} {
		list, _, ok := (&chooser{}).anchors(trees(t, query)[0])
		var texts []string
		for _, a := range list {
			texts = append(texts, a.text)
		}
		got := strings.Join(texts, " ")
		if !ok {
			got = "every event"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// TestACostlyFingerprintIsRefusedAloud, and the others have all their hits.
func TestACostlyFingerprintIsRefusedAloud(t *testing.T) {
	costly := "message:abcdefghij~2"
	for i := range 800 {
		costly += fmt.Sprintf(" OR message:abcdefghij%d~2", i)
	}
	dir := t.TempDir()
	const lines = 3000
	write(t, dir, "job-output.txt", strings.Repeat(stampLine+"some words of a line that is long enough to be dear: abcdefghij\n", lines))
	s := compiled(t, Options{}, costly, `message:abcdefghij`)
	a, err := s.SearchLocal(t.Context(), dir, nil)
	if err != nil || len(a.Refused) != 1 || a.Refused[0].Fingerprint != 0 || !strings.Contains(a.Refused[0].Why, "line") {
		t.Fatal(err, a.Refused)
	}
	for _, m := range a.Matches {
		if m.Exact != (m.Fingerprint == 1) || m.Fingerprint == 1 && m.Count != lines || m.Count == 0 {
			t.Errorf("%+v", m)
		}
	}
	if len(a.Matches) != 2 {
		t.Error("what was found before is lost:", len(a.Matches))
	}
}

// TestUsualPatternsAreWithinTheBudget, also without an anchor and in the largest
// file: what they cost for each byte is less than each byte adds.
func TestUsualPatternsAreWithinTheBudget(t *testing.T) {
	for _, query := range []string{`message:conection~`, `message:/fail(ed|ure)s?[0-9]+/`, `message:*timeout* AND NOT message:"foo bar"~3`,
		`message:*a* OR message:*b* OR message:*c* OR message:d?e`, `NOT message:x AND loglevel:ERROR`} {
		if p := price(trees(t, query)[0]); p >= budgetOfByte {
			t.Errorf("%s costs %d for each byte", query, p)
		}
	}
}

// TestPoisonCostsAtMostItsBudget: what would take minutes or hours is refused at
// once and aloud, beside a fingerprint that has all its hits.
func TestPoisonCostsAtMostItsBudget(t *testing.T) {
	line := strings.Repeat("a a b b c b a a c ", 3000) + "boom\n"
	dir := t.TempDir()
	write(t, dir, "job-output.txt", stampLine+line+stampLine+line)
	for _, poison := range []string{
		`message:"` + strings.Repeat("a b ", 300) + `c a"~3`,
		`message:"` + strings.Repeat("a ", 1500) + `b b b b"~2`,
		`message:` + strings.Repeat("ab", 5000) + `~2`,
		strings.TrimPrefix(strings.Repeat(` OR message:/[a-z]{1,200}x/`, 200), " OR "),
	} {
		a, err := compiled(t, Options{}, poison, `message:boom`).SearchLocal(t.Context(), dir, nil)
		if err != nil || len(a.Refused) != 1 || a.Refused[0].Fingerprint != 0 {
			t.Errorf("%.60s: %v, refused %v", poison, err, a.Refused)
		}
		if len(a.Matches) != 1 || a.Matches[0].Fingerprint != 1 || a.Matches[0].Count != 2 || !a.Matches[0].Exact {
			t.Errorf("%.60s: %+v", poison, a.Matches)
		}
	}
}

// BenchmarkBudget is how long a fingerprint takes to use up its budget.
func BenchmarkBudget(b *testing.B) {
	costly := "message:abcdefghij~2"
	for i := range 800 {
		costly += fmt.Sprintf(" OR message:abcdefghij%d~2", i)
	}
	text := strings.Repeat(stampLine+"some words of a line that is long enough to be dear: abcdefghij\n", 3000)
	for b.Loop() {
		l := newLooker(compile(trees(b, costly)), lucene.Historical(), nil, &memory{})
		l.hit = func(int32, lucene.Truth, joblog.Event) {}
		for w := range joblog.Windows(strings.NewReader(text), "job-output.txt", joblog.FoldOptions{}) {
			l.window(w)
		}
	}
}
