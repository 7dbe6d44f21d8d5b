package bot

import (
	"log/slog"
	"time"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/tracker"
)

// Rules are how the configured site talks.
func Rules(cfg config.Config) cicomment.Rules {
	rules := cicomment.Rules{Us: cfg.Us, Bots: cfg.Bots}
	for _, c := range cfg.CI {
		entry := cicomment.CI{Name: c.Name, Dialect: c.Dialect, Accounts: c.Accounts, Phrases: c.Phrases, Triggers: c.Triggers}
		rules.CIs = append(rules.CIs, entry)
	}
	return rules
}

// Wording is how the configured site's reviews are worded; the error says what
// is wrong with its template or hints.
func Wording(cfg config.Config) (*handlers.Wording, error) {
	hints := map[string]string{}
	for _, c := range cfg.CI {
		hints[c.Name] = c.RecheckHint
		if hints[c.Name] == "" {
			hints[c.Name] = cfg.Report.RecheckHint
		}
	}
	return handlers.NewWording(handlers.WordingOptions{
		Template: cfg.Report.Template, Hints: hints, CIs: Rules(cfg).CIs, MaxLines: cfg.Report.MaxLines,
	})
}

// CheckWording is a config.Check of the template: what is wrong with it is told
// with its place in the file.
func CheckWording(cfg config.Config) []config.Finding {
	if _, err := Wording(cfg); err != nil {
		return []config.Finding{{Key: "report.template", Msg: err.Error()}}
	}
	return nil
}

// Answers answers questions from a database, as configured.
func Answers(cfg config.Config, r handlers.Reader, version string, now func() time.Time) *handlers.Answers {
	return &handlers.Answers{
		Reader: r, Groups: groups(cfg), BugURL: newTracker(cfg, nil).URL, Version: version, Now: now,
	}
}

func groups(cfg config.Config) []handlers.Group {
	var list []handlers.Group
	for _, g := range cfg.Groups {
		list = append(list, handlers.Group{Name: g.Name, Jobs: globs(g.Jobs)})
	}
	return list
}

func channels(cfg config.Config) []handlers.Channel {
	var list []handlers.Channel
	for _, c := range cfg.Channels {
		list = append(list, handlers.Channel{
			Name: c.Name, Kinds: c.Kinds,
			Projects: globs(c.Projects), Pipelines: globs(c.Pipelines), Branches: globs(c.Branches),
		})
	}
	return list
}

func silence(cfg config.Config) handlers.Silence {
	out := cfg.Report.LeaveOut
	return handlers.Silence{
		SayStale: cfg.Report.Stale == "say",
		MaxAge:   cfg.Report.MaxAge.Duration,
		LeaveOut: handlers.LeaveOut{
			Projects: globs(out.Projects), Pipelines: globs(out.Pipelines), Branches: globs(out.Branches),
			Owners: globs(out.Owners), Hashtags: globs(out.Hashtags),
		},
	}
}

func deadlines(cfg config.Config) handlers.Deadlines {
	return handlers.Deadlines{
		Logs: cfg.Logs.Deadline.Duration, Outage: cfg.Logs.OutageDeadline.Duration,
		Tries: cfg.Logs.Tries, Over: cfg.Logs.TriesOver.Duration,
	}
}

func globs(list []config.Glob) handlers.Globs {
	var out handlers.Globs
	for _, g := range list {
		out = append(out, string(g))
	}
	return out
}

// newTracker knows the configured trackers; it asks each at most once a second.
func newTracker(cfg config.Config, log *slog.Logger) *tracker.Tracker {
	o := tracker.Options{Every: time.Second, Contact: cfg.Logs.Contact, Logger: log}
	for _, t := range cfg.Trackers {
		o.Sites = append(o.Sites, tracker.Site{Name: t.Name, Kind: tracker.Kind(t.Kind), API: t.API, URL: t.URL})
	}
	return tracker.New(o)
}
