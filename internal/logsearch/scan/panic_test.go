package scan

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// oneBad is a source of two consoles, of which one makes the reader panic.
type oneBad struct{}

func (oneBad) List(context.Context, string) (joblog.Listing, error) {
	return joblog.Listing{How: joblog.HowManifest, Files: []joblog.FileInfo{{Name: "a/job-output.txt"}, {Name: "b/job-output.txt"}}}, nil
}

func (oneBad) Open(_ context.Context, f joblog.FileInfo) (io.ReadCloser, error) {
	if strings.HasPrefix(f.Name, "a/") {
		return io.NopCloser(panics{}), nil
	}
	return io.NopCloser(strings.NewReader(stampLine + "boom\n")), nil
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("bug") }

// A panic over one file ends neither the program nor the search of the others.
func TestPanicOverOneFile(t *testing.T) {
	s := compiled(t, Options{}, `message:boom`).From(oneBad{})
	a, err := s.Search(t.Context(), logsearch.Build{LogURL: "https://logs.example.org/1/"})
	want(t, a, err, "incomplete; 0: 1× b/job-output.txt:1")
	if !strings.Contains(a.Why, "panicked: bug") || a.RetryAfter != 0 {
		t.Error(a.Why, a.RetryAfter)
	}
}
