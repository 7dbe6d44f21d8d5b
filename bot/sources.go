package bot

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
)

// sources are the log hosts of each CI, each with rules of its own: what one CI
// allows, such as private addresses, another's reports do not get.
type sources map[string]*joblog.Source

func newSources(cfg config.Config, log *slog.Logger) sources {
	all := sources{}
	for _, c := range cfg.CI {
		all[c.Name] = joblog.New(joblog.Options{
			Hosts: c.LogHosts, AllowPrivate: c.AllowPrivate, MaxRedirects: cfg.Logs.MaxRedirects,
			MaxFetched: int64(cfg.Logs.MaxFetched), MaxUnpacked: int64(cfg.Logs.MaxUnpacked), MaxTotal: int64(cfg.Logs.MaxTotal),
			Timeout: cfg.Logs.Timeout.Duration, Contact: cfg.Logs.Contact, Logger: log,
		})
	}
	return all
}

// of is one CI's log hosts, nil where there is no such CI.
func (s sources) of(ci string) handlers.Logs {
	if src, ok := s[ci]; ok {
		return src
	}
	return nil
}

func (s sources) close() error {
	for _, src := range s {
		src.Close()
	}
	return nil
}

// search looks with one compiled set into the logs of every CI, by the rules of
// the one that reported the build.
type search struct {
	set  *scan.Searcher
	logs sources
}

// Search searches one build.
func (s search) Search(ctx context.Context, b logsearch.Build) (logsearch.Answer, error) {
	src, ok := s.logs[b.CI]
	if !ok {
		return logsearch.Answer{Status: logsearch.Incomplete,
			Why: fmt.Sprintf("no CI %q is configured, so no log host is allowed", b.CI)}, nil
	}
	return s.set.From(src).Search(ctx, b)
}
