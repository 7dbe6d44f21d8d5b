package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// plainly is the definition of what a scan finds: each event that Fold gives,
// each tree, evaluated by internal/lucene.
func plainly(t testing.TB, nodes []lucene.Node, text, name string, o joblog.FoldOptions, known ci.Fields) []string {
	t.Helper()
	var all []string
	d := newDoc(lucene.Historical(), known)
	for ev, err := range joblog.Fold(strings.NewReader(text), name, o) {
		if err != nil {
			t.Fatal(err)
		}
		put(d, ev)
		for i, n := range nodes {
			if truth := lucene.Eval(n, d); truth != lucene.No {
				all = append(all, fmt.Sprintf("%d@%d:%d %v", i, ev.Line, ev.Offset, truth))
			}
		}
	}
	slices.Sort(all)
	return all
}

// scanned is what the scanner finds, in the same form; it fails when a tree's
// hits do not come in the order of events.
func scanned(t testing.TB, p *program, text, name string, o joblog.FoldOptions, known ci.Fields) []string {
	t.Helper()
	var all []string
	l := newLooker(p, lucene.Historical(), known, &memory{})
	last := map[int32]int64{}
	l.hit = func(i int32, truth lucene.Truth, ev joblog.Event) {
		if n, ok := last[i]; ok && ev.Offset <= n {
			t.Fatalf("%v: offset %d behind %d", p.trees[i], ev.Offset, n)
		}
		last[i] = ev.Offset
		all = append(all, fmt.Sprintf("%d@%d:%d %v", i, ev.Line, ev.Offset, truth))
	}
	for w, err := range joblog.Windows(strings.NewReader(text), name, o) {
		if err != nil {
			t.Fatal(err)
		}
		l.window(w)
	}
	slices.Sort(all)
	return all
}

// Words that meet, and whose bytes are not always what the analyser sees.
var vocabulary = []string{"Error", "error", "fetch", "foo.bar", "foo_bar", "foo:bar", "a1b2", "10.0.0.1", "can't", "_", "__x",
	"x_", "1,000", "a.1", "İx", "\u212Aindly", "é", "e\u0301", "日本", "x", "…", "-", "ABC-def", "Instance", "compute", "NoValidHost",
	"1\ufe0f\u20e3", "#", "*", "a:1", "\"a\"", "x\u200dy", strings.Repeat("q", 254) + "error", strings.Repeat("a.", 130), "a;b", "1;2", "''",
	"2024", "02", "02T03", "05.678", "05.678Z"}

var heads = []string{"", "", "", "2024-01-02 03:04:05.678 | ", "2024-01-02T03:04:05.678Z |", "2024-01-02 03:04:05.678 12 INFO nova [-] ",
	"2024-01-02 03:04:05.678 12 ERROR nova ", "2024-01-02 03:04:05.678 12 TRACE nova ", "2024-01-02 03:04:05.678 12 DEBUG nova "}

func randomText(r *rand.Rand, words int) string {
	var b strings.Builder
	kinds := 1 + r.IntN(len(heads))
	for range words {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		if sep := []string{" ", " ", "", "\n", "\t", "/", "\xff", ".", "_"}[r.IntN(9)]; sep == "\n" {
			b.WriteString(sep + heads[r.IntN(kinds)])
		} else {
			b.WriteString(sep)
		}
	}
	return b.String()
}

func randomQuery(r *rand.Rand, depth int) string {
	word := func() string {
		return strings.NewReplacer(":", `\:`, "-", `\-`, "/", `\/`, "*", `\*`, `"`, `\"`).Replace(vocabulary[r.IntN(len(vocabulary))])
	}
	sub := func() string { return "(" + randomQuery(r, depth-1) + ")" }
	switch kind := r.IntN(14); {
	case depth <= 0 || kind < 3:
		return `message:` + word()
	case kind == 3:
		return `message:"` + word() + " " + word() + `"`
	case kind == 4:
		return `message:"` + word() + " " + word() + " " + word() + `"`
	case kind == 5:
		return sub() + " AND NOT " + sub()
	case kind == 6:
		return sub() + " OR " + sub() + " OR " + sub()
	case kind == 7:
		return `build_name:y OR ` + sub()
	case kind == 8:
		return fmt.Sprintf(`message:"%s %s"~%d`, word(), word(), r.IntN(4))
	case kind == 9:
		return []string{`loglevel:ERROR`, `module:nova`, `tags:console`, `message:erro?`, `message:*ompute`, `message:instanc~`, `message:novalid*`}[r.IntN(7)]
	case kind == 10:
		return `(tags:console OR tags:screen) AND ` + sub()
	}
	return sub() + " AND " + sub()
}

func randomTrees(r *rand.Rand, n int) (nodes []lucene.Node) {
	for len(nodes) < n {
		if node, err := lucene.Parse(randomQuery(r, 3), lucene.Historical()); err == nil {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

var fileNames = []string{"x.txt", "job-output.txt", "screen-a.txt"}

// TestScannerAgreesWithThePlainEvaluator: on random logs and queries, with few
// and with many fingerprints, with events of all kinds of files.
func TestScannerAgreesWithThePlainEvaluator(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	hits := 0
	for i := range 150 {
		nodes := randomTrees(r, 1+r.IntN(60))
		p := compile(nodes)
		for range 8 {
			text, name := randomText(r, r.IntN(200)), fileNames[i%3]
			o := joblog.FoldOptions{KeepDebug: r.IntN(2) == 0, MaxEvent: []int{0, 0, 200}[r.IntN(3)]}
			known := []ci.Fields{nil, {"tags": {"console"}}, {"tags": nil, "build_name": {"y"}}}[r.IntN(3)]
			want := plainly(t, nodes, text, name, o, known)
			got := scanned(t, p, text, name, o, known)
			if !slices.Equal(got, want) {
				t.Fatalf("%s %+v %v of %q\n%s", name, o, known, text, differences(nodes, got, want))
			}
			hits += len(want)
		}
	}
	if hits < 1000 {
		t.Error("hardly anything to find:", hits)
	}
}

// fillers are trees that make a set one of many fingerprints, whose needles are
// looked for as whole words.
func fillers() (nodes []lucene.Node) {
	for i := range maxOwn + 1 {
		nodes = append(nodes, lucene.Term{Field: analysed, Text: fmt.Sprint("filler", i)})
	}
	return nodes
}

// TestScannerOfManyAgreesWithThePlainEvaluator: where most are looked for as whole
// words, also in stretches that the analyser cuts.
func TestScannerOfManyAgreesWithThePlainEvaluator(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	hits := 0
	for i := range 30 {
		nodes := randomTrees(r, 40)
		p := compile(append(slices.Clip(nodes), fillers()...))
		for range 8 {
			text, name := randomText(r, r.IntN(300)), fileNames[i%3]
			if r.IntN(4) == 0 {
				text += strings.Repeat("x", 200+r.IntN(120)) + vocabulary[r.IntN(len(vocabulary))] + " " + text
			}
			want := plainly(t, nodes, text, name, joblog.FoldOptions{}, nil)
			if got := scanned(t, p, text, name, joblog.FoldOptions{}, nil); !slices.Equal(got, want) {
				t.Fatalf("%s %q\n%s", name, text, differences(nodes, got, want))
			}
			hits += len(want)
		}
	}
	if hits < 1000 {
		t.Error("hardly anything to find:", hits)
	}
}

func differences(nodes []lucene.Node, got, want []string) string {
	var b strings.Builder
	for _, side := range []struct {
		about       string
		these, lack []string
	}{{"too much", got, want}, {"lost", want, got}} {
		for _, s := range side.these {
			if !slices.Contains(side.lack, s) {
				var i int
				fmt.Sscan(strings.Split(s, "@")[0], &i)
				fmt.Fprintf(&b, "%s: %s %v\n", side.about, s, nodes[i])
			}
		}
	}
	return b.String()
}

func FuzzScanner(f *testing.F) {
	f.Add(`message:"failed to fetch" OR message:x`, "2024-01-02 03:04:05.678 | Failed to fetch\n x", 1, false)
	f.Add(`message:k AND NOT message:"a b"`, "\u212A a\nb", 0, true)
	f.Add(`message:"novalidhost a 1"`, "NoValidHost _\xffa.1", 0, false)
	f.Add(`message:"a 1 novalidhost"`, "a.1\xff_ NoValidHost", 0, false)
	f.Add("message:error\nmessage:\"foo.error b\"", strings.Repeat("x", 255)+"error "+strings.Repeat("y.", 130)+"foo.error b", 0, false)
	f.Add("message:2024\nmessage:\"05.678 fetch\"", "2024-01-02 03:04:05.678 | fetch", 1, false)
	f.Add("message:\"_a b\" OR message:a*\nmessage:abcdefgh", "_a.b abcdefgh", 2, false)
	f.Fuzz(func(t *testing.T, queries, text string, name int, debug bool) {
		var nodes []lucene.Node
		for q := range strings.Lines(queries) {
			if n, err := lucene.Parse(strings.TrimSpace(q), lucene.Historical()); err == nil {
				nodes = append(nodes, n)
			}
		}
		if len(nodes) == 0 || len(queries) > 2000 || len(text) > 20000 {
			return
		}
		file, o := fileNames[uint(name)%3], joblog.FoldOptions{KeepDebug: debug}
		want := plainly(t, nodes, text, file, o, nil)
		for _, all := range [][]lucene.Node{nodes, append(slices.Clip(nodes), fillers()...)} {
			if got := scanned(t, compile(all), text, file, o, nil); !slices.Equal(got, want) {
				t.Errorf("%d: %q:\n%s", len(all), text, differences(all, got, want))
			}
		}
	})
}
