package needle

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainly is the definition: each text at each byte.
func plainly(text []byte, texts []string) []string {
	var all []string
	for n, t := range texts {
		for i := 0; i+len(t) <= len(text); i++ {
			if lower(string(text[i:i+len(t)])) == lower(t) {
				all = append(all, fmt.Sprint(i, " ", n))
			}
		}
	}
	slices.Sort(all)
	return all
}

// found are s's matches in the same form; it fails when they have no order or a
// Pos outside of the text that was found.
func found(t testing.TB, s *Set, text []byte, sc *Scratch) []string {
	t.Helper()
	var all []string
	last := int32(0)
	for _, m := range s.Find(text, sc) {
		if m.Pos < last || m.Pos < m.At || int(m.Pos) >= int(m.At)+len(s.texts[m.Needle]) {
			t.Fatalf("%+v behind %d", m, last)
		}
		last = m.Pos
		all = append(all, fmt.Sprint(m.At, " ", m.Needle))
	}
	if sc.ASCII() != (strings.IndexFunc(string(text), func(r rune) bool { return r >= 0x80 }) < 0) {
		t.Fatalf("%q: ASCII %v", text, sc.ASCII())
	}
	slices.Sort(all)
	return all
}

// alphabet makes texts that meet, with what folds alike and does not.
const alphabet = "aAbBzZ_@[`{.:0 \n\xe2\x84\xaa"

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(1+r.IntN(len(alphabet)))]
	}
	return b
}

func TestFindIsWhatThePlainWayFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sc := &Scratch{}
	hits := 0
	for range 400 {
		var texts []string
		shortest := 1 + r.IntN(9)
		for range 1 + r.IntN(80) {
			texts = append(texts, string(random(r, shortest+r.IntN(12))))
		}
		text := random(r, r.IntN(700))
		for range r.IntN(20) { // else long ones never occur
			if n := texts[r.IntN(len(texts))]; len(n) < len(text) {
				copy(text[r.IntN(len(text)-len(n)):], n)
			}
		}
		want := plainly(text, texts)
		got := found(t, New(texts, nil), text, sc)
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %q:\n got %v\nwant %v", texts, text, got, want)
		}
		hits += len(want)
	}
	if hits < 1000 {
		t.Error("hardly anything to find:", hits)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("nova|compute|a", "Nova-COMPUTE a")
	f.Add(strings.Repeat("instance_", 13), strings.Repeat("x", 63)+"instance_")
	f.Fuzz(func(t *testing.T, list, text string) {
		var texts []string
		for n := range strings.SplitSeq(list, "|") {
			if n != "" {
				texts = append(texts, n)
			}
		}
		if len(texts)*len(text) > 1<<20 {
			return
		}
		want := plainly([]byte(text), texts)
		if got := found(t, New(texts, nil), []byte(text), &Scratch{}); !slices.Equal(got, want) {
			t.Errorf("%q in %q:\n got %v\nwant %v", texts, text, got, want)
		}
	})
}

// randomTeddy makes some texts and what finds them.
func randomTeddy(r *rand.Rand) (texts []string, t *teddy) {
	var use []int32
	for i := range 1 + r.IntN(30) {
		texts, use = append(texts, string(random(r, 1+r.IntN(12)))), append(use, int32(i))
	}
	return texts, newTeddy(texts, use)
}

// TestVectorsAgreeWithThePlainKernels: the masks are bit for bit the same; but
// without tables, when sift may let in more.
func TestVectorsAgreeWithThePlainKernels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		texts, td := randomTeddy(r)
		text := random(r, r.IntN(900))
		a, b := make([]uint64, len(text)/64+1), make([]uint64, len(text)/64+1)
		sift(text, td, a)
		siftPlain(text, td, 0, b)
		if vectors && !tables {
			for w := range a {
				a[w] &= b[w]
			}
		}
		if !slices.Equal(a, b) {
			t.Fatalf("sift of %q in %q: %x, plainly %x", texts, text, a, b)
		}
		long := []string{string(random(r, 9)), string(random(r, 8)), string(random(r, 30))}
		for _, step := range []int{1, 2, 4} {
			g := newGrid(long, []int32{0, 1, 2}, step)
			n := max(len(text)-gramLen+step, 0) / step
			a, b := make([]uint64, n/64+1), make([]uint64, n/64+1)
			probe(text, g, n, a)
			probePlain(text, g, 0, n, b)
			if !slices.Equal(a, b) {
				t.Fatalf("probe by %d of %q in %q: %x, plainly %x", step, long, text, a, b)
			}
		}
	}
}

func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	found := 0
	for range 3000 {
		needle, text := lower(string(random(r, 1+r.IntN(6)))), random(r, r.IntN(200))
		from := r.IntN(len(text) + 1)
		want := strings.Index(lower(string(text[from:])), needle)
		if want >= 0 {
			want += from
			found++
		}
		if got := Index(text, from, needle); got != want {
			t.Fatalf("%q in %q from %d: %d, want %d", needle, text, from, got, want)
		}
	}
	if found < 300 {
		t.Error("hardly anything to find:", found)
	}
}

func TestASCII(t *testing.T) {
	for n := range 400 {
		text := bytes.Repeat([]byte{0x7f}, n)
		if !ASCII(text) {
			t.Fatal(n, "is ASCII")
		}
		for i := range text {
			if text[i] = 0x80; ASCII(text) {
				t.Fatal(n, i, "is not")
			}
			text[i] = 0
		}
	}
}

func TestCost(t *testing.T) {
	if rare, common := Cost("xq_zvwk_j", false, false), Cost("instance", false, false); rare >= common {
		t.Error(rare, common)
	}
	if Cost("q", false, false) <= Cost("qxzv", false, false) || Cost("qxzv", false, false) <= Cost("qxzvwkjq", false, false) {
		t.Error("short texts must cost more")
	}
	if Cost("qxzvw", true, false) >= Cost("qxzvw", false, false) {
		t.Error("among many, five bytes are long enough")
	}
}

// benchText is like a log's.
func benchText() []byte {
	line := "2024-01-02 03:04:05.678 12 INFO nova.compute.manager [req-8e2f-11 tempest] [instance: 4f1c] Took 0.52 seconds to build\n"
	return bytes.Repeat([]byte(line), (256<<10)/len(line))
}

func benchTexts(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("wq%dxz_unseen", i*7919))
	}
	return texts
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 8, 86, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, text, sc := New(benchTexts(n), nil), benchText(), &Scratch{}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Find(text, sc)
			}
		})
	}
}
