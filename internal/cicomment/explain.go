package cicomment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Explanation is the form in which `comment explain` prints a Parsed; nil stands
// where the comment does not say.
type Explanation struct {
	Kind         Kind              `json:"kind"`
	Outcome      *Outcome          `json:"outcome"`
	Pipeline     *string           `json:"pipeline"`
	BuildsetURL  *string           `json:"buildset_url"`
	BuildsetUUID *string           `json:"buildset_uuid"`
	Builds       []ExplainedBuild  `json:"builds"`
	Short        bool              `json:"short"`
	Truncated    bool              `json:"truncated"`
	Skipped      int               `json:"skipped"`
	Recheck      *ExplainedRecheck `json:"recheck"`
}

// ExplainedBuild is one build line of an Explanation.
type ExplainedBuild struct {
	Job      *string   `json:"job"`
	URL      *string   `json:"url"`
	Result   ci.Result `json:"result"`
	Detail   string    `json:"detail"`
	Duration *int64    `json:"duration_s"`
	Voting   bool      `json:"voting"`
	Custom   bool      `json:"custom"`
}

// ExplainedRecheck is the recheck of an Explanation.
type ExplainedRecheck struct {
	Kind   RecheckKind `json:"kind"`
	Bugs   []int64     `json:"bugs"`
	Refs   []ci.BugRef `json:"refs"`
	Reason *string     `json:"reason"`
	ByBot  bool        `json:"by_bot"`
}

// Explain gives a Parsed the form that is printed.
func Explain(p Parsed) Explanation {
	e := Explanation{
		Kind: p.Kind, Outcome: orNil(p.Outcome), Pipeline: orNil(p.Pipeline),
		BuildsetURL: orNil(p.BuildsetURL), BuildsetUUID: orNil(p.BuildsetUUID),
		Builds: make([]ExplainedBuild, 0, len(p.Builds)),
		Short:  p.Short, Truncated: p.Truncated, Skipped: p.Skipped,
	}
	for _, b := range p.Builds {
		e.Builds = append(e.Builds, ExplainedBuild{Job: orNil(b.Job), URL: orNil(b.URL), Result: b.Result,
			Detail: b.Detail, Duration: b.Duration, Voting: b.Voting, Custom: b.Custom})
	}
	if r := p.Recheck; r != nil {
		e.Recheck = &ExplainedRecheck{Kind: r.Kind, Bugs: append([]int64{}, r.Bugs...),
			Refs: append([]ci.BugRef{}, r.Refs...), Reason: orNil(r.Reason), ByBot: r.ByBot}
	}
	return e
}

// MarshalJSON writes the explanation.
func (p Parsed) MarshalJSON() ([]byte, error) { return json.Marshal(Explain(p)) }

func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// ExplainLine reads one object {"comment","tag","author","patchset_level"} and
// returns the explanation as one line of JSON without a line feed. Author is a
// username and may be absent, as may tag and patchset_level.
func ExplainLine(r Rules, line []byte) ([]byte, error) {
	var in struct {
		Comment       string   `json:"comment"`
		Tag           string   `json:"tag"`
		Author        string   `json:"author"`
		PatchsetLevel []string `json:"patchset_level"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, fmt.Errorf("cicomment: not an object as described: %w", err)
	}
	p := r.Parse(Input{Comment: in.Comment, Tag: in.Tag, Author: ci.Account{Username: strings.TrimSpace(in.Author)},
		PatchsetLevel: in.PatchsetLevel})
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(Explain(p)); err != nil {
		return nil, fmt.Errorf("cicomment: explain: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}
