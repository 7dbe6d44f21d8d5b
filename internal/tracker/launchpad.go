package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/time/rate"

	"github.com/recheckbot/recheckbot/internal/ci"
)

const (
	maxBody    = 4 << 20  // bytes of one answer; descriptions are in it
	maxTitle   = 300      // characters
	maxAnswers = 2000     // answers that are remembered for their ETag
	maxAnswer  = 16 << 10 // bytes of one of them, of the parts that are used
)

// launchpad asks Launchpad's REST API (https://api.launchpad.net/devel.html):
// /bugs/N has title, private and duplicate_of_link, /bugs/N/bug_tasks the states.
type launchpad struct {
	timeout time.Duration
	agent   string
	http    http.Client
	pace    *rate.Limiter
	log     *slog.Logger

	mu      sync.Mutex
	answers map[string]answer // by address
}

// answer is what an unchanged thing need not be sent again for.
type answer struct {
	etag string
	body []byte
}

// wireBug and wireTasks are the parts of the answers that are used.
type wireBug struct {
	Title       string `json:"title"`
	Private     bool   `json:"private"`
	DuplicateOf string `json:"duplicate_of_link"`
}

type wireTasks struct {
	Total   int `json:"total_size"`
	Entries []struct {
		Status string `json:"status"`
	} `json:"entries"`
}

// openness has the states of a task, the most open first; those after
// "Incomplete" are ends. A state that is not here counts as open.
func openness() []string {
	return []string{"In Progress", "Triaged", "Confirmed", "New", "Incomplete",
		"Fix Committed", "Fix Released", "Opinion", "Won't Fix", "Invalid", "Expired"}
}

func closed(status string) bool {
	return slices.Index(openness(), status) > slices.Index(openness(), "Incomplete")
}

// bug asks for a bug and then for its tasks.
func (l *launchpad) bug(ctx context.Context, api string, bug ci.BugRef) (Bug, error) {
	at := api + "/bugs/" + bug.Ref
	var head wireBug
	hidden, err := l.ask(ctx, at, bug, &head)
	if err != nil {
		return Bug{}, err
	}
	if hidden || head.Private {
		return Bug{Private: true}, nil
	}
	var tasks wireTasks
	// All at once: 75 are sent otherwise, and some bugs have more.
	if hidden, err = l.ask(ctx, at+"/bug_tasks?ws.size=300", bug, &tasks); err != nil {
		return Bug{}, err
	}
	if hidden {
		return Bug{Private: true}, nil
	}
	out := Bug{Title: clean(head.Title), Status: tasks.status(), Closed: tasks.closed()}
	if head.DuplicateOf != "" {
		out.DupOf = path.Base(head.DuplicateOf)
	}
	return out, nil
}

// closed needs every task; what was not sent is not known to have ended.
func (w wireTasks) closed() bool {
	for _, t := range w.Entries {
		if !closed(t.Status) {
			return false
		}
	}
	return len(w.Entries) > 0 && len(w.Entries) >= w.Total
}

// status is that of the most open task.
func (w wireTasks) status() string {
	best, at := "", len(openness())
	for _, t := range w.Entries {
		if i := slices.Index(openness(), t.Status); i < at {
			best, at = t.Status, i
		}
	}
	return clean(best)
}

// ask fills out from an address. Hidden means that the bug may not be seen
// without an account.
func (l *launchpad) ask(ctx context.Context, at string, bug ci.BugRef, out any) (hidden bool, err error) {
	if err := l.pace.Wait(ctx); err != nil {
		return false, fmt.Errorf("tracker: bug %s: %w", bug, err)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	code, a, err := l.get(ctx, at)
	if err != nil {
		return false, fmt.Errorf("tracker: bug %s: %w", bug, err)
	}
	switch code {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return true, nil
	case http.StatusNotFound, http.StatusGone:
		return false, &NotFoundError{bug}
	default:
		return false, &StatusError{bug, code}
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return false, fmt.Errorf("tracker: bug %s: %w", bug, err)
	}
	l.remember(at, a.etag, out)
	return false, nil
}

// get makes one bounded request; of an unchanged thing it gives what it has.
func (l *launchpad) get(ctx context.Context, at string) (code int, a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, a, err
	}
	req.Header.Set("User-Agent", l.agent)
	req.Header.Set("Accept", "application/json")
	had := l.remembered(at)
	if had.etag != "" {
		req.Header.Set("If-None-Match", had.etag)
	}
	l.log.Debug("asking launchpad", "url", at)
	resp, err := l.http.Do(req)
	if err != nil {
		return 0, a, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && had.etag != "" {
		return http.StatusOK, had, nil
	}
	a.etag = resp.Header.Get("ETag")
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(a.body) > maxBody {
		err = fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	return resp.StatusCode, a, err
}

func (l *launchpad) remembered(at string) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers[at]
}

// remember keeps the parts that are used, and makes room by forgetting any
// other answer: what is lost by that is one download.
func (l *launchpad) remember(at, etag string, used any) {
	body, err := json.Marshal(used)
	if err != nil || etag == "" || len(body) > maxAnswer {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for other := range l.answers {
		if len(l.answers) < maxAnswers {
			break
		}
		delete(l.answers, other)
	}
	l.answers[at] = answer{etag, body}
}

// clean makes one bounded line of what anybody may have written: no control
// characters, and none that turn the direction of text around.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c) || unicode.IsControl(c):
			return ' '
		case unicode.Is(unicode.Cf, c) || c == unicode.ReplacementChar:
			return -1
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxTitle {
		return string(runes[:maxTitle-1]) + "…"
	}
	return s
}
