package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/store"
)

// BugAnswer is what is known of one bug.
type BugAnswer struct {
	Bug          ci.BugRef `json:"bug"`
	Known        bool      `json:"known"`
	URL          string    `json:"url,omitempty"`
	Title        string    `json:"title,omitempty"`
	Status       string    `json:"status,omitempty"`
	Fingerprints []string  `json:"fingerprints"`
	Hits24h      int       `json:"builds_24h"`
	Hits7d       int       `json:"builds_7d"`
	Changes7d    int       `json:"changes_7d"`
	Rechecks     int       `json:"rechecks_by_people"`
	QueueState   string    `json:"queue_state,omitempty"`
}

// ParseBug reads a bug as people write it: "1234", "#1234", "bug 1234",
// "lp:1234", "tracker:ref", or Launchpad's URL.
func ParseBug(text string) (ci.BugRef, error) {
	text = strings.TrimSpace(text)
	if word, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, "bug") {
		text = strings.TrimSpace(rest)
	}
	text = strings.TrimPrefix(text, "#")
	if i := strings.LastIndex(text, "/"); strings.Contains(text, "launchpad.net/") && i >= 0 {
		text = text[i+1:]
	}
	tracker, ref, ok := strings.Cut(text, ":")
	if !ok {
		tracker, ref = ci.Launchpad, text
	}
	if strings.EqualFold(tracker, "lp") {
		tracker = ci.Launchpad
	}
	ref = strings.TrimPrefix(strings.TrimSpace(ref), "#")
	if tracker == "" || ref == "" || len(ref) > 80 || strings.ContainsAny(ref, " \t") {
		return ci.BugRef{}, fmt.Errorf("%q is not a bug: say a Launchpad number or tracker:ref", cut(text, 40))
	}
	if tracker == ci.Launchpad && strings.Trim(ref, "0123456789") != "" {
		return ci.BugRef{}, fmt.Errorf("%q is not a Launchpad number", cut(ref, 40))
	}
	return ci.BugRef{Tracker: tracker, Ref: ref}, nil
}

// Bug answers what is known of a bug.
func (a *Answers) Bug(ctx context.Context, ref ci.BugRef) (BugAnswer, error) {
	answer := BugAnswer{Bug: ref, URL: a.BugURL(ref), Fingerprints: []string{}}
	info, err := a.Reader.Bug(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return answer, nil
	}
	if err != nil {
		return answer, fmt.Errorf("bug %s: %w", ref, err)
	}
	if answer.Known = known(info); !answer.Known {
		return answer, nil
	}
	answer.Title, answer.Status = publicTitle(info.BugView), info.Status
	answer.Fingerprints = append(answer.Fingerprints, info.Fingerprints...)
	answer.Hits24h, answer.Hits7d, answer.Changes7d = info.Hits24h, info.Hits7d, info.Changes7d
	answer.Rechecks, answer.QueueState = info.Rechecks, info.QueueState
	return answer, nil
}

// known: a bug that only private changes or bots named is not spoken of.
func known(b store.BugInfo) bool { return len(b.Fingerprints) > 0 || b.Rechecks > 0 }

// Lines puts the bug into one line.
func (b BugAnswer) Lines() []string {
	name := bugName(b.Bug)
	if !b.Known {
		return []string{strings.TrimSpace(fmt.Sprintf("%s: no fingerprint, and nobody named it in a recheck. %s", name, b.URL))}
	}
	var parts []string
	if b.Title != "" {
		parts = append(parts, `"`+cut(b.Title, 120)+`"`)
	}
	if b.Status != "" {
		parts = append(parts, b.Status)
	}
	parts = append(parts, b.tracked()...)
	parts = append(parts, fmt.Sprintf("%d %s by people", b.Rechecks, plural(b.Rechecks, "recheck")))
	if b.URL != "" {
		parts = append(parts, b.URL)
	}
	return []string{name + ": " + strings.Join(parts, ", ")}
}

// tracked tells of fingerprints and hits, or of the queue.
func (b BugAnswer) tracked() []string {
	if len(b.Fingerprints) == 0 {
		state := "no fingerprint"
		if b.QueueState != "" {
			state += ", " + b.QueueState + " in the queue"
		}
		return []string{state}
	}
	return []string{fmt.Sprintf("%s %s: %d %s in 24 h, %d in 7 d on %d %s", plural(len(b.Fingerprints), "fingerprint"),
		someOf(b.Fingerprints, 3, " "), b.Hits24h, plural(b.Hits24h, "build"), b.Hits7d, b.Changes7d, plural(b.Changes7d, "change"))}
}
