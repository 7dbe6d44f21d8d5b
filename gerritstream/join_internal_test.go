package gerritstream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
)

func TestReadEnvelope(t *testing.T) {
	for msg, want := range map[string]envelope{
		"Patch Set 3:\n\n(1 comment)":                                  {3, 1},
		"Patch Set 3: Code-Review-1 Verified+1\n\n(12 comments)\n\nhi": {3, 12},
		"Patch Set 3:\r\n\r\n(2 inline comments)":                      {3, 2},
		"Patch Set 3: -Verified":                                       {3, 0},
		"Patch Set 3:\n\ntext\n\n(1 comment)":                          {3, 0},
		"Uploaded patch set 3.":                                        {0, 0},
		"Patch Set 99999999999:\n\n(99999999999 comments)":             {0, 0},
	} {
		if got := readEnvelope(msg); got != want {
			t.Errorf("%q: %+v", msg, got)
		}
	}
}

// A case in words: messages are "author patchset count", texts "author
// patchset text"; the result is the texts of each message, "?" when unsure.
func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		messages, texts, inline []string
		want                    []string
	}{
		"by count": {[]string{"a 1 1", "a 1 2", "a 1 1"}, []string{"a 1 w", "a 1 x", "a 1 y", "a 1 z"}, nil,
			[]string{"w", "x,y", "z"}},
		"by author": {[]string{"a 1 1", "b 1 1", "a 1 0", "a 1 1"}, []string{"a 1 w", "a 1 x", "b 1 y"}, nil,
			[]string{"w", "y", "", "x"}},
		"by patchset": {[]string{"a 1 1", "a 2 1"}, []string{"a 1 w", "a 2 x"}, nil, []string{"w", "x"}},
		"inline ones make it a guess: one each, then where there is room": {
			[]string{"a 1 1", "a 1 2", "a 1 1"}, []string{"a 1 w", "a 1 x", "a 1 y"}, []string{"a 1"},
			[]string{"w?", "x?", "y?"}},
		"a reply on an older patchset": {[]string{"a 1 1", "a 2 1"}, []string{"a 1 w", "a 1 x"}, nil, []string{"w?", "x?"}},
		"two of one second":            {[]string{"a 1 1", "a 1 1", "a 1 1"}, []string{"a 1 w", "a 1 x", "a 1 y"}, nil, []string{"w?", "x?", "y"}},
		"no room at all":               {[]string{"a 1 0", "a 2 0"}, []string{"a 1 w"}, nil, []string{"", "w?"}},
		"an author without messages":   {[]string{"a 1 1"}, []string{"b 1 w"}, nil, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			comments, texts, inline := scene(c.messages, c.texts, c.inline)
			if strings.HasSuffix(name, "one second") {
				comments[1].Time = comments[0].Time
			}
			join(comments, texts, inline)
			var got []string
			for _, m := range comments {
				s := strings.Join(m.PatchsetLevel, ",")
				if m.Unsure {
					s += "?"
				}
				got = append(got, s)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func scene(messages, texts, inline []string) ([]Comment, []PatchsetComment, map[by]int) {
	var cs []Comment
	for i, m := range messages {
		var who string
		var ps, n int
		fmt.Sscan(m, &who, &ps, &n)
		text := fmt.Sprintf("Patch Set %d:", ps)
		if n > 0 {
			text += fmt.Sprintf("\n\n(%d comments)", n)
		}
		cs = append(cs, Comment{Author: ci.Account{Username: who}, Message: text, Patchset: ps, Time: time.Unix(int64(i), 0)})
	}
	var ts []PatchsetComment
	for _, x := range texts {
		var who, text string
		var ps int
		fmt.Sscan(x, &who, &ps, &text)
		ts = append(ts, PatchsetComment{Author: ci.Account{Username: who}, Patchset: ps, Text: text})
	}
	in := map[by]int{}
	for _, x := range inline {
		var who string
		var ps int
		fmt.Sscan(x, &who, &ps)
		in[by{ci.Account{Username: who}, ps}]++
	}
	return cs, ts, in
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		`a b`: `'a b'`, `it's`: `'it'\''s'`, "a\nb\x00c": `'a b c'`, `$(x) \ "`: `'$(x) \ "'`,
	} {
		if got := quote(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// Lines are whole however the bytes come, and one that never ends is bounded.
func TestSplitter(t *testing.T) {
	const in = "{\"type\":\"a\"}\n\r\n{\"type\":\"b\"}\r\n\n{\"type\":\"c\"}"
	for size := 1; size < len(in); size++ {
		s := &splitter{now: time.Now}
		var got []string
		for b := in; b != ""; {
			n := min(size, len(b))
			for _, l := range s.feed([]byte(b[:n])) {
				got = append(got, fmt.Sprint(l.Seq, string(l.Body), l.Aside))
			}
			b = b[n:]
		}
		for _, l := range s.rest() {
			got = append(got, fmt.Sprint(l.Seq, string(l.Body), l.Aside))
		}
		if d := cmp.Diff([]string{`1{"type":"a"}`, `2{"type":"b"}`, `3{"type":"c"}`}, got); d != "" {
			t.Fatalf("in pieces of %d: %s", size, d)
		}
	}
	s := &splitter{now: time.Now}
	for range 40 {
		s.feed(make([]byte, 1<<20))
		if len(s.part) > maxLine || len(s.part) > keptLine && s.length > maxLine {
			t.Fatalf("%d bytes kept", len(s.part))
		}
	}
}
