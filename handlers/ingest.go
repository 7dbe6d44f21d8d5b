package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// IngestStore is what ingesting needs of the store.
type IngestStore interface {
	PendingRaw(ctx context.Context, limit int) ([]store.Raw, error)
	SetRawAside(ctx context.Context, id int64, why string) error
	CursorStore
	Ingest(ctx context.Context, heard []store.Heard) error
}

// IngestOptions are what the step of ingesting works with.
type IngestOptions struct {
	Store   IngestStore
	Rules   cicomment.Rules
	Offset  *Offset // shared with Catchup
	Sink    *Sink   // whose Begin and Alive the step calls; may be nil
	Batch   int     // lines of one transaction; 0: 1000
	Logger  *slog.Logger
	Now     func() time.Time
	Wake    Wake
	Next    []Wake // all that work on what was ingested
	Catchup Wake   // has a new gap
}

// Ingest understands the lines that the sink stored.
type Ingest struct {
	o   IngestOptions
	log *slog.Logger
}

// NewIngest makes the step.
func NewIngest(o IngestOptions) *Ingest {
	o.Batch, o.Now = cmp.Or(o.Batch, 1000), clock(o.Now)
	if o.Offset == nil {
		o.Offset = &Offset{}
	}
	return &Ingest{o: o, log: logger(o.Logger)}
}

// Run ingests until ctx ends.
func (i *Ingest) Run(ctx context.Context) error {
	return loop{name: "ingest", wake: i.o.Wake, log: i.log}.run(ctx, i.step)
}

// step ingests one batch.
func (i *Ingest) step(ctx context.Context) (bool, error) {
	if err := i.alive(ctx); err != nil {
		return false, fmt.Errorf("ingest: %w", err)
	}
	raws, err := i.o.Store.PendingRaw(ctx, i.o.Batch)
	if err != nil {
		return false, fmt.Errorf("ingest: pending lines: %w", err)
	}
	heard, err := i.understand(ctx, raws)
	if err != nil {
		return false, err
	}
	if len(heard) > 0 {
		if err := i.ingest(ctx, heard); err != nil {
			return false, err
		}
		wakeAll(i.o.Next)
		if err := i.o.Offset.Save(ctx, i.o.Store); err != nil {
			return false, fmt.Errorf("ingest: %w", err)
		}
	}
	return len(raws) > 0, nil
}

// alive lets the sink keep its account of when we listened.
func (i *Ingest) alive(ctx context.Context) error {
	if err := i.o.Offset.Load(ctx, i.o.Store); err != nil {
		return err
	}
	if i.o.Sink == nil {
		return nil
	}
	if err := i.o.Sink.Begin(ctx); err != nil {
		return err
	}
	return i.o.Sink.Alive(ctx)
}

// understand reads the lines; one that cannot be read is set aside.
func (i *Ingest) understand(ctx context.Context, raws []store.Raw) ([]store.Heard, error) {
	heard := make([]store.Heard, 0, len(raws))
	for _, raw := range raws {
		h, err := i.read(raw)
		if err == nil {
			heard = append(heard, h)
			continue
		}
		if err := i.aside(ctx, raw.ID, err); err != nil {
			return nil, err
		}
	}
	return heard, nil
}

// read turns one line into what was heard. A panic of a reader is that line's
// fault and must not stop the others.
func (i *Ingest) read(raw store.Raw) (h store.Heard, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	e, err := gerritstream.Decode(raw.Body)
	if err != nil {
		return h, err
	}
	i.o.Offset.Observe(raw.Received, e.Created)
	h = store.Heard{RawID: raw.ID, Via: raw.Source, Change: e.Change, Received: raw.Received}
	switch e.Type {
	case "comment-added":
		h.Comment = i.comment(raw, e)
	case "patchset-created":
		h.NewPatchset = e.Patchset
	}
	return h, nil
}

// comment is the comment of an event.
func (i *Ingest) comment(raw store.Raw, e gerritstream.Event) *store.Comment {
	parsed := i.o.Rules.Parse(cicomment.Input{Comment: e.Comment, Author: e.Author, PatchsetLevel: e.PatchsetLevel})
	created := e.Created
	if created.IsZero() {
		created = i.o.Offset.Gerrits(raw.Received).Truncate(time.Second)
	}
	return &store.Comment{
		Author: e.Author, EventTime: created, Body: e.Comment, PatchsetLevel: e.PatchsetLevel,
		Patchset: cmp.Or(parsed.Patchset, e.Patchset), Parsed: parsed,
		Own: i.o.Offset.Own(created), FirstSeen: raw.Received,
	}
}

// ingest stores what was heard. When the batch fails each line is tried alone,
// so that one poisoned line costs nobody else; a line that fails alone is set
// aside. When the database itself is in trouble, or when even that cannot be
// written, no line is to blame: they stay and are tried again.
func (i *Ingest) ingest(ctx context.Context, heard []store.Heard) error {
	err := i.o.Store.Ingest(ctx, heard)
	if err == nil || ctx.Err() != nil || isFault(err) {
		return err
	}
	i.log.Warn("batch failed, each line is tried alone", "lines", len(heard), "error", err)
	for _, h := range heard {
		err := i.o.Store.Ingest(ctx, []store.Heard{h})
		if ctx.Err() != nil || isFault(err) {
			return err
		}
		if err == nil {
			continue
		}
		if err := i.aside(ctx, h.RawID, err); err != nil {
			return err
		}
	}
	return nil
}

// isFault reports whether an error is the database's own.
func isFault(err error) bool {
	_, is := errors.AsType[*store.FaultError](err)
	return is
}

// aside sets a line aside with its error; that opens a gap.
func (i *Ingest) aside(ctx context.Context, id int64, cause error) error {
	i.log.Warn("line set aside, gap opened", "raw", id, "why", cause)
	if err := i.o.Store.SetRawAside(ctx, id, cause.Error()); err != nil {
		return fmt.Errorf("ingest: line %d: %w", id, err)
	}
	i.o.Catchup.Now()
	return nil
}
