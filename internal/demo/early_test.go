package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// TestEarlyAnswer: with early looks the whole bot has read a failed build's logs
// before Zuul reports, and answers the report without reading them again.
func TestEarlyAnswer(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.Dir, configFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	early := strings.Replace(string(text), "[logs]\n", "[logs]\nearly = true\nearly_every = \"1s\"\n", 1)
	if err := os.WriteFile(path, []byte(early), 0o600); err != nil {
		t.Fatal(err)
	}
	startBot(t, w, w.Watch(nil))
	ctx, cancel := context.WithTimeout(t.Context(), 2*slack)
	defer cancel()
	change := w.NewChange(gerrit.ChangeSpec{Project: "openstack/nova", Branch: "master", Owner: w.scenery.people[0]})
	r, comment := w.Prepare(Report{Change: change, Project: "openstack/nova", Pipeline: "gate", Builds: []Build{{Job: "tempest", Cause: "mirror"}, {Job: "pep8", Result: "SUCCESS"}}})
	console := r.LogDirs[0] + "job-output.txt"
	if err := until(ctx, func() bool { return w.Logs.Asked(console) > 0 }); err != nil {
		t.Fatal("the console was not read before the report")
	}
	if _, err := w.Gerrit.Post(change, CIUser, comment); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, func() bool { return len(w.Reviews(change)) > 0 }); err != nil {
		t.Fatal("no review")
	}
	if n := w.Logs.Asked(console); n != 1 {
		t.Errorf("the console was read %d times", n)
	}
}
