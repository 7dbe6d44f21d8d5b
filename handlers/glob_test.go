package handlers

import (
	"strings"
	"testing"
	"time"
)

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"*", "openstack/nova", true},
		{"openstack/*", "openstack/nova", true},
		{"openstack/*", "x/openstack/nova", false},
		{"*/nova", "a/b/nova", true},
		{"stable/?", "stable/1", true},
		{"stable/?", "stable/12", false},
		{"a*b*c", "aXXbYYbZc", true},
		{"a*b*c", "aXXbYYbZ", false},
		{"nova", "Nova", false},
		{"", "", true},
		{"", "x", false},
		{"ä?", "äö", true},
	} {
		if got := (Globs{c.pattern}).Match(c.text); got != c.want {
			t.Errorf("%q on %q: %t", c.pattern, c.text, got)
		}
	}
	if (Globs{}).Match("x") || !(Globs{}).orAll("x") || !(Globs{"a", "x"}).Match("x") {
		t.Error("lists of patterns")
	}
	start := time.Now() // backtracking would take for ever
	(Globs{strings.Repeat("*a", 50) + "b"}).Match(strings.Repeat("a", 5000))
	if time.Since(start) > 10*time.Second {
		t.Error("matching is not bounded")
	}
}
