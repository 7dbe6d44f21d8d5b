package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/joblog"
)

// sources are the log hosts of each CI, each with rules of its own: what one CI
// allows, such as private addresses, another's hosts do not get.
type sources []*joblog.Source

func newSources(cfg config.Config, log *slog.Logger) sources {
	var list sources
	for _, c := range cfg.CI {
		list = append(list, joblog.New(joblog.Options{
			Hosts: c.LogHosts, AllowPrivate: c.AllowPrivate, MaxRedirects: cfg.Logs.MaxRedirects,
			MaxFetched: int64(cfg.Logs.MaxFetched), MaxUnpacked: int64(cfg.Logs.MaxUnpacked), MaxTotal: int64(cfg.Logs.MaxTotal),
			Timeout: cfg.Logs.Timeout.Duration, Contact: cfg.Logs.Contact, Logger: log,
		}))
	}
	return list
}

// List lists with the first CI whose rules allow the address.
func (s sources) List(ctx context.Context, logURL string) (joblog.Listing, error) {
	return first(s, func(src *joblog.Source) (joblog.Listing, error) { return src.List(ctx, logURL) })
}

// Open opens with the first CI whose rules allow the address.
func (s sources) Open(ctx context.Context, f joblog.FileInfo) (io.ReadCloser, error) {
	return first(s, func(src *joblog.Source) (io.ReadCloser, error) { return src.Open(ctx, f) })
}

// first is the answer of the first source that does not refuse.
func first[T any](s sources, ask func(*joblog.Source) (T, error)) (T, error) {
	var refused error = &joblog.RefusedError{Why: "no CI is configured, so no log host is allowed"}
	for _, src := range s {
		answer, err := ask(src)
		var no *joblog.RefusedError
		if !errors.As(err, &no) {
			return answer, err
		}
		refused = err
	}
	var none T
	return none, fmt.Errorf("logs: %w", refused)
}

func (s sources) close() error {
	for _, src := range s {
		src.Close()
	}
	return nil
}
