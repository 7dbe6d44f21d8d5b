package handlers

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// Mode is how far what was decided goes out.
type Mode string

// The modes. In dry-run all is decided, logged and written to the outbox, and
// nothing leaves it; announce speaks on IRC only.
const (
	ModeDryRun   Mode = "dry-run"
	ModeAnnounce Mode = "announce"
	ModeLive     Mode = "live"
)

// ReportStore is what composing needs of the store.
type ReportStore interface {
	DueReports(ctx context.Context, now time.Time, limit int) ([]int64, error)
	Report(ctx context.Context, id int64) (store.ReportView, error)
	ReportDecider
	DeadStore
}

// ReportDecider writes what was decided on a report, or puts it off.
type ReportDecider interface {
	Decide(ctx context.Context, report int64, state, why string, out []store.Outgoing) error
	RetryReport(ctx context.Context, report int64, next time.Time, why string) error
}

// ChangeAsker tells how a change is now.
type ChangeAsker interface {
	Current(ctx context.Context, number int64) (ci.Change, error)
}

// ComposeOptions are what the step of composing works with.
type ComposeOptions struct {
	Store     ReportStore
	Changes   ChangeAsker // asked before anything is said; nil: the store is believed
	Wording   *Wording
	Redactor  *Redactor // nil: with DefaultRedact
	Excerpt   int       // characters of a quoted line; 0: 200
	Silence   Silence
	Mode      Mode
	Notify    string // whom Gerrit mails; empty: OWNER
	Channels  []Channel
	GerritURL string                 // for links where a change brings none
	BugURL    func(ci.BugRef) string // nil: no links to bugs
	Sets      *Sets                  // which fingerprints may be said
	Logger    *slog.Logger
	Now       func() time.Time
	Wake      Wake
	Next      []Wake // those that deliver
}

// Compose decides what is said of each report that is due.
type Compose struct {
	o      ComposeOptions
	gather gatherer
	graves *graves
	log    *slog.Logger
}

// NewCompose makes the step.
func NewCompose(o ComposeOptions) *Compose {
	if o.Redactor == nil {
		o.Redactor = NewRedactor(nil)
	}
	if o.BugURL == nil {
		o.BugURL = func(ci.BugRef) string { return "" }
	}
	o.Notify, o.Now = cmp.Or(o.Notify, "OWNER"), clock(o.Now)
	g := gatherer{redact: o.Redactor, excerpt: cmp.Or(o.Excerpt, 200), bugURL: o.BugURL}
	return &Compose{o: o, gather: g, graves: newGraves(store.StepCompose, o.Store, o.Logger, o.Now), log: logger(o.Logger)}
}

// reportBatch is how many reports are decided before the step looks again.
const reportBatch = 50

// Run decides on reports until ctx ends.
func (c *Compose) Run(ctx context.Context) error {
	return loop{name: "compose", wake: c.o.Wake, log: c.log}.run(ctx, c.step)
}

// step decides on the reports that are due now.
func (c *Compose) step(ctx context.Context) (bool, error) {
	limit := reportBatch + c.graves.waiting()
	ids, err := c.o.Store.DueReports(ctx, c.o.Now(), limit)
	if err != nil {
		return false, fmt.Errorf("compose: due reports: %w", err)
	}
	if len(ids) > 0 {
		defer wakeAll(c.o.Next)
	}
	for _, id := range ids {
		if err := c.graves.try(ctx, id, func(ctx context.Context) error { return c.one(ctx, id) }); err != nil {
			return false, err
		}
	}
	return len(ids) == limit, nil
}

// waitForMore is when a report that has nothing to say yet is looked at again;
// the store wakes it before when its last build is decided.
const waitForMore = time.Minute

// askAgain is when Gerrit is asked again how a change is now.
const askAgain = 5 * time.Second

// one decides on one report and writes the decision.
func (c *Compose) one(ctx context.Context, id int64) error {
	v, err := c.o.Store.Report(ctx, id)
	if err != nil {
		return err
	}
	now := c.o.Now()
	d := c.decide(v, now)
	if len(d.out) > 0 {
		d = c.reconsider(ctx, v, now)
	}
	log := c.log.With("report", id, "change", v.Change.Number, "patchset", v.Patchset, "pipeline", v.Pipeline)
	if d.wait > 0 {
		log.Debug("report waits", "why", d.why)
		return ignoreState(c.o.Store.RetryReport(ctx, id, now.Add(d.wait), d.why))
	}
	if err := ignoreState(c.o.Store.Decide(ctx, id, d.state, d.why, d.out)); err != nil {
		return err
	}
	log.Info("report decided", "state", d.state, "why", d.why, "mode", c.o.Mode, "messages", len(d.out))
	return nil
}

// reconsider decides on the change as it is now. Without an answer nothing is
// said yet.
func (c *Compose) reconsider(ctx context.Context, v store.ReportView, now time.Time) decision {
	v, err := asItIs(ctx, c.o.Changes, v)
	if err != nil {
		return decision{wait: askAgain, why: "how the change is now is not known: " + err.Error()}
	}
	return c.decide(v, now)
}

// decision is what becomes of a report.
type decision struct {
	state, why string        // state: said, silent, refused
	wait       time.Duration // nothing to say yet, but there may be later, after this
	out        []store.Outgoing
}

// decide is the rule of when to speak; it does no I/O.
func (c *Compose) decide(v store.ReportView, now time.Time) decision {
	if why := c.o.Silence.why(v, now); why != "" {
		return decision{state: store.ReportSilent, why: why}
	}
	g := c.gather.gather(v, c.o.Sets.Sayable)
	if len(g.Recognized) == 0 {
		return c.nothing(v, g)
	}
	if !g.uncertain {
		g.Hint = c.o.Wording.hints[v.CI]
	}
	d := decision{state: store.ReportSaid, out: c.announce(v, g.Text)}
	review, err := c.review(v, g.Text)
	switch {
	case err != nil:
		d.state, d.why = store.ReportRefused, err.Error()
	case c.o.Mode == ModeAnnounce:
		d.why = "mode announce: no review"
	default:
		d.why, d.out = string(c.o.Mode), append(d.out, review)
	}
	return d
}

// nothing is the decision when nothing may be said on the review. Channels may
// want to hear of what nothing recognized.
func (c *Compose) nothing(v store.ReportView, g gathered) decision {
	if g.pending > 0 {
		return decision{wait: waitForMore, why: fmt.Sprintf("%d jobs are still being looked at", g.pending)}
	}
	d := decision{state: store.ReportSilent, out: c.announce(v, g.Text)}
	switch {
	case g.Failed == 0:
		d.why = "no voting job failed"
	case g.hidden > 0:
		d.why = fmt.Sprintf("nothing recognized that may be said: %d of %d failed jobs only by fingerprints that are kept quiet", g.hidden, g.Failed)
	default:
		d.why = fmt.Sprintf("nothing recognized in %d failed %s", g.Failed, plural(g.Failed, "job"))
	}
	return d
}

// reportCause is why a report is spoken of, in the outbox's key.
func reportCause(id int64) string { return fmt.Sprintf("report:%d", id) }

// review is the review of a report, for the outbox.
func (c *Compose) review(v store.ReportView, t Text) (store.Outgoing, error) {
	cause := reportCause(v.ID)
	ref := cicomment.Reference(cause, v.Own)
	body, err := c.o.Wording.Review(t, ref)
	return store.Outgoing{
		Medium: store.MediumGerrit,
		Target: ci.Patchset{Change: v.Change.Number, Number: v.Patchset}.String(),
		Cause:  cause, Body: body, Own: v.Own, NotAfter: v.Own.Add(c.o.Silence.maxAge()),
		Ref: ref, Tag: tagOf(t.Pipeline), Notify: c.o.Notify,
	}, err
}

// tagOf marks a review as written by a program, so that Gerrit's pages can fold
// it; "autogenerated:" is what they look for.
func tagOf(pipeline string) string {
	return strings.TrimSuffix("autogenerated:recheckbot:"+strings.ReplaceAll(pipeline, " ", "-"), ":")
}

// announce is one line for each channel that wants to hear of the report.
func (c *Compose) announce(v store.ReportView, t Text) []store.Outgoing {
	var out []store.Outgoing
	address := cmp.Or(c.gather.link(v.Change.URL), c.changeURL(v.Change.Number))
	for _, ch := range c.o.Channels {
		line := ""
		switch {
		case len(t.Recognized) > 0 && ch.wantsReport(KindRecognized, t):
			line = recognizedLine(t, address)
		case len(t.Unrecognized) > 0 && ch.wantsReport(KindUnrecognized, t):
			line = unrecognizedLine(t, address)
		default:
			continue
		}
		out = append(out, store.Outgoing{
			Medium: store.MediumIRC, Target: ch.Name, Cause: reportCause(v.ID), Body: line,
			Own: v.Own, NotAfter: v.Own.Add(c.o.Silence.maxAge()),
		})
	}
	return out
}

// changeURL is where a person finds a change, or "".
func (c *Compose) changeURL(number int64) string {
	if c.o.GerritURL == "" {
		return ""
	}
	return fmt.Sprintf("%s/%d", strings.TrimRight(c.o.GerritURL, "/"), number)
}
