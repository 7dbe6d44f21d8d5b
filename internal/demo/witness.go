package demo

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
	"github.com/recheckbot/recheckbot/internal/fake/loghost"
)

// Witness sees what happens in a world and tells it.
type Witness struct {
	w        *World
	tell     func(kind, text string)
	triggers []*regexp.Regexp
	silent   atomic.Bool

	mu                 sync.Mutex
	zuulSeen, logsSeen int // requests that were told
	fired              []firing
	verdicts, decided  []note
}

// firing is a comment that made Zuul run the tests again.
type firing struct {
	change int64
	author string
}

// note is what the bot logged about a change: the state of a build or a report.
type note struct{ change, state string }

// Watch makes a witness of all that happens from now on. tell may be nil.
func (w *World) Watch(tell func(kind, text string)) *Witness {
	if tell == nil {
		tell = func(string, string) {}
	}
	v := &Witness{w: w}
	v.tell = func(kind, text string) {
		if !v.silent.Load() {
			tell(kind, text)
		}
	}
	for _, expr := range cicomment.DefaultTriggers("zuul") {
		v.triggers = append(v.triggers, regexp.MustCompile(expr))
	}
	w.Gerrit.OnPost(v.posted)
	return v
}

// quiet ends the telling; all is noted as before.
func (v *Witness) quiet() { v.silent.Store(true) }

// posted tells a comment, and whether it starts Zuul: Zuul searches what the
// event says, whoever wrote it.
func (v *Witness) posted(p gerrit.Posted) {
	v.look()
	head := fmt.Sprintf("%s on %s: ", p.Author, v.name(p.Change, p.Patchset))
	switch p.Author {
	case BotUser:
		v.tell("review", head+solid(p.Message))
	case CIUser:
		v.tell("event", head+short(p.Message))
	default:
		v.tell("event", head+p.Message)
	}
	for _, t := range v.triggers {
		if p.Author != CIUser && t.MatchString(p.Streamed) {
			v.tell("zuul", "starts the tests of "+v.name(p.Change, p.Patchset)+" again, as "+p.Author+" asked")
			v.mu.Lock()
			v.fired = append(v.fired, firing{p.Change, p.Author})
			v.mu.Unlock()
			return
		}
	}
}

// solid is a text without its empty lines.
func solid(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(line)
		}
	}
	return b.String()
}

// short is a CI's comment in a line: its first words, and each build's end.
func short(message string) string {
	head, _, _ := strings.Cut(message, ".")
	var builds []string
	for line := range strings.Lines(message) {
		if words := strings.Fields(line); len(words) > 4 && words[0] == "-" {
			builds = append(builds, words[1]+" "+words[4])
		}
	}
	return head + ": " + strings.Join(builds, ", ")
}

// look tells the requests that came since the last look.
func (v *Witness) look() {
	v.mu.Lock()
	defer v.mu.Unlock()
	asked, fetched := v.w.Zuul.Requests(), v.w.Logs.Requests()
	for _, at := range asked[v.zuulSeen:] {
		v.tell("zuul", "is asked for "+path.Base(path.Dir(at))+" "+shortID(path.Base(at)))
	}
	v.tellLogs(fetched[v.logsSeen:])
	v.zuulSeen, v.logsSeen = len(asked), len(fetched)
}

// tellLogs tells what was asked for, a line for each build.
func (v *Witness) tellLogs(list []loghost.Request) {
	files := map[string][]string{}
	var order []string
	for _, r := range list {
		parts := strings.SplitN(r.Path, "/", 4) // see Prepare
		if len(parts) < 4 {
			continue
		}
		if files[parts[2]] == nil {
			order = append(order, parts[2])
		}
		files[parts[2]] = append(files[parts[2]], parts[3])
	}
	for _, uuid := range order {
		v.tell("logs", "of build "+shortID(uuid)+": "+strings.Join(files[uuid], ", "))
	}
}

// shortID is enough of a uuid to know it again.
func shortID(uuid string) string { return uuid[:min(7, len(uuid))] }

// name is how a patchset is told.
func (v *Witness) name(change int64, patchset int) string {
	return fmt.Sprintf("%s %d,%d", v.w.project(change), change, patchset)
}

// heard tells what was said on IRC.
func (v *Witness) heard(h Heard) {
	v.look()
	v.tell("irc", fmt.Sprintf("%s <%s> %s", h.Target, h.From, h.Text))
}

// Triggered reports whether a comment of author started tests: of that change,
// or of any with 0.
func (v *Witness) Triggered(change int64, author string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.fired, func(f firing) bool {
		return f.author == author && (change == 0 || f.change == change)
	})
}

// Verdict reports whether the bot said that a build of the patchset is in state.
func (v *Witness) Verdict(change int64, patchset int, state string) bool {
	return v.noted(&v.verdicts, fmt.Sprintf("%d,%d", change, patchset), state)
}

// Decided reports whether the bot said that a report on the change is in state.
func (v *Witness) Decided(change int64, state string) bool {
	return v.noted(&v.decided, fmt.Sprint(change), state)
}

func (v *Witness) noted(list *[]note, change, state string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Contains(*list, note{change, state})
}
