package lucene

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, query string) Node {
	t.Helper()
	n, err := Parse(query, Historical())
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestErrorsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct {
		query    string
		row, col int
		part     string
	}{
		{"(message:a AND tags:b", 1, 1, "never closed"},
		{"message:\"a\" AND\ntags:[b", 2, 8, "low TO high"},
		{"ä ö \"x", 1, 5, "quote is never closed"},
		{"a AND", 1, 6, "too early"},
		{"a )", 1, 3, `unexpected ")"`},
		{"a/b", 1, 2, "regular expression"},
		{`a\`, 1, 2, "backslash"},
		{`"a \u12"`, 1, 4, "hexadecimal"},
		{"a^b", 1, 3, "boost"},
		{"voting:x", 1, 8, "holds numbers"},
		{"voting:1*", 1, 8, "holds numbers"},
		{"*:x", 1, 3, "field patterns"},
		{`build_\*:x`, 1, 10, "field patterns"},
		{"_exists_:a*", 1, 10, "name of one field"},
		{"message:/a~b/", 1, 11, "not supported"},
		{"message:/a#*b/", 1, 11, "not supported"},
		{`message:/\d/`, 1, 11, "write [0-9]"},
		{"message:/a(b/", 1, 13, "bracket is never closed"},
		{"message:/((a{999}){999}){999}/", 1, 10, "too large"},
		{"message:/[b-a]/", 1, 14, "backwards"},
		{"message:/ab{2,1}/", 1, 12, "smaller number first"},
		{strings.Repeat("(", 100), 1, 65, "brackets within each other"},
		{strings.Repeat("message:a ", 1025), 1, 10251, "more than 1024"},
		{"a" + strings.Repeat(" a", 1024), 1, 1, "more than 1024"},
		{strings.Repeat("a", MaxQuery+1), 1, MaxQuery + 1, "longer than"},
		{"a \xff", 1, 3, "UTF-8"},
	} {
		_, err := Parse(c.query, Historical())
		syntax, ok := errors.AsType[*SyntaxError](err)
		if !ok {
			t.Errorf("%.60s: %v", c.query, err)
			continue
		}
		if syntax.Row != c.row || syntax.Col != c.col || !strings.Contains(syntax.Msg, c.part) {
			t.Errorf("%.60s: %v, want %d:%d %s", c.query, err, c.row, c.col, c.part)
		}
	}
}

func TestUnknownFieldsMakeMaybe(t *testing.T) {
	for _, c := range []struct {
		query string
		want  Truth
		when  string
	}{
		{`message:"disk full"`, Yes, ""},
		{`message:"disk empty"`, No, "NOT *:*"},
		{`message:disk AND tags:console`, Yes, ""},
		{`message:disk AND build_name:x`, Maybe, `build_name:"x"`},
		{`message:disk AND build_name:x AND voting:1`, Maybe, `build_name:"x" and voting:"1"`},
		{`message:empty AND build_name:x`, No, "NOT *:*"},
		{`message:disk OR build_name:x`, Yes, ""},
		{`message:empty OR build_name:x`, Maybe, `build_name:"x"`},
		{`message:disk AND NOT build_name:x`, Maybe, `not build_name:"x"`},
		{`message:disk AND (build_name:x OR build_name:y) AND NOT voting:0`, Maybe,
			`(build_name:"x" or build_name:"y") and not voting:"0"`},
		{`message:disk AND NOT (build_name:x AND message:full)`, Maybe, `not build_name:"x"`},
		{`message:disk AND NOT (build_name:x AND message:empty)`, Yes, ""},
		{`message:disk AND _exists_:module`, No, "NOT *:*"},
		{`message:disk AND _exists_:build_name`, Maybe, `_exists_:build_name`},
		{`message:disk AND NOT _exists_:module`, Yes, ""},
	} {
		d := NewDoc(Historical())
		d.Set("message", "the disk is FULL", "disk full")
		d.SetAll(map[string][]string{"tags": {"console", "job-output.txt"}, "module": nil})
		n := parse(t, c.query)
		if got := Eval(n, d); got != c.want {
			t.Errorf("%s: %v, want %v", c.query, got, c.want)
		}
		if got := Conditions(n, d); got != c.when {
			t.Errorf("%s: when %q, want %q", c.query, got, c.when)
		}
	}
}

func TestFoldKeepsWhatTheFileCannotTell(t *testing.T) {
	file := NewDoc(Historical())
	file.SetAll(map[string][]string{"tags": {"console"}, "voting": {"1"}, "build_name": {"unit"}})
	for query, want := range map[string]string{
		`message:a AND tags:console AND voting:1`:         `message:"a"`,
		`message:a AND tags:syslog`:                       `NOT *:*`,
		`tags:console`:                                    `*:*`,
		`tags:console AND NOT message:a`:                  `NOT message:"a"`,
		`tags:console AND NOT tags:syslog`:                `*:*`,
		`(message:a OR message:b) AND NOT build_name:x`:   `message:"a" OR message:"b"`,
		`(message:a OR tags:syslog) AND voting:"1"`:       `message:"a"`,
		`(message:a OR tags:console) AND message:b`:       `message:"b"`,
		`message:a AND NOT build_name:unit`:               `NOT *:*`,
		`message:a AND (module:m OR message:b)`:           `message:"a" AND (module:"m" OR message:"b")`,
		`message:a OR message:b AND tags:console`:         `message:"b"`,
		`message:a message:b -message:c`:                  `(message:"a" OR message:"b") AND NOT message:"c"`,
		`build_name:u* AND message:/a+/ AND build_name:*`: `message:/a+/`,
	} {
		if got := Fold(parse(t, query), file).String(); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestNumbersAreNumbers(t *testing.T) {
	for value, want := range map[string]Truth{"1": Yes, "1.0": Yes, "01": Yes, "2": No, "": No, "one": No} {
		d := NewDoc(Historical())
		d.Set("voting", value)
		for _, query := range []string{`voting:1`, `voting:"1"`, `voting:[1 TO 1]`, `voting:>=1 AND voting:<2`, `voting:"1.0"`} {
			if got := Eval(parse(t, query), d); got != want {
				t.Errorf("%s of %q: %v, want %v", query, value, got, want)
			}
		}
	}
	d := NewDoc(Historical())
	d.Set("voting", "10")
	if Eval(parse(t, "voting:>9"), d) != Yes {
		t.Error("10 is not more than 9: compared as text")
	}
}

func TestDocIsUsedAgain(t *testing.T) {
	d := NewDoc(Historical())
	n := parse(t, "message:b")
	for i, text := range []string{"a b", "a", "b", ""} {
		d.Set("message", text)
		want := truth(strings.Contains(text, "b"))
		if got := Eval(n, d); got != want {
			t.Errorf("event %d: %v, want %v", i, got, want)
		}
	}
	d.Unset("message")
	if Eval(n, d) != Maybe {
		t.Error("a field that was unset is known")
	}
}

func TestLint(t *testing.T) {
	perLine := func(f string) bool { return f == "message" || f == "module" }
	for query, want := range map[string]string{
		`message:a AND tags:console`:                "",
		`(message:a OR message:b) AND tags:console`: "",
		`message:a AND NOT build_name:x`:            "",
		`message:a tags:console`:                    "every line",
		`tags:console AND NOT message:a`:            "every line",
		`NOT message:a`:                             "every line",
		`tags:console`:                              "every line",
		`*:*`:                                       "every line",
		`message:a OR message:b AND tags:console`:   `message:"a" changes nothing`,
		`message:x AND (message:a OR message:b AND tags:console)`: `message:"a" changes nothing`,
		`message:a AND NOT (NOT message:b)`:                       "",
		`message:a AND (tags:x OR build_name:y)`:                  "",
		`message:a* AND tags:x`:                                   "slow",
		`module:a AND tags:x`:                                     "slow",
		`message:a OR message:/b/`:                                "slow",
		`message:a OR (message:b AND tags:x)`:                     `message:"a" stands beside OR without the condition on tags`,
		`(message:a AND tags:y) OR (message:b AND tags:x)`:        "",
		`(message:a AND filename:y) OR (message:b AND tags:x)`:    "",
		`message:a OR message:b`:                                  "",
		`message:a AND message:x\-y*`:                             `no "-" in a word`,
		`message:a AND message:b\(?`:                              `no "(" in a word`,
		`message:a AND message:b\ ~`:                              `no " " in a word`,
		`message:a AND message:fa\:16*`:                           `"fa:16" is never within one word`,
		`message:a AND message:*日本`:                               `"日本" is never within one word`,
		`message:a AND message:10.0.0.*`:                          "",
		`message:a AND message:*.py`:                              "",
		`message:a AND message:don't* AND message:x_y?`:           "",
		`message:a AND message:カタ* AND message:*é??b*`:            "",
		`message:a AND message:/ERROR.*/`:                         "lower case",
		`message:a AND message:/[Ee]rror|Fail*/`:                  "",
		`message:a AND message:/(x|[^a])Y?(ab)*/`:                 "",
		`message:a AND message:/.*([A-F]|Error|xY+)/`:             `it needs "Y"`,
		`message:a AND message:/(aB){2}/`:                         `it needs "B"`,
		`message:a AND tags:/ERROR.*/ AND tags:a-b*`:              "",
	} {
		q, err := Read(query, Historical())
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got := noted(q.Lint(perLine, Historical().Analysed))
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// noted writes notes, one a line.
func noted(notes []Note) string {
	text := ""
	for _, n := range notes {
		text += fmt.Sprintf("%d: %s\n", n.Offset, n.Msg)
	}
	return text
}

func TestNotes(t *testing.T) {
	for query, want := range map[string]string{
		`message:"a b" AND tags:"-"`:   "",
		`message:"---" AND message:a`:  `8: nothing is left of "---"`,
		`message:a AND message:"b* c"`: `22: * is no wildcard`,
		`tags:"b*"`:                    "",
		`a and b`:                      `2: "and" is a word here`,
		`"a and b" AND c`:              "",
		// Lucene's classic precedence.
		`a AND b OR c AND d`:         `8: OR changes nothing here, since AND requires what stands on both of its sides; it is read as message:"a" AND message:"b" AND message:"c" AND message:"d"`,
		`x AND (a AND b OR c AND d)`: `15: OR changes nothing here`,
		`a AND b || c AND NOT d`:     `8: OR changes nothing here`,
		`a OR NOT b`:                 `2: OR changes nothing here, since NOT excludes, whatever stands beside it; it is read as message:"a" AND NOT message:"b"`,
		`NOT a OR b`:                 `6: OR changes nothing here`,
		`a OR -b AND c`:              `2: OR changes nothing here`,
		`+a OR +b`:                   `3: OR changes nothing here`,
		`a OR b OR c`:                "",
		`(a AND b) OR (c AND d)`:     "",
		`a OR (NOT b)`:               "",
		`a AND (b OR c) AND NOT d`:   "",
		`a OR b AND c`:               "", // Lint tells that a changes nothing
		`a AND b OR c`:               "",
	} {
		q, err := Read(query, Historical())
		if q.Tree == nil || err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got := noted(q.Notes); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// TestPlaces: each warning stands at the clause that it speaks of.
func TestPlaces(t *testing.T) {
	for query, want := range map[string]string{
		"  tags:b":                            "2: it can match every line",
		" message:a* AND tags:x":              "1: it is slow",
		"(message:a AND tags:x) OR message:c": "26: ",
		"message:a AND (message:b OR message:c AND message:d)":           "15: ",
		"message:a OR message:b AND message:c":                           "0: ",
		"message:a AND\n (message:b OR -(message:c AND message:d\\-e*))": "45: ",
		"message:a AND -message:/B/":                                     "14: ",
		"message:a AND message:(b OR c d\\-e~0)":                         "30: ",
	} {
		q, err := Read(query, Historical())
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got := noted(q.Lint(func(f string) bool { return f == "message" }, Historical().Analysed))
		if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{`message:"a b"~2 AND NOT tags:x^3`, `a\u0041 OR /b+/`, `x:[1 TO *} (y z)`, `+a -"b\"" !c*`, `*:* f?o~ voting:>0`} {
		f.Add(q, "a b c")
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		q, err := Read(query, Historical())
		n := q.Tree
		if err != nil {
			if s, ok := errors.AsType[*SyntaxError](err); !ok || s.Row < 1 || s.Col < 1 || s.Offset > len(query) {
				t.Fatalf("%q: %v", query, err)
			}
			return
		}
		for _, note := range append(q.Notes, q.Lint(func(f string) bool { return f == "message" }, Historical().Analysed)...) {
			if note.Offset < 0 || note.Offset > len(query) || note.Msg == "" || len(note.Msg) > 2000 {
				t.Fatalf("%q: %+v", query, note)
			}
		}
		again, err := Parse(n.String(), Historical())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", query, n, err)
		}
		d := NewDoc(Historical())
		d.Set("message", text)
		if a, b := Eval(n, d), Eval(again, d); a != b {
			t.Fatalf("%q is %v, written as %q it is %v", query, a, n, b)
		}
		if a, b := Eval(n, d), Eval(Fold(n, d), d); a != b {
			t.Fatalf("%q is %v, folded %v", query, a, b)
		}
	})
}
