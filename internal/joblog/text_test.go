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
		t.Skip("no mmap on this system: files are read there, which the other tests look at")
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
		if err := s.read(&Extent{}); err != nil {
			t.Fatal(err)
		}
		m.close()
		if want := folded(t, text, name, o); !slices.Equal(got, want) {
			t.Fatalf("%s %+v, stretch %d, piece %d: %d events, want %d", name, o, m.stretch, m.piece, len(got), len(want))
		}
	}
}

func TestWindowsOfALocalFile(t *testing.T) {
	text := strings.Repeat("2024-01-02 03:04:05.678 | "+strings.Repeat("word ", 30)+"\n", 120_000) // more than one piece
	_, f := inFile(t, text, Options{})
	var read Extent
	var lines int64
	for w, err := range Windows(f, "job-output.txt", FoldOptions{Read: &read}) {
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
	if read.Bytes != int64(len(text)) || read.Lines != 120_000 || lines != 120_000 {
		t.Error(read, lines)
	}
}

// inParts are the events of a text's parts, one after the other.
func inParts(t *testing.T, text, name string, o FoldOptions, n int) (parts int, got []string) {
	t.Helper()
	_, f := inFile(t, text, Options{})
	l, err := OpenFile(f.file.Name(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line := int64(0)
	list := l.Parts(t.Context(), l.Listing().Files[0], name, o, n)
	for _, p := range list {
		body, err := l.Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		o.Read = &Extent{}
		for w, err := range Windows(body, name, o) {
			if err != nil {
				t.Fatal(err)
			}
			for ev := range w.Events() {
				ev.Line += line
				got = append(got, ev.show())
			}
		}
		line += o.Read.Lines
		body.Close()
	}
	return len(list), got
}

// TestPartsAreTheFile: the events of all parts are those of the file; lines count
// from each part's beginning.
func TestPartsAreTheFile(t *testing.T) {
	needMap(t)
	r := rand.New(rand.NewPCG(9, 10))
	divided := 0
	for i := range 40 {
		text, name := randomLog(r, 200+r.IntN(2000)), names[i%3]
		o := FoldOptions{KeepDebug: r.IntN(2) == 0, MaxEvent: []int{0, 300, 5000}[r.IntN(3)]}
		parts, got := inParts(t, text, name, o, 1+r.IntN(9))
		if want := folded(t, text, name, o); !slices.Equal(got, want) {
			t.Fatalf("%s %+v in %d parts: %d events, want %d", name, o, parts, len(got), len(want))
		}
		divided += parts - 1
	}
	if divided < 20 {
		t.Error("hardly any file was divided:", divided)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("2024-01-02 03:04:05.678 | a\nb\r\n", 1, 64, 3, true)
	f.Add("2024-01-02 03:04:05.678 12 DEBUG m d\n2024-01-02 03:04:05.678 12 TRACE m d\nx\n2024-01-02 03:04:05.678 12 INFO m d\n", 2, 0, 2, false)
	f.Fuzz(func(t *testing.T, text string, name, limit, n int, keep bool) {
		needMap(t)
		text = strings.Repeat(text, 1+len(text)%7)
		o := FoldOptions{MaxEvent: limit % 4096, KeepDebug: keep}
		file := names[uint(name)%3]
		if _, got := inParts(t, text, file, o, int(1+uint(n)%9)); !slices.Equal(got, folded(t, text, file, o)) {
			t.Errorf("got  %q\nwant %q", got, folded(t, text, file, o))
		}
	})
}

func TestTheBoundsHoldForMappedFiles(t *testing.T) {
	for _, o := range []Options{{MaxUnpacked: 200_000}, {MaxTotal: 200_000}} {
		_, f := inFile(t, strings.Repeat("some words\n", 40_000), o)
		var read Extent
		var last error
		for _, err := range Windows(f, "x.txt", FoldOptions{Read: &read}) {
			last = err
		}
		if inc, ok := errors.AsType[*IncompleteError](last); !ok || inc.Again || !strings.Contains(inc.Why, "over 200000 bytes") {
			t.Errorf("%+v: %v", o, last)
		}
		if read.Bytes < 200_000 || read.Bytes > 200_000+bufferSize {
			t.Errorf("%+v: %d bytes read", o, read.Bytes)
		}
	}
}

// TestAFileThatGetsShorterIsIncomplete: noticed between two pieces.
func TestAFileThatGetsShorterIsIncomplete(t *testing.T) {
	needMap(t)
	path, f := inFile(t, strings.Repeat("some words\n", 2*maxPiece/11), Options{})
	var last error
	for w, err := range Windows(f, "x.txt", FoldOptions{}) {
		if last = err; err == nil && w.Offset == 0 {
			if err := os.Truncate(path, maxPiece); err != nil {
				t.Fatal(err)
			}
		}
	}
	if inc, ok := errors.AsType[*IncompleteError](last); !ok || !inc.Again || !strings.Contains(inc.Why, "changed while it was read") {
		t.Error(last)
	}
}

// TestAFileThatCannotBeMappedIsRead: sysfs maps none.
func TestAFileThatCannotBeMappedIsRead(t *testing.T) {
	const path = "/sys/kernel/mm/transparent_hugepage/enabled"
	want, err := os.ReadFile(path)
	if err != nil {
		t.Skip("no file of sysfs, which cannot be mapped: ", err)
	}
	l, err := OpenFile(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	body, err := l.Open(t.Context(), l.Listing().Files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if m := (&mapped{file: body.(*localFile), piece: minPiece}); canMap && m.move(0) == nil {
		t.Fatal("it was mapped")
	}
	var got []byte
	for w, err := range Windows(body, "x.txt", FoldOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, w.Text...)
	}
	if string(got) != string(want) {
		t.Errorf("%q, want %q", got, want)
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
