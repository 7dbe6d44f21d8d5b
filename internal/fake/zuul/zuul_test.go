package zuul

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	set = "00000000000000000000000000000001"
	one = "0000000000000000000000000000000a"
)

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Add(Buildset{UUID: set, Result: "FAILURE", Tenant: "example", Project: "p", Change: 7, Patchset: 2,
		Builds: []Build{{UUID: one, Job: "j", Result: "FAILURE"}}})
	return s
}

func TestShapes(t *testing.T) {
	s := start(t)
	at := s.URL() + "/api/tenant/example/build/" + one
	for shape, part := range map[Shape]string{Refs: `"ref":{`, Flat: `"ref":"refs/changes/07/7/2"`, FlatOld: `"patchset":"2"`} {
		s.Speak(shape)
		code, body := fetch(t, at)
		if code != 200 || !strings.Contains(body, part) || strings.Contains(body, `"final"`) == (shape == FlatOld) {
			t.Errorf("shape %d: %d %s", shape, code, body)
		}
	}
}

func TestOtherTenantsFindNothing(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/api/build/" + one, "/api/tenant/other/buildset/" + set, "/api/tenant/example/buildset/" + one} {
		if code, _ := fetch(t, s.URL()+path); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestFaults(t *testing.T) {
	s := start(t)
	at := s.URL() + "/api/tenant/example/buildset/" + set
	s.Fail(500, 429)
	s.Hide(set, 1)
	for i, want := range []int{500, 429, 404, 200} {
		if code, _ := fetch(t, at); code != want {
			t.Errorf("request %d: %d, want %d", i, code, want)
		}
	}
	if n := len(s.Requests()); n != 4 {
		t.Errorf("%d requests noted", n)
	}
}

func TestPagesAreHTML(t *testing.T) {
	s := start(t)
	for _, at := range []string{s.BuildURL("example", one), s.BuildURL("", one), s.BuildsetURL("example", set), s.BuildURL("example", "<b>")} {
		code, body := fetch(t, at)
		if code != 200 || !strings.Contains(body, "<!doctype html>") || strings.Contains(body, "<b>") {
			t.Errorf("%s: %d %s", at, code, body)
		}
	}
}
