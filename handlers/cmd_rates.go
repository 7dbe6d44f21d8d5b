package handlers

import (
	"context"
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/rates"
	"github.com/recheckbot/recheckbot/internal/store"
)

// RatesAnswer is how often a job, a group or a project in a pipeline failed.
// When the name was not understood, Windows is empty and Candidates (it means
// several) or Nearest (it means none) say what would be.
type RatesAnswer struct {
	Name       string       `json:"name"`           // a project's in full
	Kind       string       `json:"kind,omitempty"` // group, job, project-pipeline
	Windows    []RateWindow `json:"windows"`
	Candidates []string     `json:"candidates,omitempty"`
	Nearest    []string     `json:"nearest,omitempty"`
	Stale      string       `json:"stale,omitempty"` // how far the numbers may be behind
}

// RateWindow is a rate over a span of time. Low and High are the 95% Wilson
// interval; they and Share are shares of 1. Reports that are not completely
// known are left out, and counted.
type RateWindow struct {
	Window         string  `json:"window"`
	Failed         int64   `json:"failed"`
	Total          int64   `json:"total"`
	Share          float64 `json:"share"`
	Low            float64 `json:"low"`
	High           float64 `json:"high"`
	Recognized     int64   `json:"recognized"`
	ReportsLeftOut int64   `json:"reports_left_out"`
}

// Rates answers how often what name stands for failed.
func (a *Answers) Rates(ctx context.Context, name string) (RatesAnswer, error) {
	names, err := a.names(ctx)
	if err != nil {
		return RatesAnswer{}, fmt.Errorf("rates %q: %w", name, err)
	}
	meaning := names.Resolve(name)
	answer := RatesAnswer{Name: name, Windows: []RateWindow{}, Candidates: meaning.Candidates, Nearest: meaning.Nearest}
	query, kind := meaning.query(names)
	if kind == "" {
		return answer, nil
	}
	answer.Kind = kind
	if meaning.Pair != nil {
		answer.Name = pairName(*meaning.Pair)
	}
	if answer.Stale, err = a.stale(ctx); err != nil {
		return RatesAnswer{}, fmt.Errorf("rates %q: %w", name, err)
	}
	for _, w := range rates.Windows(a.Now()) {
		window, err := a.window(ctx, query, w)
		if err != nil {
			return RatesAnswer{}, fmt.Errorf("rates %q: %w", name, err)
		}
		answer.Windows = append(answer.Windows, window)
	}
	return answer, nil
}

// query is what to count, and what kind of name it was: "" when not understood.
// A group none of whose jobs was seen asks for a job that cannot be.
func (m Meaning) query(names Names) (store.RatesQuery, string) {
	switch {
	case m.Group != nil:
		jobs := names.JobsOf(*m.Group)
		if len(jobs) == 0 {
			jobs = []string{""}
		}
		return store.RatesQuery{Jobs: jobs}, "group"
	case m.Job != "":
		return store.RatesQuery{Jobs: []string{m.Job}}, "job"
	case m.Pair != nil:
		return store.RatesQuery{Project: m.Pair.Project, Pipeline: m.Pair.Pipeline}, "project-pipeline"
	}
	return store.RatesQuery{}, ""
}

func (a *Answers) window(ctx context.Context, q store.RatesQuery, w rates.Window) (RateWindow, error) {
	q.From, q.To = w.From, w.To
	n, err := a.Reader.Rates(ctx, q)
	if err != nil {
		return RateWindow{}, err
	}
	r := rates.Of(n.Failed, n.Succeeded)
	low, high := r.Interval()
	return RateWindow{
		Window: w.Name, Failed: r.Failed, Total: r.Total, Share: r.Part(), Low: low, High: high,
		Recognized: n.Recognized, ReportsLeftOut: n.ReportsLeftOut,
	}, nil
}

// names are all that a question about rates can mean.
func (a *Answers) names(ctx context.Context) (Names, error) {
	jobs, err := a.Reader.JobNames(ctx)
	if err != nil {
		return Names{}, err
	}
	pairs, err := a.Reader.ProjectPipelines(ctx)
	if err != nil {
		return Names{}, err
	}
	return Names{Groups: a.Groups, Jobs: jobs, Pairs: pairs}, nil
}

// Lines puts the rates into one line, or says what could have been meant.
func (r RatesAnswer) Lines() []string {
	if len(r.Candidates) > 0 {
		return []string{fmt.Sprintf("%s can mean %s; say which.", cut(r.Name, 60), someOf(r.Candidates, maxOffered, ", "))}
	}
	if r.Kind == "" {
		return []string{unknownName("job, group or project-pipeline", r.Name, r.Nearest)}
	}
	parts := make([]string, len(r.Windows))
	for i, w := range r.Windows {
		parts[i] = w.Window + ": " + w.text()
	}
	if r.Stale != "" {
		parts = append(parts, r.Stale)
	}
	return []string{r.Name + " " + strings.Join(parts, "; ")}
}

// maxOffered bounds how many names are offered in place of an ambiguous one.
const maxOffered = 5

func (w RateWindow) text() string {
	text := rates.Rate{Failed: w.Failed, Total: w.Total}.String()
	if w.ReportsLeftOut > 0 {
		text += fmt.Sprintf(" (%d incomplete %s left out)", w.ReportsLeftOut, plural(int(w.ReportsLeftOut), "report"))
	}
	return text
}

// unknownName says that a name of that kind is not known, and the nearest that are.
func unknownName(kind, name string, near []string) string {
	text := fmt.Sprintf("No %s %q is known", kind, cut(name, 60))
	if len(near) == 0 {
		return text + "."
	}
	return text + "; nearest: " + strings.Join(near, ", ") + "."
}
