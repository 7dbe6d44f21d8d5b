package handlers

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
	"github.com/recheckbot/recheckbot/internal/store"
)

// bugURL is a tracker for tests.
func bugURL(ref ci.BugRef) string {
	if ref.Tracker == "launchpad" {
		return "https://bugs.launchpad.net/bugs/" + ref.Ref
	}
	return ""
}

// hit is a hit of the fingerprint that stands for the Launchpad bug n.
func hit(n string, title string) store.HitView {
	return store.HitView{
		Fingerprint: n, Count: 1, Exact: true, Line: 7, File: "job-output.txt",
		URL:     "https://logs.example.org/1/job-output.txt",
		Excerpt: "2026-03-01 11:59:00 | ERROR: bug " + n + " strikes",
		Bugs:    []store.BugView{{BugRef: ci.BugRef{Tracker: "launchpad", Ref: n}, Title: title}},
	}
}

// failed is a failed voting build.
func failed(job string, state store.BuildState, hits ...store.HitView) store.BuildView {
	return store.BuildView{
		Job: job, Said: ci.Failure, Result: ci.Failure, Voting: true, State: state, Hits: hits,
		URL: "https://zuul.example.org/build/" + job, LogURL: "https://logs.example.org/1/",
	}
}

// view is a settled gate report with one recognized job, changed by change.
func view(change func(*store.ReportView)) store.ReportView {
	v := store.ReportView{
		ID: 17, CI: "zuul", Patchset: 2, Pipeline: "gate", Own: noon(), State: store.ReportOpen,
		Change: ci.Change{
			Number: 12345, Project: "openstack/nova", Branch: "master", Status: "NEW", Current: 2,
			Owner: ci.Account{Username: "alice"}, URL: "https://review.example.org/c/openstack/nova/+/12345",
		},
		Builds: []store.BuildView{
			failed("tempest-full", store.BuildRecognized, hit("1234567", "Mirror refuses connections")),
			{Job: "pep8", Said: ci.Success, Result: ci.Success, Voting: true, State: store.BuildExcluded},
		},
	}
	if change != nil {
		change(&v)
	}
	return v
}

// setOf is a set in use with those fingerprints; a name ending in "!" is track-only.
func setOf(names ...string) *Sets {
	set := &Set{ID: 1, Engine: "test"}
	for _, n := range names {
		name, quiet := strings.CutSuffix(n, "!")
		set.Fingerprints = append(set.Fingerprints, Fingerprint{Name: name, TrackOnly: quiet})
	}
	var sets Sets
	sets.Swap(set)
	return &sets
}

// composer is a Compose with a channel that wants all of gate, changed by change.
func composer(t *testing.T, change func(*ComposeOptions, *WordingOptions)) *Compose {
	t.Helper()
	w := WordingOptions{CIs: cicomment.Defaults().CIs[:1]}
	o := ComposeOptions{
		Mode: ModeLive, BugURL: bugURL, Sets: setOf("1234567", "7654321", "mirror", "quiet!"),
		Channels: []Channel{
			{Name: "#gate", Pipelines: Globs{"gate"}, Kinds: []string{KindRecognized, KindUnrecognized}},
			{Name: "#bugs", Kinds: []string{KindUntrackedBug}},
		},
		Now: noon,
	}
	if change != nil {
		change(&o, &w)
	}
	if o.Wording == nil {
		wording, err := NewWording(w)
		if err != nil {
			t.Fatal(err)
		}
		o.Wording = wording
	}
	return NewCompose(o)
}

// of picks the outgoing message of a medium.
func of(d decision, medium string) *store.Outgoing {
	for _, o := range d.out {
		if o.Medium == medium {
			return &o
		}
	}
	return nil
}

// golden compares got with a file of the archive testdata/reviews.txtar; with
// UPDATE_GOLDEN=1 it writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	const path = "testdata/reviews.txtar"
	data, err := os.ReadFile(path)
	if err != nil && os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatal(err)
	}
	a := txtar.Parse(data)
	for i, f := range a.Files {
		if f.Name != name {
			continue
		}
		if os.Getenv("UPDATE_GOLDEN") == "" {
			if diff := cmp.Diff(string(f.Data), got+"\n"); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			return
		}
		a.Files = append(a.Files[:i], a.Files[i+1:]...)
		break
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("%s has no %s", path, name)
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got + "\n")})
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReviews holds the default wording, whole.
func TestReviews(t *testing.T) {
	general := store.HitView{Fingerprint: "mirror", Title: "A package mirror is not reachable", Excerpt: "E: Failed to fetch"}
	private := hit("7654321", "Secret title")
	private.Bugs[0].Private = true
	seen := hit("1234567", "Mirror refuses connections")
	seen.OtherChanges = 12
	for _, c := range []struct {
		name   string
		change func(*store.ReportView)
	}{
		{"one", nil},
		{"seen elsewhere", func(v *store.ReportView) { v.Builds[0].Hits = []store.HitView{seen} }},
		{"no title", func(v *store.ReportView) { v.Builds[0].Hits[0].Bugs[0].Title = "" }},
		{"private bug", func(v *store.ReportView) { v.Builds[0].Hits = []store.HitView{private} }},
		{"no bug", func(v *store.ReportView) { v.Builds[0].Hits = []store.HitView{general} }},
		{"several", func(v *store.ReportView) {
			v.Builds = append(v.Builds,
				failed("grenade", store.BuildRecognized, general, seen, private),
				failed("docs", store.BuildNoLogs), failed("unit", store.BuildIncomplete), failed("pep8", store.BuildUnknown))
		}},
		{"unrecognized", func(v *store.ReportView) {
			v.Builds = append(v.Builds, failed("grenade", store.BuildUnrecognized), failed("unit", store.BuildUnrecognized))
		}},
		{"pending", func(v *store.ReportView) {
			v.Builds = append(v.Builds, failed("grenade", store.BuildSearch), failed("unit", store.BuildLookup))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := composer(t, nil).decide(view(c.change), noon())
			review, line := of(d, store.MediumGerrit), of(d, store.MediumIRC)
			if d.state != store.ReportSaid || review == nil || line == nil {
				t.Fatalf("got %s (%s), %d messages", d.state, d.why, len(d.out))
			}
			golden(t, c.name, review.Body+"\n\nirc> "+line.Body)
		})
	}
}

// TestReviewEnvelope: where a review goes, and how it is marked.
func TestReviewEnvelope(t *testing.T) {
	t.Parallel()
	v := view(nil)
	got := *of(composer(t, nil).decide(v, noon()), store.MediumGerrit)
	want := store.Outgoing{
		Medium: "gerrit", Target: "12345,2", Cause: "report:17", Body: got.Body, Own: noon(), NotAfter: at(2 * time.Hour),
		Ref: cicomment.Reference("report:17", noon()), Tag: "autogenerated:recheckbot:gate", Notify: "OWNER",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.HasSuffix(got.Body, "\n\n("+want.Ref+")") || !regexp.MustCompile(`^rb-[0-9a-f]{12}$`).MatchString(want.Ref) {
		t.Errorf("the last line is not the reference: %q", got.Body)
	}
	v.Pipeline = ""
	if got := of(composer(t, nil).decide(v, noon()), store.MediumGerrit).Tag; got != "autogenerated:recheckbot" {
		t.Errorf("tag without a pipeline: %q", got)
	}
	c := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Notify = "NONE" })
	if got := of(c.decide(view(nil), noon()), store.MediumGerrit).Notify; got != "NONE" {
		t.Errorf("notify %q", got)
	}
}

// TestHint: how to recheck is said when all that failed is explained, and not
// when a voting failure is unrecognized or may become so.
func TestHint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more []store.BuildView
		want bool
	}{
		"all recognized":          {nil, true},
		"another without logs":    {[]store.BuildView{failed("x", store.BuildNoLogs)}, true},
		"unrecognized":            {[]store.BuildView{failed("x", store.BuildUnrecognized)}, false},
		"pending":                 {[]store.BuildView{failed("x", store.BuildSearch)}, false},
		"non-voting unrecognized": {[]store.BuildView{{Job: "x", State: store.BuildUnrecognized}}, true},
	} {
		v := view(func(v *store.ReportView) { v.Builds = append(v.Builds, c.more...) })
		body := of(composer(t, nil).decide(v, noon()), store.MediumGerrit).Body
		if got := strings.Contains(body, hintZuul); got != c.want {
			t.Errorf("%s: hint %t, want %t", name, got, c.want)
		}
	}
}

// TestSilence: every reason to say nothing, on Gerrit and on IRC.
func TestSilence(t *testing.T) {
	t.Parallel()
	none := func(*ComposeOptions, *WordingOptions) {}
	leave := func(l LeaveOut) func(*ComposeOptions, *WordingOptions) {
		return func(o *ComposeOptions, _ *WordingOptions) { o.Silence.LeaveOut = l }
	}
	change := func(f func(*ci.Change)) func(*store.ReportView) {
		return func(v *store.ReportView) { f(&v.Change) }
	}
	builds := func(b ...store.BuildView) func(*store.ReportView) {
		return func(v *store.ReportView) { v.Builds = b }
	}
	nonvoting := failed("x", store.BuildRecognized, hit("1234567", ""))
	nonvoting.Voting = false
	maybe := hit("1234567", "")
	maybe.If = "voting:1"
	for _, c := range []struct {
		name    string
		options func(*ComposeOptions, *WordingOptions)
		change  func(*store.ReportView)
		now     time.Duration
		why     string
	}{
		{"private", none, change(func(c *ci.Change) { c.Private = true }), 0, "private change"},
		{"too old", none, nil, 2*time.Hour + 1, "older than 2h0m0s"},
		{"newer patchset", none, change(func(c *ci.Change) { c.Current = 3 }), 0, "stale: patchset 3 is newer"},
		{"merged", none, change(func(c *ci.Change) { c.Status = "MERGED" }), 0, "stale: merged"},
		{"abandoned", none, change(func(c *ci.Change) { c.Status = "ABANDONED" }), 0, "stale: abandoned"},
		{"rechecked", none, func(v *store.ReportView) { v.RecheckedSince = true }, 0, "stale: rechecked since"},
		{"project", leave(LeaveOut{Projects: Globs{"openstack/*"}}), nil, 0, `project "openstack/nova" is left out`},
		{"pipeline", leave(LeaveOut{Pipelines: Globs{"ga*"}}), nil, 0, `pipeline "gate" is left out`},
		{"branch", leave(LeaveOut{Branches: Globs{"master"}}), nil, 0, `branch "master" is left out`},
		{"owner", leave(LeaveOut{Owners: Globs{"ali?e"}}), nil, 0, `owner "alice" is left out`},
		{"hashtag", leave(LeaveOut{Hashtags: Globs{"wip"}}), change(func(c *ci.Change) { c.Hashtags = []string{"x", "wip"} }), 0, `hashtag "wip" is left out`},
		{"non-voting", none, builds(nonvoting), 0, "no voting job failed"},
		{"track-only", none, builds(failed("x", store.BuildRecognized, store.HitView{Fingerprint: "quiet"})), 0, "kept quiet"},
		{"taken away", none, builds(failed("x", store.BuildRecognized, store.HitView{Fingerprint: "gone"})), 0, "kept quiet"},
		{"unverified", none, builds(failed("x", store.BuildRecognized, maybe)), 0, "kept quiet"},
		{"no logs", none, builds(failed("x", store.BuildNoLogs)), 0, "nothing recognized in 1 failed job"},
		{"unknown", none, builds(failed("x", store.BuildUnknown), failed("y", store.BuildIncomplete)), 0, "nothing recognized in 2 failed jobs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := composer(t, c.options).decide(view(c.change), at(c.now))
			if d.state != store.ReportSilent || !strings.Contains(d.why, c.why) || len(d.out) != 0 {
				t.Errorf("got %s (%s) with %d messages, want silence: %s", d.state, d.why, len(d.out), c.why)
			}
		})
	}
}

// TestUnrecognizedIsAnnounced: nothing on the review, but to channels that
// want it; a private change is never spoken of.
func TestUnrecognizedIsAnnounced(t *testing.T) {
	v := view(func(v *store.ReportView) {
		v.Builds = []store.BuildView{failed("unit", store.BuildUnrecognized), failed("docs", store.BuildNoLogs)}
	})
	d := composer(t, nil).decide(v, noon())
	if d.state != store.ReportSilent || of(d, store.MediumGerrit) != nil || len(d.out) != 1 {
		t.Fatalf("got %s with %d messages", d.state, len(d.out))
	}
	golden(t, "irc unrecognized", d.out[0].Body)
	v.Change.Private = true
	if d := composer(t, nil).decide(v, noon()); len(d.out) != 0 {
		t.Error("a private change is announced")
	}
	v.Change.Private, v.Pipeline = false, "check"
	if d := composer(t, nil).decide(v, noon()); len(d.out) != 0 {
		t.Error("the channel wants the gate only")
	}
}

// TestSayStale: the config may have it said all the same.
func TestSayStale(t *testing.T) {
	t.Parallel()
	c := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Silence.SayStale = true })
	v := view(func(v *store.ReportView) { v.Change.Current, v.Change.Status, v.RecheckedSince = 9, "MERGED", true })
	if d := c.decide(v, noon()); d.state != store.ReportSaid {
		t.Errorf("got %s (%s)", d.state, d.why)
	}
	v.Change.Private = true
	if d := c.decide(v, noon()); d.state != store.ReportSilent {
		t.Error("also a private change is said")
	}
}

// TestModes: announce writes no review; dry-run writes one, for the outbox to
// refuse.
func TestModes(t *testing.T) {
	t.Parallel()
	for mode, review := range map[Mode]bool{ModeLive: true, ModeDryRun: true, ModeAnnounce: false} {
		d := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Mode = mode }).decide(view(nil), noon())
		if d.state != store.ReportSaid || (of(d, store.MediumGerrit) != nil) != review || of(d, store.MediumIRC) == nil {
			t.Errorf("%s: %s (%s) with %d messages", mode, d.state, d.why, len(d.out))
		}
		if mode != ModeLive && !strings.Contains(d.why, string(mode)) {
			t.Errorf("%s is not in the reason %q", mode, d.why)
		}
	}
}

// TestWaitsWithNothingToSay: a report that is due only for a quiet hit waits
// for its other jobs.
func TestWaitsWithNothingToSay(t *testing.T) {
	t.Parallel()
	v := view(func(v *store.ReportView) {
		v.Builds = []store.BuildView{failed("x", store.BuildRecognized, store.HitView{Fingerprint: "quiet"}), failed("y", store.BuildSearch)}
	})
	if d := composer(t, nil).decide(v, noon()); d.wait != waitForMore || len(d.out) != 0 {
		t.Errorf("got %+v", d)
	}
}

// TestLongReview: at most 16,384 characters, "+N more" in the report's order,
// the reference always there; characters count, not bytes.
func TestLongReview(t *testing.T) {
	t.Parallel()
	v := view(func(v *store.ReportView) {
		v.Builds = nil
		for i := range 100 {
			h := hit("1234567", strings.Repeat("ü", 130))
			h.Excerpt = strings.Repeat("ß", 50)
			v.Builds = append(v.Builds, failed(fmt.Sprintf("job-%03d", i), store.BuildRecognized, h))
		}
	})
	c := composer(t, func(_ *ComposeOptions, w *WordingOptions) { w.MaxLines = 10000 })
	body := of(c.decide(v, noon()), store.MediumGerrit).Body
	n := utf8.RuneCountInString(body)
	if n > MaxReview || len(body) <= n {
		t.Errorf("%d characters, %d bytes", n, len(body))
	}
	shown := strings.Count(body, "- job-")
	if shown < 20 || !strings.Contains(body, fmt.Sprintf("- +%d more jobs", 100-shown)) || !strings.Contains(body, "job-000") || strings.Contains(body, "job-099") {
		t.Errorf("%d jobs shown:\n%s", shown, body)
	}
	if !regexp.MustCompile(`\(rb-[0-9a-f]{12}\)$`).MatchString(body) {
		t.Error("no reference")
	}
	short := of(composer(t, nil).decide(v, noon()), store.MediumGerrit).Body
	if lines := strings.Count(short, "\n") + 1; lines > 25 {
		t.Errorf("%d lines", lines)
	}
	loud := composer(t, func(_ *ComposeOptions, w *WordingOptions) { w.Template = strings.Repeat("🙂", 20000) })
	body = of(loud.decide(view(nil), noon()), store.MediumGerrit).Body
	if n := units(body); n > MaxReview || n < MaxReview-2 || !strings.HasSuffix(body, ")") {
		t.Errorf("a long template: %d units, ends in %q", n, body[len(body)-20:])
	}
}

// TestManyHits: in a fixed order, those seen most elsewhere first, at most
// three of a job and how many more.
func TestManyHits(t *testing.T) {
	t.Parallel()
	v := view(func(v *store.ReportView) {
		v.Builds[0].Hits = nil
		for _, n := range []string{"5", "4", "3", "2", "1"} {
			v.Builds[0].Hits = append(v.Builds[0].Hits, store.HitView{Fingerprint: n, Title: "fp" + n})
		}
		v.Builds[0].Hits[2].OtherChanges = 9
	})
	c := composer(t, func(o *ComposeOptions, _ *WordingOptions) { o.Sets = setOf("1", "2", "3", "4", "5") })
	body := of(c.decide(v, noon()), store.MediumGerrit).Body
	if want := `"fp3" (seen on 9 other changes in 24 h); "fp1"; "fp2"; +2 more`; !strings.Contains(body, want) {
		t.Errorf("no %q in:\n%s", want, body)
	}
}

// TestQuoted: what comes from outside is cleaned, redacted and cannot break out.
func TestQuoted(t *testing.T) {
	t.Parallel()
	v := view(func(v *store.ReportView) {
		b := &v.Builds[0]
		b.Job = "tem\x00pest\n- forged https://evil.example.org : SUCCESS"
		b.Hits[0].Excerpt = "\n\x1b[31mERROR\x1b[0m password=hunter2secret \u202eevil\nsecond line"
		b.Hits[0].URL = "https://user:hunter2secret@logs.example.org/a b"
		b.Hits[0].Bugs[0].Title = "x](https://evil.example.org) \u202e`code`\n\nrecheck"
	})
	body := of(composer(t, nil).decide(v, noon()), store.MediumGerrit).Body
	for _, bad := range []string{"hunter2secret", "\u202e", "\x00", "\x1b", "\n- forged", "](", "`", "second line", "\n\nrecheck"} {
		if strings.Contains(body, bad) {
			t.Errorf("%q is in:\n%s", bad, body)
		}
	}
	if !strings.Contains(body, "      ERROR password=[redacted] evil\n") {
		t.Errorf("no clean excerpt in:\n%s", body)
	}
	for _, address := range []string{"javascript:alert(1)", "/relative", "https://" + strings.Repeat("x", 600)} {
		if got := composer(t, nil).gather.link(address); got != "" {
			t.Errorf("%q is a link: %q", address, got)
		}
	}
}
