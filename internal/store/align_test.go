package store

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlign(t *testing.T) {
	at := func(second int64, text string) span {
		return span{second, sql.NullString{String: ps1 + text, Valid: true}}
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
