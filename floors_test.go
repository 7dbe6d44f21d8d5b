package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/recheckbot/recheckbot"

// floors is the house of ARCHITECTURE.md: which package stands on which floor.
// A package that is not listed fails the test: it has to be given a place.
var floors = map[string]int{
	".":                          7,
	"internal/cli":               6,
	"internal/bench":             6,
	"internal/enginebench":       6,
	"internal/faulttest":         6,
	"internal/demo":              5,
	"bot":                        4,
	"handlers":                   3,
	"gerritstream":               2,
	"internal/store":             2,
	"internal/logsearch/scan":    2,
	"internal/irc":               2,
	"internal/zuul":              2,
	"internal/tracker":           2,
	"internal/config":            2,
	"internal/web":               2,
	"internal/fake/gerrit":       1,
	"internal/fake/ircd":         1,
	"internal/fake/loghost":      1,
	"internal/fake/zuul":         1,
	"internal/logsearch":         1,
	"internal/needle":            0,
	"internal/needle/sample":     1,
	"internal/joblog":            1,
	"queries":                    1,
	"internal/cicomment":         1,
	"internal/rates":             1,
	"internal/testresults":       1,
	"internal/lucene":            0,
	"internal/lucene/index":      0,
	"internal/lucene/lucenetest": 0,
	"internal/ci":                0,
	"migrations":                 0,
}

// TestImportsPointDown holds every import of our own against the floors:
// downwards only, a parent folder's package apart.
func TestImportsPointDown(t *testing.T) {
	for _, im := range ownImports(t) {
		from, to := im.from, im.to
		fromFloor, known := floors[from]
		if !known {
			t.Errorf("%s has no floor: give it one here and in ARCHITECTURE.md", from)
			continue
		}
		if fromFloor > floors[to] || path.Dir(from) == to {
			continue
		}
		t.Errorf("%s: %s (floor %d) imports %s (floor %d)", im.file, from, fromFloor, to, floors[to])
	}
}

// TestOnlyTheTopKnowsTheConfig keeps the config out of everything but bot, cli
// and what runs a whole bot (demo, bench).
func TestOnlyTheTopKnowsTheConfig(t *testing.T) {
	allowed := map[string]bool{"bot": true, "internal/cli": true, "internal/demo": true, "internal/bench": true}
	for _, im := range ownImports(t) {
		if im.to == "internal/config" && !allowed[im.from] {
			t.Errorf("%s imports internal/config", im.file)
		}
	}
}

// TestFakesStayInDemoAndTests keeps fake peers out of the bot itself.
func TestFakesStayInDemoAndTests(t *testing.T) {
	allowed := map[string]bool{"internal/demo": true, "internal/bench": true, "internal/faulttest": true}
	for _, im := range ownImports(t) {
		fake := strings.HasPrefix(im.to, "internal/fake/") || im.to == "internal/lucene/lucenetest"
		if fake && !allowed[im.from] {
			t.Errorf("%s imports %s", im.file, im.to)
		}
	}
}

type ownImport struct{ file, from, to string }

// ownImports lists the imports of this module's packages by its non-test files
// outside of test/.
func ownImports(t *testing.T) []ownImport {
	t.Helper()
	var found []ownImport
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if skipped(name, d) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			if to, ok := strings.CutPrefix(p, module+"/"); ok {
				found = append(found, ownImport{name, filepath.ToSlash(filepath.Dir(name)), to})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("only %d imports found: is the test run in the module's root?", len(found))
	}
	return found
}

// skipped reports whether the walk leaves name out.
func skipped(name string, d fs.DirEntry) bool {
	return d.IsDir() && (name == "test" || name == ".git" || d.Name() == "testdata")
}
