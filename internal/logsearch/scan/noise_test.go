package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/joblog"
)

// TestWhatIsFoundInVainIsNoLongerLookedFor: in a log that says a rare word in
// each line another word is the needle, and all that is there is found, before
// the switch and after it.
func TestWhatIsFoundInVainIsNoLongerLookedFor(t *testing.T) {
	var b strings.Builder
	for i := range 12000 {
		fmt.Fprintf(&b, "2024-01-02 03:04:05.678 | gabbi_tempest_path of line %d was read in a while\n", i)
		if i%1000 == 999 {
			b.WriteString("2024-01-02 03:04:05.678 | the error was: gabbi_tempest_path is undefined\n")
		}
	}
	nodes := trees(t, `message:"gabbi_tempest_path is undefined"`, `message:"gabbi_tempest_path" AND message:"was undefined"`)
	p := compile(nodes)
	if !slices.Contains(p.texts, "gabbi_tempest_path") {
		t.Fatal("at first it is looked for:", p.texts)
	}
	want := plainly(t, nodes, b.String(), "job-output.txt", joblog.FoldOptions{}, nil)
	for range 2 {
		if got := scanned(t, p, b.String(), "job-output.txt", joblog.FoldOptions{}, nil); len(want) != 12 || !slices.Equal(got, want) {
			t.Fatal(differences(nodes, got, want))
		}
	}
	if now := p.family.current(); slices.Contains(now.texts, "gabbi_tempest_path") {
		t.Error("it is looked for for ever:", now.texts)
	}
	if n := p.family.switches; n != 1 {
		t.Error("switches:", n)
	}
}

// TestSwitchesLoseNothing, with random queries, in logs of many windows.
func TestSwitchesLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	switches := 0
	for i := range 4 {
		nodes := randomTrees(r, 1+r.IntN(20))
		p := compile(nodes)
		text, name := randomText(r, 60000), fileNames[i%3]
		want := plainly(t, nodes, text, name, joblog.FoldOptions{}, nil)
		if got := scanned(t, p, text, name, joblog.FoldOptions{}, nil); !slices.Equal(got, want) {
			t.Fatal(differences(nodes, got, want))
		}
		switches += p.family.switches
	}
	if switches == 0 {
		t.Error("no program was ever switched")
	}
}
