package irc

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCleanLetsNothingDangerousPass(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                        "plain",
		"a\r\nQUIT :b":                 "a  QUIT :b",
		"nul\x00 bell\a esc\x1b[31m":   "nul bell esc[31m",
		"\x02bold\x0f \x1ditalic\x1d":  "bold italic",
		"\x0304,12red\x03 7 \x0399x":   "red 7 x",
		"\x034,red":                    ",red",
		"\x04ff8000,00ff00rgb\x04no":   "rgbno",
		"\x01ACTION waves\x01":         "ACTION waves",
		"rtl \u202eevil\u202c\u2066x":  "rtl evilx",
		"zero\u200bwidth\ufeff":        "zerowidth",
		"line\u2028sep\u0085next":      "line sepnext",
		"bad \xff\xfe":                 "bad \ufffd\ufffd",
		"tab\there":                    "tab here",
		"Grüße 日本 🙂":                   "Grüße 日本 🙂",
		"tag \U000e0041\U000e007f end": "tag  end",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	url := "https://logs.example.org/" + strings.Repeat("a", 20)
	for _, x := range []struct {
		text string
		max  int
		want []string
	}{
		{"", 10, nil},
		{"   ", 10, nil},
		{"short", 10, []string{"short"}},
		{"exactly ten", 11, []string{"exactly ten"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"a  b   c", 4, []string{"a  b", "c"}},
		{"see " + url + " now", 50, []string{"see " + url, "now"}},
		{"see " + url, len(url), []string{"see", url}},
		{"xx aaaaaaaaaaaa", 5, []string{"xx", "aaaaa", "aaaaa", "aa"}},
		{"ééé", 5, []string{"éé", "é"}},
		{"🙂🙂", 5, []string{"🙂", "🙂"}},
		{"aaae\u0301", 5, []string{"aaa", "e\u0301"}},
		{"🙂🙂", 1, []string{"🙂", "🙂"}},
	} {
		if diff := cmp.Diff(x.want, Split(x.text, x.max)); diff != "" {
			t.Errorf("Split(%q, %d): %s", x.text, x.max, diff)
		}
	}
}

// TestSplitLosesNothing: no byte but spaces goes, no piece is too long, no
// character is torn, whatever the text.
func TestSplitLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "b", " ", "é", "日", "🙂", "e\u0301", "  ", "https://x/"}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(200) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		text, most := b.String(), 4+r.IntN(60)
		pieces := Split(text, most)
		for _, p := range pieces {
			if len(p) > most || !utf8.ValidString(p) || p == "" {
				t.Fatalf("Split(%q, %d) gives %q", text, most, p)
			}
		}
		if got, want := bare(strings.Join(pieces, "")), bare(text); got != want {
			t.Fatalf("Split(%q, %d) lost something: %q", text, most, pieces)
		}
	}
}

func bare(text string) string { return strings.ReplaceAll(text, " ", "") }

func FuzzSplitAndClean(f *testing.F) {
	f.Add("a\xff\u0301\u0301\u0301", 3)
	f.Fuzz(func(t *testing.T, text string, most int) {
		clean := Clean(text)
		if strings.ContainsAny(clean, "\r\n\x00\x01\x03") || !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Fatalf("Clean(%q) = %q", text, clean)
		}
		for _, raw := range []string{text, clean} {
			pieces := Split(raw, most)
			if bare(strings.Join(pieces, "")) != bare(raw) {
				t.Fatalf("Split(%q, %d) = %q", raw, most, pieces)
			}
		}
	})
}
