package zuul

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const anyID = "0123456789abcdef0123456789abcdef"

// answering is a client of a server that answers everything with one body.
func answering(t *testing.T, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
	t.Cleanup(s.Close)
	return New(Options{Root: s.URL})
}

func TestOddFields(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		ok   func(Build) bool
	}{
		"duration int":        {`"duration": 90`, func(b Build) bool { return b.Duration == 90*time.Second }},
		"duration float":      {`"duration": 1.5`, func(b Build) bool { return b.Duration == 1500*time.Millisecond }},
		"duration null":       {`"duration": null`, func(b Build) bool { return b.Duration == 0 }},
		"duration from times": {`"start_time":"2026-03-01T00:00:00","end_time":"2026-03-01T00:00:07"`, func(b Build) bool { return b.Duration == 7*time.Second }},
		"duration absurd":     {`"duration": 1e300`, func(b Build) bool { return b.Duration == 0 }},
		"time in UTC":         {`"start_time":"2026-03-01T10:00:00"`, func(b Build) bool { return b.Start.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) }},
		"time with fraction":  {`"start_time":"2026-03-01T10:00:00.25"`, func(b Build) bool { return b.Start.Nanosecond() == 25e7 }},
		"time with zone":      {`"start_time":"2026-03-01T10:00:00+01:00"`, func(b Build) bool { return b.Start.Hour() == 9 }},
		"log url null":        {`"log_url": null`, func(b Build) bool { return b.LogURL == "" }},
		"log url local":       {`"log_url": "file:///etc"`, func(b Build) bool { return b.LogURL == "" }},
		"log url relative":    {`"log_url": "logs/1"`, func(b Build) bool { return b.LogURL == "" }},
		"patchset text":       {`"patchset": "7"`, func(b Build) bool { return b.Patchset == 7 }},
		"patchset number":     {`"patchset": 7`, func(b Build) bool { return b.Patchset == 7 }},
		"patchset a commit":   {`"patchset": "deadbeef"`, func(b Build) bool { return b.Patchset == 0 }},
		"change null":         {`"change": null`, func(b Build) bool { return b.Change == 0 }},
		"ref a text":          {`"ref": "refs/changes/1/1/1", "project": "p"`, func(b Build) bool { return b.Project == "p" }},
		"ref an object":       {`"ref": {"project":"q","change":8,"patchset":"2"}`, func(b Build) bool { return b.Project == "q" && b.Change == 8 && b.Patchset == 2 }},
		"voting unknown":      {`"voting": null`, func(b Build) bool { return b.Voting }},
		"still running":       {`"result": null`, func(b Build) bool { return b.Result == "" && !b.Finished() }},
		"final not said":      {`"result": "FAILURE"`, func(b Build) bool { return b.Final }},
		"superseded":          {`"result": "FAILURE", "final": false`, func(b Build) bool { return !b.Final }},
		"retry without final": {`"result": "RETRY"`, func(b Build) bool { return !b.Final }},
	} {
		b, err := answering(t, fmt.Sprintf(`{"uuid":%q,%s}`, anyID, c.json)).Build(t.Context(), anyID)
		if err != nil || !c.ok(b) {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

func TestBadAnswersAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"a page":         "<html></html>",
		"another build":  `{"uuid":"ffffffffffffffffffffffffffffffff"}`,
		"a bad time":     `{"uuid":"` + anyID + `","start_time":"yesterday"}`,
		"without end":    `{"uuid":"` + anyID + `","job_name":"` + strings.Repeat("x", maxBody) + `"}`,
		"nothing at all": "",
	} {
		if b, err := answering(t, body).Build(t.Context(), anyID); err == nil {
			t.Errorf("%s: %+v", name, b)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: error of %d bytes", name, len(err.Error()))
		}
	}
}

func TestCycleKeepsEachBuildsOwnChange(t *testing.T) {
	body := `{"uuid":"` + anyID + `","result":"FAILURE","pipeline":"gate",
		"refs":[{"project":"p","change":1,"patchset":"1"},{"project":"q","change":2,"patchset":"5"}],
		"builds":[{"uuid":"` + anyID + `","result":"FAILURE","ref":{"project":"q","change":2,"patchset":"5"}},
		{"uuid":"ffffffffffffffffffffffffffffffff","result":"SUCCESS"}]}`
	got, err := answering(t, body).Buildset(t.Context(), anyID)
	if err != nil || got.Builds[0].Change != 2 || got.Builds[0].Patchset != 5 || got.Builds[1].Change != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	k := newKept[int](2)
	k.put("a", 1)
	k.put("b", 2)
	k.get("a") // used last: stays
	k.put("c", 3)
	_, a := k.get("a")
	_, b := k.get("b")
	_, c := k.get("c")
	if !a || b || !c || k.order.Len() != 2 {
		t.Errorf("a %v b %v c %v, %d kept", a, b, c, k.order.Len())
	}
	k.put("c", 4)
	if v, _ := k.get("C"); v != 4 || len(k.items) != 2 {
		t.Errorf("%d, %d kept", v, len(k.items))
	}
}
