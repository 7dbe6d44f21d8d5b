package zuul_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	fake "github.com/recheckbot/recheckbot/internal/fake/zuul"
	"github.com/recheckbot/recheckbot/internal/zuul"
)

func TestFailuresOfEveryShape(t *testing.T) {
	for _, shape := range []fake.Shape{fake.Refs, fake.Flat, fake.FlatOld} {
		for _, tenant := range []string{"", "openstack"} {
			s := server(t)
			s.Speak(shape)
			running := story()
			running.UUID, running.Result = setID[1:]+"2", ""
			running.Builds = []fake.Build{{UUID: strings.Repeat("e", 32), Job: "tox", Result: "FAILURE", LogURL: "https://logs.example.org/e", End: begin()}, {UUID: strings.Repeat("f", 32), Job: "slow"}}
			s.Add(running)
			got, same, err := zuul.New(zuul.Options{Root: s.URL(), Tenant: tenant}).Failures(t.Context(), 10)
			if err != nil || same || len(got) != 2 {
				t.Fatalf("shape %d: %+v, %v, %v", shape, got, same, err)
			}
			b := got[0]
			if b.Job != "tox" || b.Buildset != running.UUID || b.Project != "openstack/nova" || b.Change != 4711 || b.Patchset != 3 ||
				b.Pipeline != "gate" || b.LogURL != "https://logs.example.org/e/" || !b.End.Equal(begin()) || !b.Final || !b.Voting {
				t.Errorf("shape %d: %+v", shape, b)
			}
			if got[1].UUID != failed {
				t.Errorf("shape %d: %+v", shape, got[1])
			}
		}
	}
}

// An answer is known again by its ETag, by its time, or by its text.
func TestFailuresThatAreTheSame(t *testing.T) {
	body := fmt.Sprintf(`[{"uuid":%q,"result":"FAILURE"}]`, failed)
	for _, kind := range []string{"ETag", "Last-Modified", "text"} {
		sent, stamp := 0, ""
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case kind == "ETag" && r.Header.Get("If-None-Match") == stamp && stamp != "",
				kind == "Last-Modified" && r.Header.Get("If-Modified-Since") == stamp && stamp != "":
				w.WriteHeader(http.StatusNotModified)
				return
			}
			stamp = `Wed, 21 Oct 2026 07:28:00 GMT`
			w.Header().Set(kind, stamp)
			sent++
			fmt.Fprint(w, body)
		}))
		c := zuul.New(zuul.Options{Root: web.URL})
		var got []bool
		for i := range 4 {
			if i == 3 {
				body, stamp = strings.Replace(body, "FAILURE", "TIMED_OUT", 1), "changed"
			}
			builds, same, err := c.Failures(t.Context(), 5)
			if err != nil || same == (len(builds) == 1) {
				t.Errorf("%s: %+v, %v, %v", kind, builds, same, err)
			}
			got = append(got, same)
		}
		web.Close()
		body = strings.Replace(body, "TIMED_OUT", "FAILURE", 1)
		if !slices.Equal(got, []bool{false, true, true, false}) || kind != "text" && sent != 2 {
			t.Errorf("%s: %v, sent %d times", kind, got, sent)
		}
	}
}

func TestFailuresThatAreOdd(t *testing.T) {
	body, query := "", ""
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		fmt.Fprint(w, body)
	}))
	defer web.Close()
	c := zuul.New(zuul.Options{Root: web.URL, Timeout: time.Minute})
	good := fmt.Sprintf(`{"uuid":%q,"result":"FAILURE","buildset":{"uuid":"../x"}}`, failed)
	body = `[null, 7, {"uuid":"../../x"}, {"uuid":"` + passed + `","start_time":"yesterday"}, ` + good + `,` + good + `]`
	got, _, err := c.Failures(t.Context(), 5)
	if err != nil || len(got) != 1 || got[0].Buildset != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.Contains(query, "limit=5") || !strings.Contains(query, "result=FAILURE") || !strings.Contains(query, "result=TIMED_OUT") || strings.Contains(query, "SUCCESS") {
		t.Error(query)
	}
	body = "<html>"
	if _, _, err := c.Failures(t.Context(), 5); err == nil {
		t.Error("a page passes for a list")
	}
	if _, same, err := c.Failures(t.Context(), 5); err == nil || same {
		t.Error("a page passes for the same list")
	}
}
