package lucene

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// eachLine gives do every line of a gzipped file of testdata.
func eachLine(t *testing.T, name string, do func(line string)) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		do(lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func tokenTexts(text string) []string {
	list := []string{}
	for _, t := range Tokens(text) {
		list = append(list, t.Text)
	}
	return list
}

// TestOfficialWordBreaks holds the analyser against Unicode's WordBreakTest of
// the version that Lucene 8's tokenizer has (9.0) and the emoji sequences of
// Unicode 11, both as the words that Lucene expects of them (before lower case).
func TestOfficialWordBreaks(t *testing.T) {
	for name, want := range map[string]int{"wordbreak-9.0.jsonl.gz": 2056, "emoji-11.0.jsonl.gz": 3570} {
		n := 0
		eachLine(t, name, func(line string) {
			n++
			var text string
			var words []string
			if err := json.Unmarshal([]byte(line), &[]any{&text, &words}); err != nil {
				t.Fatal(err)
			}
			for i := range words {
				words[i] = lower(words[i])
			}
			if got := tokenTexts(text); !slices.Equal(got, words) {
				t.Errorf("%s: %q has tokens %q, not %q", name, text, got, words)
			}
		})
		if n != want {
			t.Errorf("%s has %d cases, not %d", name, n, want)
		}
	}
}

// isWord tells the segments that Lucene keeps: those with a letter, a digit, an
// emoji or a flag (two regional indicators).
func isWord(s string) bool {
	flags := 0
	for _, r := range s {
		flag := 0x1f1e6 <= r && r <= 0x1f1ff
		if flag {
			flags++
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.So, r) && !flag {
			return true
		}
	}
	return flags == 2
}

// TestNewerWordBreaks holds the analyser against the WordBreakTest of Unicode
// 15: each of its words is one token, the other segments none
// (Lucene drops them). Four cases differ, by the rules for emoji that
// Unicode 11 brought (a joiner binds any pictograph, a skin tone extends what
// stands before it), which Lucene 8 does not have.
func TestNewerWordBreaks(t *testing.T) {
	newer := []string{"÷ 0061 × 200D × 1F6D1 ÷", "÷ 0061 × 200D × 2701 ÷", "÷ 1F6D1 × 1F3FF ÷", "÷ 200D × 1F6D1 × 1F3FF ÷"}
	cases, different := 0, []string{}
	eachLine(t, "WordBreakTest-15.0.txt.gz", func(line string) {
		cases++
		text, want := "", []string{}
		for seg := range strings.SplitSeq(strings.Trim(line, "÷ "), " ÷ ") {
			s := ""
			for c := range strings.SplitSeq(seg, " × ") {
				n, err := strconv.ParseUint(c, 16, 32)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				s += string(rune(n))
			}
			text += s
			if isWord(s) {
				want = append(want, lower(s))
			}
		}
		if !slices.Equal(tokenTexts(text), want) {
			different = append(different, line)
		}
	})
	if cases != 1823 || !slices.Equal(different, newer) {
		t.Errorf("%d of %d cases differ:\n%s", len(different), cases, strings.Join(different, "\n"))
	}
}
