package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/store"
)

// pipe lets several readers read rows at once and keeps their order. It is
// bounded, so that whoever is slowest sets the pace.
type pipe struct {
	order chan *job
	work  chan *job
}

// job is one row on its way, or the end of a window.
type job struct {
	row   gerritstream.Row
	upTo  time.Time // of a window's end
	ready chan struct{}
	out   store.Listed
	bad   error
}

// pipeRows is how many rows are on their way at most.
const pipeRows = 8

func newPipe() *pipe {
	return &pipe{order: make(chan *job, pipeRows), work: make(chan *job, pipeRows)}
}

// put puts a row in.
func (p *pipe) put(ctx context.Context, row gerritstream.Row, bad error) error {
	j := &job{row: row, bad: bad, ready: make(chan struct{})}
	if bad != nil {
		j.out.Change.Number = tooLong(bad)
		close(j.ready)
		return send(ctx, p.order, j)
	}
	if err := send(ctx, p.order, j); err != nil {
		return err
	}
	return send(ctx, p.work, j)
}

// mark puts the end of a window in.
func (p *pipe) mark(ctx context.Context, upTo time.Time) error {
	j := &job{upTo: upTo, ready: make(chan struct{})}
	close(j.ready)
	return send(ctx, p.order, j)
}

// close says that nothing more comes.
func (p *pipe) close() {
	close(p.work)
	close(p.order)
}

func send(ctx context.Context, to chan *job, j *job) error {
	select {
	case to <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads rows until there are no more.
func (p *pipe) read(ctx context.Context, f func(gerritstream.Row) (store.Listed, error)) {
	for j := range p.work {
		if ctx.Err() == nil {
			j.out, j.bad = safeListed(f, j.row)
		}
		j.row = nil
		close(j.ready)
	}
}

// safeListed makes a panic of the reader that row's fault.
func safeListed(f func(gerritstream.Row) (store.Listed, error), row gerritstream.Row) (l store.Listed, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(row)
}

// cursor is the name under which a backfill of these conditions is kept.
func (b *Backfill) cursor() string {
	sum := sha256.Sum256([]byte(b.o.Where))
	return "backfill-" + hex.EncodeToString(sum[:6])
}

// saved is where an earlier backfill was; zero when there is none.
func (b *Backfill) saved(ctx context.Context) (p BackfillProgress, err error) {
	value, _, err := b.o.Store.Cursor(ctx, b.cursor())
	if err != nil || value == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return p, fmt.Errorf("cursor %s: %w", b.cursor(), err)
	}
	return p, nil
}

// save keeps how far it is; nil: it is done.
func (b *Backfill) save(ctx context.Context, p *BackfillProgress) error {
	if p == nil {
		return b.o.Store.SetCursor(ctx, b.cursor(), "")
	}
	v, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return b.o.Store.SetCursor(ctx, b.cursor(), string(v))
}
