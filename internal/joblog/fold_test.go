package joblog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// all folds text and shows each event as "line@offset: text".
func all(t *testing.T, text, name string, o FoldOptions) []string {
	t.Helper()
	var got []string
	for ev, err := range Fold(strings.NewReader(text), name, o) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d@%d: %s", ev.Line, ev.Offset, ev.Text))
	}
	return got
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		about, name, text string
		want              []string
	}{
		{"console: others fold into the event, the stamp is stripped", "job-output.txt",
			"2024-01-02 03:04:05.678901 | host | one\nmore\n\nand more\n2024-01-02 03:04:06.000001 | two\n",
			[]string{"1@0: host | one\nmore\n\nand more", "5@55: two"}},
		{"console without stamps: each line an event", "consoleText", "a\nb\r\nc", []string{"1@0: a", "2@2: b", "3@5: c"}},
		{"console: an empty event", "console.html", "<pre>\n2024-01-02 03:04:05.678 |\n2024-01-02 03:04:05.679 | x\n",
			[]string{"1@0: <pre>", "2@6: ", "3@32: x"}},
		{"oslo: TRACE and ERROR with a pid fold, without they do not", "logs/screen-n-cpu.txt",
			"2024-01-02 03:04:05.678 12 INFO mod [-] i\n2024-01-02 03:04:05.679 12 ERROR mod [-] e\n" +
				"2024-01-02 03:04:05.680 12 TRACE mod Traceback\n  raw\n2024-01-02 03:04:05.681 ERROR mod [-] own\n",
			[]string{"1@0: 2024-01-02 03:04:05.678 12 INFO mod [-] i\n2024-01-02 03:04:05.679 12 ERROR mod [-] e\n" +
				"2024-01-02 03:04:05.680 12 TRACE mod Traceback\n  raw", "5@138: 2024-01-02 03:04:05.681 ERROR mod [-] own"}},
		{"oslo: DEBUG is dropped with its lines, an ERROR behind it is not lost", "screen-a.txt",
			"+ exec\n2024-01-02 03:04:05.678 12 DEBUG m [-] d\n  {\n2024-01-02 03:04:05.679 12 ERROR m [-] e\n" +
				"2024-01-02 03:04:05.680 12 DEBUG m [-] d\nx\n2024-01-02 03:04:05.681 12 TRACE m t\n2024-01-02 03:04:05.682 12 INFO m i",
			[]string{"1@0: + exec", "4@52: 2024-01-02 03:04:05.679 12 ERROR m [-] e\n2024-01-02 03:04:05.681 12 TRACE m t",
				"8@173: 2024-01-02 03:04:05.682 12 INFO m i"}},
		{"oslo in the journal", "controller/logs/screen-n-api.txt.gz",
			"-- Logs begin\nJan 02 03:04:05.678901 host devstack@n-api.service[7]: ERROR nova.x [None req-1] e\n" +
				"Jan 02 03:04:05.678902 host devstack@n-api.service[7]: ERROR nova.x Traceback\n" +
				"Jan 02 03:04:05.678903 host devstack@n-api.service[7]: DEBUG nova.x [None] d\n",
			[]string{"1@0: -- Logs begin", "2@14: Jan 02 03:04:05.678901 host devstack@n-api.service[7]: ERROR nova.x [None req-1] e\n" +
				"Jan 02 03:04:05.678902 host devstack@n-api.service[7]: ERROR nova.x Traceback"}},
		{"others: each line an event, DEBUG too", "syslog.txt", "Jan  2 03:04:05 h a: DEBUG\nb\n\n",
			[]string{"1@0: Jan  2 03:04:05 h a: DEBUG", "2@27: b", "3@29: "}},
		{"NUL, CR inside and invalid UTF-8 pass", "x.txt", "a\x00b\rc\xff\n", []string{"1@0: a\x00b\rc\xff"}},
		{"nothing", "x.txt", "", nil},
	} {
		if got := all(t, c.text, c.name, FoldOptions{}); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.about, got, c.want)
		}
	}
}

func TestFoldKeepsDebugWhenTold(t *testing.T) {
	got := all(t, "2024-01-02 03:04:05.678 12 DEBUG m [-] d\n", "screen-a.txt", FoldOptions{KeepDebug: true})
	if len(got) != 1 {
		t.Error(got)
	}
}

func TestFoldReadsTimeLevelModuleAndPid(t *testing.T) {
	text := "2024-01-02T03:04:05,25+01:00 12 WARNING nova.x [-] d\n"
	for ev := range Fold(strings.NewReader(text), "screen-a.txt", FoldOptions{}) {
		if !ev.Time.Equal(time.Date(2024, 1, 2, 2, 4, 5, 250_000_000, time.UTC)) ||
			ev.LogLevel != "WARNING" || ev.Module != "nova.x" || ev.Pid != "12" {
			t.Errorf("%+v", ev)
		}
	}
}

func TestFoldCutsWhatIsTooLongAndSaysSo(t *testing.T) {
	line := "2024-01-02 03:04:05 | " + strings.Repeat("word ", 1000)
	text := line + "\n2024-01-02 03:04:06 | end\n"
	var lines, cut int
	var joined strings.Builder
	for ev, err := range Fold(strings.NewReader(text), "job-output.txt", FoldOptions{MaxEvent: 100}) {
		if err != nil || len(ev.Text) > 100 || (ev.Line != 1 && ev.Line != 2) {
			t.Fatal(err, len(ev.Text), ev.Line)
		}
		if ev.Line == 1 {
			lines++
			if ev.Cut {
				cut++
			}
			if !strings.HasPrefix(text[ev.Offset:], string(ev.Text)) && lines > 1 {
				t.Fatal("wrong offset", ev.Offset)
			}
			joined.Write(ev.Text)
		}
	}
	if cut != lines-1 || joined.String() != line[len("2024-01-02 03:04:05 | "):] {
		t.Error(lines, cut, joined.Len())
	}
}

func TestFoldMemoryIsBounded(t *testing.T) {
	r := io.LimitReader(endless{bytes.Repeat([]byte("x"), 1<<20)}, 100<<20)
	total := 0
	allocated := testing.AllocsPerRun(1, func() {
		for ev, err := range Fold(r, "job-output.txt", FoldOptions{}) {
			if err != nil || len(ev.Text) > MaxEvent {
				t.Fatal(err, len(ev.Text))
			}
			total += len(ev.Text)
		}
	})
	if total != 100<<20 || allocated > 1000 {
		t.Error(total, allocated)
	}
}

// endless is one long line.
type endless struct{ block []byte }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.block), nil }

func TestFoldGivesTheReadersErrorLast(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(broken))
	var got []string
	for ev, err := range Fold(r, "x.txt", FoldOptions{}) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, string(ev.Text))
	}
	if !slices.Equal(got, []string{"one", "two", "broken"}) {
		t.Error(got)
	}
}

func TestFoldDoesNotDependOnHowTheReaderReads(t *testing.T) {
	text := strings.Repeat("2024-01-02 03:04:05.678 12 INFO m [-] d\r\n  more\n2024-01-02 03:04:05.679 12 TRACE m e\n", 50)
	want := all(t, text, "screen-a.txt", FoldOptions{})
	var got []string
	for ev := range Fold(iotest.OneByteReader(strings.NewReader(text)), "screen-a.txt", FoldOptions{}) {
		got = append(got, fmt.Sprintf("%d@%d: %s", ev.Line, ev.Offset, ev.Text))
	}
	if !slices.Equal(got, want) {
		t.Error("differs")
	}
}

func TestFoldStopsWhenTold(t *testing.T) {
	n := 0
	for range Fold(strings.NewReader("a\nb\nc\n"), "x.txt", FoldOptions{}) {
		n++
		break
	}
	if n != 1 {
		t.Error(n)
	}
}

func FuzzFold(f *testing.F) {
	f.Add("2024-01-02 03:04:05.678 | a\nb\r\n", "console.html", 64)
	f.Add("2024-01-02 03:04:05.678 12 ERROR m [-] d\nJan  2 03:04:05 h u[1]: DEBUG m x\n", "screen-a.txt", 1)
	f.Add("9999-99-99 99:99:99.999999999999999999999+99:99 | \x00\xff", "job-output.txt", 0)
	f.Fuzz(func(t *testing.T, text, name string, limit int) {
		last := int64(-1)
		for ev, err := range Fold(strings.NewReader(text), name, FoldOptions{MaxEvent: limit % 4096, KeepDebug: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Offset < last || ev.Offset > int64(len(text)) || int(ev.Line) > strings.Count(text, "\n")+1 {
				t.Fatalf("line %d, offset %d after %d", ev.Line, ev.Offset, last)
			}
			last = ev.Offset
		}
	})
}
