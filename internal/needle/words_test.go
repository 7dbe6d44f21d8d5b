package needle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wordAlphabet makes words that meet, in stretches of all lengths.
const wordAlphabet = "aAbBzZ_09aAbB...:' \n\xe2@"

func randomWords(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	kinds := 1 + r.IntN(len(wordAlphabet))
	for i := range b {
		b[i] = wordAlphabet[r.IntN(kinds)]
		if r.IntN(60) == 0 {
			b[i] = ' '
		}
	}
	return b
}

// promised are the matches that must be found of texts that are whole.
func promised(text []byte, texts []string) []string {
	var all []string
	space := func(i int) bool { return text[i] < 0x80 && cuts[text[i]] == space }
	for n, t := range texts {
		for i := 0; i+len(t) <= len(text); i++ {
			end := i + len(t)
			if !at(text, i, lower(t)) || end < len(text) && IsWord(text[end]) {
				continue
			}
			from, to := i, end
			for from > 0 && !space(from-1) {
				from--
			}
			for to < len(text) && !space(to) {
				to++
			}
			if i == 0 || !IsWord(text[i-1]) || end-from >= 255 {
				all = append(all, fmt.Sprint(i, " ", n))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestWordsFindsWhatIsPromised, and nothing that is not there.
func TestWordsFindsWhatIsPromised(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	hits := 0
	for i := range 60 {
		var texts []string
		for range 1 + r.IntN(60) {
			if word := strings.FieldsFunc(string(randomWords(r, 1+r.IntN(20))), func(r rune) bool { return r >= 0x80 || !IsWord(byte(r)) }); len(word) > 0 {
				texts = append(texts, word[0])
			}
		}
		text := randomWords(r, []int{r.IntN(700), r.IntN(9000)}[i%2])
		for range r.IntN(20) { // else long ones never occur
			if len(texts) > 0 {
				if n := texts[r.IntN(len(texts))]; len(n) < len(text) {
					copy(text[r.IntN(len(text)-len(n)):], n)
				}
			}
		}
		checkWords(t, texts, text)
		hits += len(promised(text, texts))
	}
	if hits < 500 {
		t.Error("hardly anything to find:", hits)
	}
}

func checkWords(t *testing.T, texts []string, text []byte) {
	t.Helper()
	if len(texts) == 0 {
		return
	}
	s := &Set{}
	var use []int32
	for i, text := range texts {
		s.texts, use = append(s.texts, lower(text)), append(use, int32(i))
	}
	s.words = newWords(s.texts, use)
	got := found(t, s, text, &Scratch{})
	if len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Fatal("found twice")
	}
	all := plainly(text, texts)
	for _, m := range got {
		if _, ok := slices.BinarySearch(all, m); !ok {
			t.Fatalf("%q in %q: %s is not there", texts, text, m)
		}
	}
	for _, m := range promised(text, texts) {
		if _, ok := slices.BinarySearch(got, m); !ok {
			t.Fatalf("%q in %q: %s is missing", texts, text, m)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("nova compute a", "Nova-COMPUTE a")
	f.Add("error", strings.Repeat("x", 300)+"error."+strings.Repeat("y", 4096)+"Error")
	f.Fuzz(func(t *testing.T, list, text string) {
		var texts []string
		for n := range strings.FieldsSeq(list) {
			if isWhole(n) {
				texts = append(texts, n)
			}
		}
		if len(texts)*len(text) < 1<<19 {
			checkWords(t, texts, []byte(text))
		}
	})
}

// TestCutsAgree: bit for bit.
func TestCutsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for range 60 {
		text := randomWords(r, r.IntN(3*tile))
		one, other := &cutting{}, &cutting{}
		state, plain := cutState{outside: 1}, cutState{outside: 1}
		w := newWords([]string{"a", "ab", "zb_0"}, [][]int32{{0, 1, 2}, {1, 2}, {2}}[r.IntN(3)])
		for base := 0; base < len(text); base += tile {
			n := w.cut(text[base:], one, &state)
			m := w.cutPlain(text[base:], other, &plain, 0, 0)
			size := min(tile+windowLen, len(text)-base)
			state.high, plain.high = min(state.high, 1), min(plain.high, 1) // not the same bits
			if state != plain || !slices.Equal(one.starts[:n], other.starts[:m]) || string(one.folded[:size]) != string(other.folded[:size]) {
				t.Fatalf("%q: %+v %v, plainly %+v %v", text[base:], state, one.starts[:n], plain, other.starts[:m])
			}
			hits, plainHits := probeWords(w, one, n), probeWordsPlain(w, other, m)
			if !slices.Equal(one.hits[:hits], other.hits[:plainHits]) {
				t.Fatalf("%q: %v, plainly %v", text[base:], one.hits[:hits], other.hits[:plainHits])
			}
		}
	}
}
