package queries

import (
	"fmt"
	"strings"
	"testing"
)

// laughs is the "billion laughs": each level names the one before ten times.
func laughs(levels int) string {
	var b strings.Builder
	b.WriteString("l0: &l0 [x,x,x,x,x,x,x,x,x,x]\n")
	for n := 1; n <= levels; n++ {
		last := fmt.Sprintf("*l%d", n-1)
		fmt.Fprintf(&b, "l%d: &l%d [%s]\n", n, n, strings.TrimSuffix(strings.Repeat(last+",", 10), ","))
	}
	return b.String()
}

// TestBombsCostNothing: files that grow when they are read, or never end. Each
// is refused with a bounded error, and costs the good one beside it nothing.
func TestBombsCostNothing(t *testing.T) {
	const deep = 60_000
	for name, body := range map[string]string{
		"laughs":             laughs(30) + "query: *l30\n",
		"laughs in a list":   laughs(30) + "query: message:a\ntest_ids: *l30\n",
		"an item of laughs":  laughs(30) + "query: message:a\nbugs: [*l30]\n",
		"an alias of itself": "query: &q [*q]\n",
		"merged keys":        "a: &a {query: 'message:a'}\nb: &b {<<: [*a,*a,*a]}\n<<: *b\n",
		"deep list":          "query: " + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "\n",
		"deep map":           "query: " + strings.Repeat("{a: ", deep) + strings.Repeat("}", deep) + "\n",
		"deep blocks":        "query:\n" + strings.Repeat("- ", deep) + "x\n",
		"many keys":          strings.Repeat("? x\n", deep),
		"many anchors":       "query: [" + strings.Repeat("&a x, ", deep/2) + "]\n",
		"a long key":         strings.Repeat("k", 200<<10) + ": 1\nquery: [\n",
		"a tag":              "query: !!python/object/apply:os.system ['id']\n",
		"binary":             "query: !!binary [\n",
		"many documents":     strings.Repeat("---\nquery: a\n", 10_000),
		"too large":          "query: message:" + strings.Repeat("a", MaxFile) + "\n",
		"deep query":         "query: '" + strings.Repeat("(", 100_000) + "'\n",
		"repetitions":        "query: 'message:/((((a{100}){100}){100}){100})/'\n",
	} {
		t.Run(name, func(t *testing.T) {
			set, problems := Load(dirOf(map[string]string{"bad.yaml": body, "good.yaml": "query: message:a\n"}))
			if len(set.Items) != 1 || set.Items[0].Name != "good" || !HasErrors(problems) {
				t.Fatalf("%d fingerprints, %.300v", len(set.Items), problems)
			}
			for _, p := range problems {
				if p.File != "bad.yaml" || len(p.String()) > 2000 {
					t.Errorf("%.300v has %d bytes", p, len(p.String()))
				}
			}
			if len(problems) > 100 {
				t.Errorf("%d problems of one file", len(problems))
			}
		})
	}
}

// TestNamesOfFilesAreHarmless: a fingerprint's name is said on IRC, in reviews
// and in addresses.
func TestNamesOfFilesAreHarmless(t *testing.T) {
	for _, name := range []string{
		"-rf.yaml", "a b.yaml", "a\nb.yaml", "recheck\x1b[31m.yaml", "$(id).yaml", "a;b.yaml", "<b>.yaml", "\u202egpj.yaml", "a%2f.yaml",
		strings.Repeat("n", 200) + ".yaml", ".yaml",
	} {
		set, problems := Load(dirOf(map[string]string{name: "query: message:a\n"}))
		for _, f := range set.Items {
			if name != "-rf.yaml" {
				t.Errorf("%q is fingerprint %q", name, f.Name)
			}
		}
		if len(set.Items) == 0 && name != ".yaml" && !HasErrors(problems) {
			t.Errorf("%q: nothing was said of it", name)
		}
	}
}
