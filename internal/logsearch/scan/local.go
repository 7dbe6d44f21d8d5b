package scan

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// SearchLocal searches what a person has at hand: a folder, a file, or a URL
// (http, https, file). fields are what the person knows of the build; tags and
// filename follow from the files' names unless fields has them. Of a single
// file whose name is no log document's they are unknown.
func (s *Searcher) SearchLocal(ctx context.Context, where string, fields ci.Fields) (logsearch.Answer, error) {
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		return s.Search(ctx, logsearch.Build{LogURL: where, Fields: fields})
	}
	path, err := localPath(where)
	if err != nil {
		return logsearch.Answer{}, err
	}
	logs, err := openLocal(path, s.e.o.Local)
	if err != nil {
		return logsearch.Answer{}, fmt.Errorf("scan: %w", err)
	}
	defer logs.Close()
	l, known := logs.Listing(), buildFields(logsearch.Build{Fields: fields})
	return s.files(ctx, l, known, s.divided(ctx, s.plan(l, known), logs), logs.Open)
}

func localPath(where string) (string, error) {
	if !strings.HasPrefix(where, "file:") {
		return where, nil
	}
	u, err := url.Parse(where)
	if err != nil || (u.Host != "" && u.Host != "localhost") || u.Path == "" {
		return "", fmt.Errorf("scan: %s names no file of this machine", joblog.Redact(where))
	}
	return u.Path, nil
}

func openLocal(path string, o joblog.Options) (*joblog.Local, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return joblog.OpenDir(path, o)
	}
	return joblog.OpenFile(path, o)
}
