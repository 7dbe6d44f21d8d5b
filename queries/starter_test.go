package queries

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// consoleEvent is an event of today's job-output.txt in a voting build.
func consoleEvent(text string) *lucene.Doc {
	d := lucene.NewDoc(lucene.Historical())
	d.Set("message", strings.TrimSpace(text))
	d.Set("tags", "job-output.txt", "console")
	d.Set("filename", "job-output.txt")
	d.Set("voting", "1")
	return d
}

func starterSet(t *testing.T) Set {
	t.Helper()
	set, problems := Load(Starter())
	for _, p := range problems {
		t.Error(p)
	}
	if len(set.Items) < 10 {
		t.Fatalf("%d fingerprints", len(set.Items))
	}
	return set
}

func TestStarterMatchesItsSamplesOnly(t *testing.T) {
	for _, f := range starterSet(t).Items {
		body, err := os.ReadFile("testdata/" + f.Name + ".txtar")
		if err != nil {
			t.Errorf("%s has no samples: %v", f.Name, err)
			continue
		}
		matches, others := 0, 0
		for _, sample := range txtar.Parse(body).Files {
			want := lucene.No
			if strings.HasPrefix(sample.Name, "match") {
				want = lucene.Yes
				matches++
			} else {
				others++
			}
			if got := lucene.Eval(f.Tree, consoleEvent(string(sample.Data))); got != want {
				t.Errorf("%s, %s: %v, want %v\n%s", f.Name, sample.Name, got, want, sample.Data)
			}
		}
		if matches < 2 || others < 3 {
			t.Errorf("%s has %d samples that match and %d that do not", f.Name, matches, others)
		}
	}
}

// TestStarterSamplesAreToldApart: a sample that one fingerprint must match is
// claimed by no other.
func TestStarterSamplesAreToldApart(t *testing.T) {
	set := starterSet(t)
	for _, f := range set.Items {
		body, err := os.ReadFile("testdata/" + f.Name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range txtar.Parse(body).Files {
			for _, other := range set.Items {
				if other.Name == f.Name || !strings.HasPrefix(sample.Name, "match") {
					continue
				}
				if lucene.Eval(other.Tree, consoleEvent(string(sample.Data))) == lucene.Yes {
					t.Errorf("%s, %s is also matched by %s", f.Name, sample.Name, other.Name)
				}
			}
		}
	}
}

func TestStarterIsGeneralAndSpeaks(t *testing.T) {
	for _, f := range starterSet(t).Items {
		if f.Title == "" || len(f.Bugs) > 0 || f.SuppressNotification {
			t.Errorf("%s: title %q, bugs %v, suppressed %v", f.Name, f.Title, f.Bugs, f.SuppressNotification)
		}
		if !lucene.Anchored(f.Tree, PerLine) {
			t.Errorf("%s matches lines by metadata alone", f.Name)
		}
		d := consoleEvent("")
		d.Set("tags", "other.txt")
		if (lucene.Fold(f.Tree, d) != lucene.None{}) {
			t.Errorf("%s looks at files without a tag of its own", f.Name)
		}
	}
}
