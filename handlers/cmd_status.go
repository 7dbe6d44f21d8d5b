package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// StreamCursor is the cursor in which ingest keeps whether the event stream is
// connected: its value is StreamUp or the cause of the loss, its time since when.
const (
	StreamCursor = "stream"
	StreamUp     = "connected"

	neverConnected = "never connected" // without such a cursor
)

// StatusAnswer is how the program is.
type StatusAnswer struct {
	Version     string         `json:"version"`
	Stream      string         `json:"stream"` // "connected", or why not
	StreamSince time.Time      `json:"stream_since,omitzero"`
	LastEvent   time.Time      `json:"last_event,omitzero"`
	Fresh       time.Time      `json:"fresh,omitzero"` // up to then everything was heard; zero: nothing ever
	Alarms      []store.Alarm  `json:"alarms"`
	Breaker     store.Breaker  `json:"breaker"` // open: nothing is said until a person resumes
	Gaps        []StatusGap    `json:"gaps"`
	Waiting     map[string]int `json:"waiting"` // items by step
	Outbox      map[string]int `json:"outbox"`  // rows by state
	Dead        int            `json:"dead"`
	SetAside    int            `json:"set_aside"`
	at          time.Time
}

// StatusGap is a time of which something may have been missed.
type StatusGap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Cause string    `json:"cause"`
	Count int       `json:"count"`
}

// Status answers how the program is.
func (a *Answers) Status(ctx context.Context) (StatusAnswer, error) {
	st, err := a.Reader.Status(ctx)
	if err != nil {
		return StatusAnswer{}, fmt.Errorf("status: %w", err)
	}
	stream, since, err := a.stream(ctx)
	if err != nil {
		return StatusAnswer{}, fmt.Errorf("status: %w", err)
	}
	if stream == "" {
		stream = neverConnected
	}
	fresh, err := a.freshness(ctx, st)
	if err != nil {
		return StatusAnswer{}, fmt.Errorf("status: %w", err)
	}
	return StatusAnswer{
		Breaker: st.Breaker, Fresh: fresh, Alarms: append([]store.Alarm{}, st.Alarms...),
		Version: a.Version, Stream: stream, StreamSince: since, LastEvent: st.LastEvent, Gaps: statusGaps(st.Gaps),
		Waiting: map[string]int{
			"ingest": st.PendingRaw, "lookup": st.PendingLookups, "search": st.PendingBuilds,
			"report": st.OpenReports, "recheck": st.NewRechecks,
		},
		Outbox: st.Outbox, Dead: st.Dead, SetAside: st.AsideRaw, at: a.Now(),
	}, nil
}

// stream is how the event stream is, and since when. What a bot noted that was
// killed since is true no more.
func (a *Answers) stream(ctx context.Context) (how string, since time.Time, err error) {
	how, since, err = a.Reader.Cursor(ctx, StreamCursor)
	if err != nil || how == "" || a.Running == nil || a.Running() {
		return how, since, err
	}
	_, since, err = a.Reader.Cursor(ctx, cursorAlive)
	return "the bot does not run", since, err
}

func statusGaps(gaps []store.Gap) []StatusGap {
	list := []StatusGap{}
	for _, g := range gaps {
		list = append(list, StatusGap{From: g.From, To: g.To, Cause: g.Cause, Count: g.Count})
	}
	return list
}

// Lines puts the status into two lines.
func (s StatusAnswer) Lines() []string {
	stream := fmt.Sprintf("stream connected since %s (%s)", clockTime(s.StreamSince), span(s.at.Sub(s.StreamSince)))
	if s.Stream != StreamUp {
		stream = notConnected(s.Stream, s.StreamSince)
	}
	first := fmt.Sprintf("%s; last event %s; %s", stream, ago(s.at, s.LastEvent), s.gapText())
	if s.Breaker.Open {
		first = fmt.Sprintf("SAYING NOTHING since %s: %s; !resume ends it; ", clockTime(s.Breaker.Since), cut(s.Breaker.Why, 120)) + first
	}
	return []string{first + s.freshText(), s.queueText() + s.alarmText()}
}

// freshText tells how far the stream is behind, where that is behind the last
// event.
func (s StatusAnswer) freshText() string {
	if s.Fresh.IsZero() || !s.Fresh.Before(s.LastEvent) {
		return ""
	}
	return "; complete up to " + ago(s.at, s.Fresh)
}

func (s StatusAnswer) alarmText() string {
	if len(s.Alarms) == 0 {
		return ""
	}
	names := make([]string, len(s.Alarms))
	for i, alarm := range s.Alarms {
		names[i] = alarm.Name
	}
	return fmt.Sprintf("; ALARMS: %s, since %s", strings.Join(names, ", "), clockTime(s.Alarms[0].Since))
}

func (s StatusAnswer) gapText() string {
	if len(s.Gaps) == 0 {
		return "no open gaps"
	}
	g := s.Gaps[0]
	return fmt.Sprintf("%d open %s, oldest since %s: %s", len(s.Gaps), plural(len(s.Gaps), "gap"), clockTime(g.From), cut(g.Cause, 60))
}

func (s StatusAnswer) queueText() string {
	parts := []string{}
	for _, step := range []string{"ingest", "lookup", "search", "report", "recheck"} {
		parts = append(parts, fmt.Sprintf("%s %d", step, s.Waiting[step]))
	}
	line := "waiting: " + strings.Join(parts, ", ")
	var outbox []string
	for _, state := range slices.Sorted(keys(s.Outbox)) {
		outbox = append(outbox, fmt.Sprintf("%s %d", state, s.Outbox[state]))
	}
	if len(outbox) > 0 {
		line += "; outbox: " + strings.Join(outbox, ", ")
	}
	if s.Dead+s.SetAside > 0 {
		line += fmt.Sprintf("; set aside %d, dead %d", s.SetAside, s.Dead)
	}
	return line + "; " + s.Version
}

// clockTime is a time as people read it on IRC, in UTC.
func clockTime(t time.Time) string {
	if t.IsZero() {
		return "the beginning"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
