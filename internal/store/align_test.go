package store

import (
	"database/sql"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Two comments of one author in two seconds, of which the stream brought the
// second one only: what was said tells which.
func TestJoinsByWhatWasSaid(t *testing.T) {
	text := func(words string) sql.NullString { return sql.NullString{String: ps1 + words, Valid: true} }
	listed := []span{
		{0, text("(1 comment)"), []string{"recheck bug 1"}}, {1, text("(1 comment)"), []string{"recheck bug 2"}}, {1, text("plain"), nil},
	}
	for name, c := range map[string]struct {
		heard []span
		want  []pair
	}{
		"the second":     {[]span{{1, text("recheck bug 2"), nil}}, []pair{{1, 0}}},
		"both":           {[]span{{0, text("recheck bug 1"), nil}, {1, text("recheck bug 2"), nil}}, []pair{{0, 0}, {1, 1}}},
		"and a plain":    {[]span{{1, text("plain"), nil}, {1, text("recheck bug 2"), nil}}, []pair{{1, 1}, {2, 0}}},
		"not listed yet": {[]span{{1, text("other"), nil}}, nil},
		"on lines only":  {[]span{{1, text("(1 comment)"), nil}}, []pair{{0, 0}}},
		"not by a part":  {[]span{{1, text("recheck bug 22"), nil}, {1, text("recheck bug 2"), nil}}, []pair{{1, 1}}},
		"a late event":   {[]span{{40, text("recheck bug 2"), nil}}, []pair{{1, 0}}},
		"too far apart":  {[]span{{1 + lateBy + 1, text("recheck bug 2"), nil}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, joins(listed, c.heard), cmp.AllowUnexported(pair{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestClaimByWhatWasSaid: a line claims the listed comment that has its words,
// not the one before it whose line was lost; while its own is not listed yet it
// claims none, unless a list dealt its words to another.
func TestClaimByWhatWasSaid(t *testing.T) {
	row := func(second int64, level ...string) known {
		return known{listed: sql.NullString{String: ps1 + "(1 comment)", Valid: true}, gerrit: sql.NullInt64{Int64: second, Valid: true}, level: level}
	}
	rows := []known{row(0, "recheck bug 1"), row(1, "recheck bug 2")}
	never := func() (bool, error) { return false, nil }
	dealt := func() (bool, error) { return true, nil }
	for name, c := range map[string]struct {
		text  string
		dealt func() (bool, error)
		want  *known
	}{
		"its own":        {"recheck bug 2", never, &rows[1]},
		"not listed yet": {"recheck bug 3", never, nil},
		"dealt wrongly":  {"recheck bug 3", dealt, &rows[0]},
		"not by a part":  {"recheck bug 22", never, nil},
	} {
		if k, err := claim(rows, 1, ps1+c.text, c.dealt); k != c.want || err != nil {
			t.Errorf("%s: claimed %v, %v", name, k, err)
		}
	}
	long := row(0)
	long.listed.String = ps1 + strings.Repeat("Build failed. ", 20)
	if k, _ := claim([]known{long}, 30, long.listed.String, never); k == nil {
		t.Error("a late event of a long text is another comment")
	}
	if k, _ := claim([]known{row(0, "recheck bug 1")}, 30, ps1+"recheck bug 1", never); k != nil {
		t.Error("a short text half a minute later is no other comment")
	}
	if k, _ := claim([]known{row(0)}, 1, ps1+"recheck bug 3", never); k == nil {
		t.Error("texts that were not asked for rule nothing out")
	}
}

func TestAlign(t *testing.T) {
	at := func(second int64, text string) span {
		return span{second: second, text: sql.NullString{String: ps1 + text, Valid: true}}
	}
	open := func(second int64) span { return at(second, "(1 comment)") }
	gone := func(second int64) span { return span{second: second} } // its text has aged out
	for name, c := range map[string]struct {
		listed, heard []span
		want          []pair
	}{
		"nothing":             {},
		"none heard":          {listed: []span{at(0, "a")}},
		"equal":               {[]span{at(0, "a"), at(0, "a")}, []span{at(0, "a"), at(1, "a")}, []pair{{0, 0}, {1, 1}}},
		"oldest with oldest":  {[]span{at(0, "a"), at(1, "a")}, []span{at(1, "a")}, []pair{{0, 0}}},
		"two seconds early":   {[]span{at(2, "a")}, []span{at(0, "a")}, []pair{{0, 0}}},
		"three seconds late":  {[]span{at(0, "a")}, []span{at(3, "a")}, nil},
		"text rules out":      {[]span{at(0, "a"), at(0, "b")}, []span{at(0, "b")}, []pair{{1, 0}}},
		"any words":           {[]span{open(0), at(0, "b")}, []span{at(0, "x"), at(0, "b")}, []pair{{0, 0}, {1, 1}}},
		"aged out":            {[]span{gone(0)}, []span{at(0, "x")}, []pair{{0, 0}}},
		"as many as possible": {[]span{at(0, "b"), open(1), at(2, "c")}, []span{at(1, "x"), at(2, "c")}, []pair{{1, 0}, {2, 1}}},
		"entry without line":  {[]span{at(0, "Uploaded"), open(0)}, []span{at(0, "x"), at(0, "y")}, []pair{{1, 0}}},
		"spaces do not count": {[]span{at(0, "a  b\r\nc ")}, []span{at(0, "a b\nc")}, []pair{{0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, align(c.listed, c.heard), cmp.AllowUnexported(pair{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// plainly is align by its definition, with all of the table.
func plainly(listed, heard []span) (out []pair) {
	fits := func(i, j int) bool { return listed[i].near(heard[j]) && maySame(listed[i].text, heard[j].text) }
	most := make([][]int, len(listed)+1)
	for i := range most {
		most[i] = make([]int, len(heard)+1)
	}
	for i := range slices.Backward(listed) {
		for j := range slices.Backward(heard) {
			if most[i][j] = max(most[i+1][j], most[i][j+1]); fits(i, j) {
				most[i][j] = max(most[i][j], most[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < len(listed) && j < len(heard); {
		switch {
		case fits(i, j):
			out = append(out, pair{i, j})
			i, j = i+1, j+1
		case most[i][j] == most[i+1][j]:
			i++
		default:
			j++
		}
	}
	return out
}

// TestAlignLooksAtWhatIsNearOnly, which changes nothing.
func TestAlignLooksAtWhatIsNearOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int, words ...string) (out []span) {
		at := int64(0)
		for range r.IntN(n) {
			at += r.Int64N(4)
			out = append(out, span{second: at, text: sql.NullString{String: ps1 + words[r.IntN(len(words))], Valid: true}})
		}
		return out
	}
	for range 3000 {
		listed, heard := some(20, "a", "b", "(1 comment)"), some(20, "a", "b", "c")
		if diff := cmp.Diff(plainly(listed, heard), align(listed, heard), cmp.AllowUnexported(pair{})); diff != "" {
			t.Fatalf("%v\n%v\n%s", listed, heard, diff)
		}
	}
}

// BenchmarkJoins is a flood of replies on one change, whose words no list shows.
func BenchmarkJoins(b *testing.B) {
	var listed, heard []span
	for i := range int64(4000) {
		listed = append(listed, span{i, sql.NullString{String: ps1 + "(1 comment)", Valid: true}, nil})
		heard = append(heard, span{i, sql.NullString{String: ps1 + "words", Valid: true}, nil})
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(joins(listed, heard)); n != len(listed) {
			b.Fatal(n)
		}
	}
}

func TestOwnWords(t *testing.T) {
	for text, want := range map[string]struct {
		words string
		open  bool
	}{
		"Patch Set 1:\n\n(1 comment)":                         {"", true},
		"Patch Set 12: Code-Review-1\n\n(23 comments)\n\na b": {"a b", true},
		"Patch Set 1:\r\n\r\nrecheck":                         {"recheck", false},
		"Patch Set 1: Code-Review+2":                          {"", false},
		"Uploaded patch set 2.":                               {"Uploaded patch set 2.", false},
		"Patch Set 1:\n\nsee (1 comment)":                     {"see (1 comment)", false},
		"Patch Set 1:\n\nrecheck\n(1 comment)":                {"recheck (1 comment)", false},
		"Patch Set 1:\n\n(x comments)":                        {"(x comments)", false},
		"":                                                    {"", false},
	} {
		if words, open := ownWords(text); words != want.words || open != want.open {
			t.Errorf("%q: %q %v", text, words, open)
		}
	}
}
