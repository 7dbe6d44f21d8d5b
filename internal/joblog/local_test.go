package joblog_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/fake/loghost"
	"github.com/recheckbot/recheckbot/internal/joblog"
)

func TestLocalFilesStayInTheirFolder(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret.txt")
	for path, text := range map[string]string{
		filepath.Join(dir, "a.txt"):           "plain",
		filepath.Join(dir, "sub", "b.txt.gz"): string(loghost.Pack("gzip", []byte("packed"))),
		outside:                               "secret",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out.txt")); err != nil {
		t.Fatal(err)
	}
	l, err := joblog.OpenDir(dir, joblog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := names(l.Listing()); !slices.Equal(got, []string{"a.txt", "sub/b.txt.gz"}) {
		t.Error(got)
	}
	if got := readLocal(t, l, "sub/b.txt.gz"); got != "packed" {
		t.Error(got)
	}
	if _, err := l.Open(t.Context(), joblog.FileInfo{Name: "out.txt"}); err == nil {
		t.Error("a link led out of the folder")
	}
}

func readLocal(t *testing.T, l *joblog.Local, name string) string {
	t.Helper()
	r, err := l.Open(t.Context(), joblog.FileInfo{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLocalBoundsAndBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	packed := loghost.Pack("gzip", []byte(strings.Repeat("x", 5000)))
	path := filepath.Join(dir, "a.txt.gz")
	for _, c := range []struct {
		body []byte
		max  int64
		want string
	}{{packed, 0, ""}, {packed, 100, "broken or over"}, {packed[:len(packed)-5], 0, "broken or over"}, {packed[:3], 0, "broken or over"}} {
		if err := os.WriteFile(path, c.body, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := joblog.OpenFile(path, joblog.Options{MaxUnpacked: c.max})
		if err != nil {
			t.Fatal(err)
		}
		err = drain(t, l, l.Listing().Files[0])
		if k := kind(err); k != "" && c.want == "" || k != "over" && c.want != "" {
			t.Errorf("%d bytes, bound %d: %v", len(c.body), c.max, err)
		}
		l.Close()
	}
	if _, err := joblog.OpenFile(dir, joblog.Options{}); err == nil {
		t.Error("a folder was opened as a file")
	}
}

func drain(t *testing.T, l *joblog.Local, f joblog.FileInfo) error {
	r, err := l.Open(t.Context(), f)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}
