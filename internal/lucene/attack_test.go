package lucene

import (
	"strings"
	"testing"
)

// TestBombsAreRefusedOrCheap: queries that would cost a backtracking engine, or
// a recursive parser, more than there is. Each is refused or answered; one that
// never ended would end this test.
func TestBombsAreRefusedOrCheap(t *testing.T) {
	text := strings.Repeat("a", 30_000) + "!"
	words := strings.Repeat("a ", 30_000)
	for name, c := range map[string]struct {
		query, text string
		refused     bool
	}{
		"nested groups":           {strings.Repeat("(", 100_000) + "a" + strings.Repeat(")", 100_000), text, true},
		"nested NOT":              {strings.Repeat("NOT ", 50_000) + "a", text, true},
		"nested minus":            {strings.Repeat("-(", 50_000) + "a", text, true},
		"wildcards":               {"build_name:" + strings.Repeat("a*", 500) + "b", text, false},
		"question marks":          {"build_name:" + strings.Repeat("*?", 500) + "b", text, false},
		"regular expression":      {"build_name:/(a*)*(a*)*(a*)*b/", text, false},
		"alternatives":            {"build_name:/" + strings.Repeat("(a|a)", 200) + "b/", text, false},
		"repetitions":             {"message:/((((a{100}){100}){100}){100})/", text, true},
		"nested brackets":         {"message:/" + strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000) + "/", text, true},
		"long repetition":         {"message:/a{2000000000}/", text, true},
		"sloppy phrase":           {"message:\"" + strings.Repeat("a ", 200) + "b\"~1000000", words + "b", false},
		"phrase of equal words":   {"message:\"" + strings.Repeat("a ", 1000) + "b\"", words, false},
		"fuzzy":                   {"build_name:" + strings.Repeat("a", 1000) + "~2", text, false},
		"many terms":              {strings.TrimSuffix(strings.Repeat("message:a OR ", 50_000), " OR "), words, true},
		"a megabyte":              {"message:" + strings.Repeat("x", 1<<20), text, true},
		"a boost beyond numbers":  {"message:a^" + strings.Repeat("9", 5000), words, false},
		"a slop beyond numbers":   {"message:\"a b\"~" + strings.Repeat("9", 5000), words, false},
		"a range of long strings": {"build_name:[" + strings.Repeat("a", 5000) + " TO *]", text, false},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := Read(c.query, Historical())
			if (err != nil) != c.refused {
				t.Fatalf("refused: %v, want %v: %.200v", err != nil, c.refused, err)
			}
			if err != nil {
				if len(err.Error()) > 1000 {
					t.Errorf("the error is as long as the attack: %d bytes", len(err.Error()))
				}
				return
			}
			_ = q.Lint(func(string) bool { return true }, func(string) bool { return true })
			d := NewDoc(Historical())
			d.Set("message", c.text)
			d.Set("build_name", c.text)
			Eval(q.Tree, d)
		})
	}
}
