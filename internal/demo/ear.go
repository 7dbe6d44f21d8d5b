package demo

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// Logger is one for the bot that the witness reads: what it logs of verdicts
// and decisions is noted and told, warnings are told, and all goes on to next,
// which may be nil.
func (v *Witness) Logger(next slog.Handler) *slog.Logger {
	if next == nil {
		next = slog.DiscardHandler
	}
	return slog.New(&ear{witness: v, next: next})
}

// ear is a slog.Handler.
type ear struct {
	witness *Witness
	attrs   []slog.Attr
	next    slog.Handler
}

// Enabled takes all that is told or that next wants.
func (e *ear) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || e.next.Enabled(ctx, level)
}

// WithAttrs keeps attributes for the records to come.
func (e *ear) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &ear{e.witness, slices.Concat(e.attrs, attrs), e.next.WithAttrs(attrs)}
}

// WithGroup hands the group on; nothing that is noted stands in one.
func (e *ear) WithGroup(name string) slog.Handler {
	return &ear{e.witness, e.attrs, e.next.WithGroup(name)}
}

// Handle notes one record.
func (e *ear) Handle(ctx context.Context, r slog.Record) error {
	told := map[string]string{}
	for _, a := range e.attrs {
		told[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		told[a.Key] = a.Value.String()
		return true
	})
	e.witness.logged(r, told)
	if !e.next.Enabled(ctx, r.Level) {
		return nil
	}
	return e.next.Handle(ctx, r)
}

// logged tells a record that matters to a story.
func (v *Witness) logged(r slog.Record, told map[string]string) {
	switch {
	case r.Message == "build classified":
		v.look()
		v.classified(told)
	case r.Message == "report decided":
		v.mu.Lock()
		v.decided = append(v.decided, note{told["change"], told["state"]})
		v.mu.Unlock()
		if told["state"] != "said" {
			v.tell("silent", fmt.Sprintf("about %s,%s: %s", told["change"], told["patchset"], told["why"]))
		}
	case r.Level >= slog.LevelWarn:
		v.tell("log", r.Level.String()+" "+r.Message+": "+told["what"]+told["why"]+" "+told["error"])
	}
}

func (v *Witness) classified(told map[string]string) {
	v.mu.Lock()
	v.verdicts = append(v.verdicts, note{told["change"], told["state"]})
	v.mu.Unlock()
	kind, hits := "hit", "1 hit"
	switch told["hits"] {
	case "0":
		kind, hits = "miss", "no hit"
	case "1":
	default:
		hits = told["hits"] + " hits"
	}
	v.tell(kind, fmt.Sprintf("%s on %s is %s (%s)", told["job"], told["change"], told["state"], hits))
}
