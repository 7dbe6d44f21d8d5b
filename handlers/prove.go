package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// look is what this run of the program knows of a review that is not proven.
// Its times do not come from the table: the clock may have been set meanwhile,
// and what an earlier run was told counts for nothing.
type look struct {
	next     time.Time // when Gerrit is asked
	denials  int       // how often Gerrit said that it is not there
	failures int       // how often in a row Gerrit could not be asked
	absent   time.Time // since when Gerrit shows no such change; zero: it does
}

// maxUnproven bounds how many reviews are looked after at a time.
const maxUnproven = 1000

// prove asks Gerrit for reviews that did not come back by themselves. After one
// that cannot be asked for it returns; the next call begins with the others.
func (d *DeliverGerrit) prove(ctx context.Context) error {
	if d.away.lasts(d.o.Now()) {
		return nil
	}
	rows, err := d.o.Store.Unproven(ctx, store.MediumGerrit, maxUnproven)
	if err != nil {
		return fmt.Errorf("deliver: unproven reviews: %w", err)
	}
	var full error
	if len(rows) == maxUnproven {
		full = fmt.Errorf("%d reviews wait for their proof, which is the bound: more wait unasked", maxUnproven)
	}
	d.trouble.note("proving reviews", full)
	d.lookAt(rows)
	for _, out := range rows {
		l := d.looks[out.ID]
		if d.o.Now().Before(l.next) {
			continue
		}
		if err := d.graves.try(ctx, out.ID, func(ctx context.Context) error { return d.ask(ctx, out, l) }); err != nil {
			return err
		}
		if l.failures > 0 || ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// lookAt forgets rows that need no more proof; the grace of new ones begins.
func (d *DeliverGerrit) lookAt(rows []store.Out) {
	still := make(map[int64]*look, len(rows))
	for _, out := range rows {
		still[out.ID] = d.looks[out.ID]
		if still[out.ID] == nil {
			still[out.ID] = &look{next: d.o.Now().Add(d.o.Grace)}
		}
	}
	d.looks = still
}

// ask asks Gerrit for one review, by its reference.
func (d *DeliverGerrit) ask(ctx context.Context, out store.Out, l *look) error {
	ps, err := parseTarget(out.Target)
	if err != nil {
		return d.o.Store.Refuse(ctx, out.ID, err.Error())
	}
	list, err := d.o.Gerrit.Messages(ctx, ps.Change)
	if ctx.Err() != nil {
		return nil
	}
	if none, absent := errors.AsType[*gerritstream.NotFoundError](err); absent {
		return d.absent(ctx, out, l, none)
	}
	d.trouble.note("asking for reviews", err)
	if err != nil {
		return d.unanswered(ctx, out, l, err)
	}
	l.failures, l.absent = 0, time.Time{}
	d.away.over()
	if at, id := d.find(list, out.Ref); !at.IsZero() {
		d.log.Info("review proven", "target", out.Target, "cause", out.Cause, "ref", out.Ref)
		return d.o.Store.Proven(ctx, out.ID, strings.TrimSpace("in Gerrit's list at "+at.UTC().Format(time.RFC3339)+" "+id))
	}
	l.denials++
	l.next = d.o.Now().Add(d.o.Grace)
	if l.denials < 2 {
		return nil
	}
	delete(d.looks, out.ID)
	return ignoreState(d.again(ctx, out))
}

// unanswered puts off a review that Gerrit could not be asked for: no answer is
// no denial. It is not asked for ever.
func (d *DeliverGerrit) unanswered(ctx context.Context, out store.Out, l *look, err error) error {
	l.failures++
	l.next = d.o.Now().Add(d.o.Retry.After(l.failures))
	if errors.Is(err, gerritstream.ErrNotSent) {
		d.away.begin(d.o.Now())
	}
	if d.o.Now().Sub(out.Attempted) < d.o.GiveUp {
		return nil
	}
	return d.unconfirmed(ctx, out, fmt.Sprintf("Gerrit could not be asked for it in %s: %s", d.o.GiveUp, err))
}

// absent puts off a review of a change that Gerrit does not show. Its index may
// lag; if it stays so the change was deleted or hidden from us.
func (d *DeliverGerrit) absent(ctx context.Context, out store.Out, l *look, none *gerritstream.NotFoundError) error {
	now := d.o.Now()
	if l.absent.IsZero() {
		l.absent = now
	}
	l.failures, l.next = 0, now.Add(d.o.Lag/10)
	if now.Sub(l.absent) < d.o.Lag {
		return nil
	}
	return d.unconfirmed(ctx, out, none.Error())
}

// unconfirmed ends a review of which nobody can tell whether it is there. It is
// counted and shown; a proof that comes late still counts.
func (d *DeliverGerrit) unconfirmed(ctx context.Context, out store.Out, why string) error {
	d.log.Error("review unconfirmed", "target", out.Target, "cause", out.Cause, "ref", out.Ref, "why", why)
	return d.o.Store.Unconfirmed(ctx, out.ID, why)
}

// find looks for our own comment with that reference.
func (d *DeliverGerrit) find(list []gerritstream.Comment, ref string) (time.Time, string) {
	for _, m := range list {
		p := d.o.Rules.Parse(cicomment.Input{
			Comment: m.Message, Tag: m.Tag, Author: m.Author, PatchsetLevel: m.PatchsetLevel, ServiceUser: m.ServiceUser,
		})
		if ref != "" && p.Role == cicomment.RoleUs && p.Ref == ref {
			return m.Time, m.MessageID
		}
	}
	return time.Time{}, ""
}

// again makes a review ready once more that Gerrit said twice is not there.
func (d *DeliverGerrit) again(ctx context.Context, out store.Out) error {
	why := "Gerrit said twice that it is not there"
	if out.Tries >= d.o.MaxTries {
		d.log.Error("review given up", "target", out.Target, "cause", out.Cause, "tries", out.Tries, "why", why)
		return d.o.Store.Refuse(ctx, out.ID, fmt.Sprintf("%s, after %d tries", why, out.Tries))
	}
	d.log.Warn("review is sent again", "target", out.Target, "cause", out.Cause, "why", why)
	return d.o.Store.RetryOut(ctx, out.ID, d.o.Now().Add(d.o.Retry.After(out.Tries)), why)
}
