package zuul

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// Build is one run of a job. Fields that Zuul does not tell are zero; Result is
// "" while it runs.
type Build struct {
	UUID, Job                 string
	Result                    ci.Result
	LogURL                    string // the log folder, ends in "/"; "" when there is none
	URL                       string // the build's page
	Voting                    bool
	Final                     bool // the CI's own last try of the job, not one that a retry superseded
	Start, End                time.Time
	Duration                  time.Duration
	Buildset                  string // uuid
	Project, Branch, Pipeline string
	Change, Patchset          int
	ErrorDetail               string
}

// Buildset is what Zuul reports in one comment. In a dependency cycle it
// belongs to several changes: each build then says its own.
type Buildset struct {
	UUID, Result, Pipeline string
	Builds                 []Build // the superseded ones too, see Build.Final
}

// finished is what need not be asked for again.
type finished interface{ Finished() bool }

// Finished reports whether the build has come to its end.
func (b Build) Finished() bool { return b.Result != "" }

// Finished reports whether the buildset and all its final builds have come to an
// end. A superseded one may have been lost without a result.
func (b Buildset) Finished() bool {
	for _, build := range b.Builds {
		if build.Final && !build.Finished() {
			return false
		}
	}
	return b.Result != "" && len(b.Builds) > 0
}

// wireRef is where a change stands: on its own in the newer shape, flat in the
// build or buildset in the older one.
type wireRef struct {
	Project  string  `json:"project"`
	Branch   string  `json:"branch"`
	Change   flexInt `json:"change"`
	Patchset flexInt `json:"patchset"`
}

// wireBuild is a build in both shapes.
type wireBuild struct {
	wireRef
	UUID        string     `json:"uuid"`
	Job         string     `json:"job_name"`
	Result      string     `json:"result"`
	LogURL      string     `json:"log_url"`
	Voting      *bool      `json:"voting"`
	Final       *bool      `json:"final"` // absent in the oldest shape
	Start       zoneless   `json:"start_time"`
	End         zoneless   `json:"end_time"`
	Duration    *float64   `json:"duration"`
	Pipeline    string     `json:"pipeline"`
	ErrorDetail string     `json:"error_detail"`
	Ref         flexRef    `json:"ref"`
	Buildset    wireParent `json:"buildset"`
}

type wireParent struct {
	UUID string `json:"uuid"`
}

// wireBuildset is a buildset in both shapes. RetryBuilds are the superseded
// ones in releases that set them apart.
type wireBuildset struct {
	wireRef
	UUID        string      `json:"uuid"`
	Result      string      `json:"result"`
	Pipeline    string      `json:"pipeline"`
	Builds      []wireBuild `json:"builds"`
	RetryBuilds []wireBuild `json:"retry_builds"`
	Refs        []wireRef   `json:"refs"`
}

func (w wireBuildset) buildset(web string) Buildset {
	out := Buildset{UUID: strings.ToLower(w.UUID), Result: w.Result, Pipeline: w.Pipeline}
	for _, b := range w.Builds {
		out.Builds = append(out.Builds, w.own(b.build(web)))
	}
	for _, b := range w.RetryBuilds {
		build := w.own(b.build(web))
		build.Final = false
		out.Builds = append(out.Builds, build)
	}
	return out
}

// own fills in what a build inside a buildset leaves to the buildset. With
// several refs it is not known which is the build's, and nothing is guessed.
func (w wireBuildset) own(b Build) Build {
	b.Buildset, b.Pipeline = strings.ToLower(w.UUID), w.Pipeline
	ref := w.wireRef
	if len(w.Refs) == 1 {
		ref = w.Refs[0]
	}
	if b.Project == "" {
		b.place(ref)
	}
	return b
}

func (b *Build) place(r wireRef) {
	b.Project, b.Branch, b.Change, b.Patchset = r.Project, r.Branch, int(r.Change), int(r.Patchset)
}

func (w wireBuild) build(web string) Build {
	uuid := strings.ToLower(w.UUID)
	b := Build{UUID: uuid, Job: w.Job, Result: ci.Result(w.Result), LogURL: logURL(w.LogURL),
		Voting: w.Voting == nil || *w.Voting,
		Final:  (w.Final == nil || *w.Final) && ci.Result(w.Result) != ci.Retry,
		Start:  time.Time(w.Start), End: time.Time(w.End),
		Buildset: strings.ToLower(w.Buildset.UUID), Pipeline: w.Pipeline, ErrorDetail: w.ErrorDetail}
	if validUUID(uuid) {
		b.URL = web + "build/" + uuid
	}
	b.Duration = duration(w.Duration, b.Start, b.End)
	b.place(w.wireRef)
	if w.Ref.Project != "" {
		b.place(wireRef(w.Ref))
	}
	return b
}

// duration is in seconds on the wire; where it is absent the times tell it.
func duration(seconds *float64, start, end time.Time) time.Duration {
	const most = 365 * 24 * time.Hour
	switch {
	case seconds != nil && *seconds > -most.Seconds() && *seconds < most.Seconds():
		return time.Duration(*seconds * float64(time.Second))
	case seconds == nil && !start.IsZero() && !end.IsZero():
		return end.Sub(start)
	}
	return 0
}

// logURL takes absolute web addresses only: some sites have a plain path.
func logURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	if u.RawQuery == "" && !strings.HasSuffix(u.Path, "/") {
		return u.JoinPath("/").String()
	}
	return s
}

// zoneless is a time in UTC, written without saying so; null is the zero time.
type zoneless time.Time

// UnmarshalJSON reads 2026-03-01T12:00:00, a fraction or zone besides.
func (z *zoneless) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil || s == "" {
		return err
	}
	t, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	*z = zoneless(t.UTC())
	return err
}

// flexInt is a number that is sometimes a text. What is no number, such as the
// commit that other forges have for a patchset, is 0.
type flexInt int

// UnmarshalJSON reads 2, "2" and null.
func (f *flexInt) UnmarshalJSON(text []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(text, `"`)))
	if err == nil {
		*f = flexInt(n)
	}
	return nil
}

// flexRef is the newer shape's object; the older one has a git ref as text,
// which tells nothing that is needed.
type flexRef wireRef

// UnmarshalJSON reads an object and passes over everything else.
func (f *flexRef) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return nil
	}
	return json.Unmarshal(text, (*wireRef)(f))
}
