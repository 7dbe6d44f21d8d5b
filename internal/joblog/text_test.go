package joblog

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inFile is a text as a file that is open.
func inFile(t *testing.T, text string, o Options) (path string, f *localFile) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	body, err := l.Open(t.Context(), l.Listing().Files[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { body.Close(); l.Close() })
	return path, body.(*localFile)
}

func needMap(t *testing.T) {
	if !canMap {
		t.Skip("files are not mapped on this system")
	}
}

// TestAMappedFileHasTheEventsOfAStream: also where pieces of the file are small,
// and where a stretch ends at a page's end.
func TestAMappedFileHasTheEventsOfAStream(t *testing.T) {
	needMap(t)
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 40 {
		text, name := randomLog(r, 100+r.IntN(2000)), names[i%3]
		if i%4 == 0 {
			text = text[:len(text)&^4095]
		}
		o := FoldOptions{KeepDebug: r.IntN(2) == 0, MaxEvent: []int{0, 300, 5000}[r.IntN(3)]}
		_, f := inFile(t, text, Options{})
		m := &mapped{file: f, stretch: 2048 + r.IntN(9000), piece: 4096 * r.IntN(5)}
		var got []string
		s := newSplitter(m, name, o, func(w *Window, err error) bool {
			for ev := range w.Events() {
				got = append(got, ev.show())
			}
			return err == nil
		})
		if err := s.read(nil); err != nil {
			t.Fatal(err)
		}
		m.close()
		if want := folded(t, text, name, o); !slices.Equal(got, want) {
			t.Fatalf("%s %+v, stretch %d, piece %d: %d events, want %d", name, o, m.stretch, m.piece, len(got), len(want))
		}
	}
}

func TestWindowsOfALocalFile(t *testing.T) {
	text := strings.Repeat("2024-01-02 03:04:05.678 | "+strings.Repeat("word ", 30)+"\n", 60_000) // more than two pieces
	_, f := inFile(t, text, Options{})
	var read, lines int64
	for w, err := range Windows(f, "job-output.txt", FoldOptions{Bytes: &read}) {
		if err != nil {
			t.Fatal(err)
		}
		if int(w.Offset)+len(w.Text) > len(text) || string(w.Text) != text[w.Offset:int(w.Offset)+len(w.Text)] {
			t.Fatal("a window is not the text at", w.Offset)
		}
		if w.Line != lines+1 {
			t.Fatalf("line %d, want %d", w.Line, lines+1)
		}
		lines += int64(strings.Count(string(w.Text), "\n"))
	}
	if read != int64(len(text)) || lines != 60_000 {
		t.Error(read, lines)
	}
}

func TestTheBoundsHoldForMappedFiles(t *testing.T) {
	for _, o := range []Options{{MaxUnpacked: 200_000}, {MaxTotal: 200_000}} {
		_, f := inFile(t, strings.Repeat("some words\n", 40_000), o)
		var read int64
		var last error
		for _, err := range Windows(f, "x.txt", FoldOptions{Bytes: &read}) {
			last = err
		}
		if inc, ok := errors.AsType[*IncompleteError](last); !ok || inc.Again || !strings.Contains(inc.Why, "over 200000 bytes") {
			t.Errorf("%+v: %v", o, last)
		}
		if read < 200_000 || read > 200_000+bufferSize {
			t.Errorf("%+v: %d bytes read", o, read)
		}
	}
}

// TestAFileThatGetsShorterIsIncomplete: noticed between two pieces.
func TestAFileThatGetsShorterIsIncomplete(t *testing.T) {
	needMap(t)
	path, f := inFile(t, strings.Repeat("some words\n", 2*mapSize/11), Options{})
	var last error
	for w, err := range Windows(f, "x.txt", FoldOptions{}) {
		if last = err; err == nil && w.Offset == 0 {
			if err := os.Truncate(path, mapSize); err != nil {
				t.Fatal(err)
			}
		}
	}
	if inc, ok := errors.AsType[*IncompleteError](last); !ok || !inc.Again || !strings.Contains(inc.Why, "changed while it was read") {
		t.Error(last)
	}
}

// TestALookAtWhatIsNoLongerThere: noticed by the processor.
func TestALookAtWhatIsNoLongerThere(t *testing.T) {
	needMap(t)
	path, f := inFile(t, strings.Repeat("some words\n", 100_000), Options{})
	err := func() (err error) {
		defer func() {
			if err = Changed(f, recover()); err == nil {
				t.Error("the panic is not known")
			}
		}()
		sum := 0
		for w := range Windows(f, "x.txt", FoldOptions{}) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
			for _, c := range w.Text[len(w.Text)/2:] {
				sum += int(c)
			}
		}
		t.Error("nothing happened", sum)
		return nil
	}()
	if inc, ok := errors.AsType[*IncompleteError](err); !ok || !inc.Again {
		t.Error(err)
	}
	if Changed(f, "another panic") != nil || Changed(io.NopCloser(nil), recover()) != nil || Changed(nil, nil) != nil {
		t.Error("another panic counts as a changed file")
	}
}
