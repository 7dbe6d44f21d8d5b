package joblog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// show is all that an event says.
func (ev Event) show() string {
	return fmt.Sprintf("%d@%d %v %s %s %s %v: %q", ev.Line, ev.Offset, ev.Time, ev.LogLevel, ev.Module, ev.Pid, ev.Cut, ev.Text)
}

// windowed are the events of all windows, in order; check looks at each window.
func windowed(t testing.TB, text, name string, o FoldOptions, check func(*Window)) []string {
	t.Helper()
	var got []string
	for w, err := range Windows(iotest.HalfReader(strings.NewReader(text)), name, o) {
		if err != nil {
			t.Fatal(err)
		}
		for ev := range w.Events() {
			got = append(got, ev.show())
		}
		if check != nil {
			check(w)
		}
	}
	return got
}

func folded(t testing.TB, text, name string, o FoldOptions) []string {
	t.Helper()
	var want []string
	for ev, err := range Fold(strings.NewReader(text), name, o) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, ev.show())
	}
	return want
}

// randomLog has lines of all kinds that the formats know, in any order.
func randomLog(r *rand.Rand, lines int) string {
	kinds := []string{"2024-01-02 03:04:05.678 | text ", "2024-01-02 03:04:05.678 12 INFO mod [-] i ",
		"2024-01-02 03:04:05.678 12 ERROR mod e ", "2024-01-02 03:04:05.678 12 TRACE mod t ", "2024-01-02 03:04:05.678 12 DEBUG mod d ",
		"2024-01-02 03:04:05.678 ERROR own ", "raw ", "", "Jan 02 03:04:05 h u[7]: ERROR mod [None] e ", "Jan 02 03:04:05 h u[7]: DEBUG mod d"}
	weights := r.Perm(len(kinds))
	var b strings.Builder
	for range lines {
		k := kinds[weights[r.IntN(1+r.IntN(len(kinds)))]]
		b.WriteString(k + strings.Repeat("word ", r.IntN(3)*r.IntN(30)))
		b.WriteString([]string{"\n", "\n", "\r\n", "\r\r\n"}[r.IntN(4)])
	}
	return strings.TrimSuffix(b.String(), []string{"\n", ""}[r.IntN(2)])
}

var names = []string{"x.txt", "job-output.txt", "screen-a.txt"}

// TestWindowsHoldTheEventsThatFoldGives: the same ones, asked for one after the
// other, and asked for at any place.
func TestWindowsHoldTheEventsThatFoldGives(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		text, name := randomLog(r, 1+r.IntN(60)), names[i%3]
		if i%50 == 0 {
			text = randomLog(r, 6000)
		}
		o := FoldOptions{KeepDebug: r.IntN(2) == 0, MaxEvent: []int{0, 64, 300, 5000}[r.IntN(4)]}
		want := folded(t, text, name, o)
		known := map[string]bool{}
		for _, w := range want {
			known[w] = true
		}
		got := windowed(t, text, name, o, func(w *Window) {
			for range 5 {
				if len(w.Text) == 0 {
					break
				}
				at := r.IntN(len(w.Text))
				if ev, ok := w.Event(at); ok && !known[ev.show()] {
					t.Fatalf("byte %d of %q: %s is no event", at, w.Text, ev.show())
				}
			}
		})
		if !slices.Equal(got, want) {
			for k := range min(len(got), len(want)) {
				if got[k] != want[k] {
					t.Fatalf("%s %+v of %.3000q:\n got %s\nwant %s", name, o, text, got[k], want[k])
				}
			}
			t.Fatalf("%s %+v of %.3000q: %d events, want %d", name, o, text, len(got), len(want))
		}
	}
}

// TestALineOfOneWindowIsItsEvents: bytes of dropped lines have no event, those
// of a line that was kept have the event that holds it.
func TestALineOfOneWindowIsItsEvents(t *testing.T) {
	const text = "2024-01-02 03:04:05.678 12 INFO m i\n2024-01-02 03:04:05.678 12 DEBUG m dropped\n more dropped\n" +
		"2024-01-02 03:04:05.678 12 TRACE m kept\n2024-01-02 03:04:05.678 12 INFO m other\n"
	for w, err := range Windows(strings.NewReader(text), "screen-a.txt", FoldOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		for word, line := range map[string]int64{"dropped": 0, "more": 0, "kept": 1, "other": 5, "INFO": 1} {
			ev, ok := w.Event(strings.Index(text, word))
			if ok != (line > 0) || ok && ev.Line != line {
				t.Errorf("%s: %v %d, want line %d", word, ok, ev.Line, line)
			}
		}
	}
}

func FuzzWindows(f *testing.F) {
	f.Add("2024-01-02 03:04:05.678 | a\nb\r\n", 1, 64, true)
	f.Add("\r\r", 98, 26, true)
	f.Add("2024-01-02 03:04:05.678 12 DEBUG m d\n2024-01-02 03:04:05.678 12 TRACE m d\nx", 2, 64, false)
	f.Fuzz(func(t *testing.T, text string, name, limit int, keep bool) {
		o := FoldOptions{MaxEvent: limit % 4096, KeepDebug: keep}
		n := names[uint(name)%3]
		if got, want := windowed(t, text, n, o, nil), folded(t, text, n, o); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func BenchmarkWindows(b *testing.B) {
	text := strings.Repeat("2024-01-02 03:04:05.678 | some text of a usual length, which is about so long\n", 100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for range Windows(strings.NewReader(text), "job-output.txt", FoldOptions{}) {
		}
	}
}
