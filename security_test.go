package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityTableNamesRealTests holds SECURITY.md against the tests: each
// package's named tests are there, and none is skipped away.
func TestSecurityTableNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+|[a-z]+_test\\.go)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| attack") {
			continue
		}
		rows++
		for part := range strings.SplitSeq(strings.TrimSuffix(cells[2], " |\n"), ";") {
			dir, tests, _ := strings.Cut(strings.TrimSpace(part), ": ")
			found := name.FindAllStringSubmatch(tests, -1)
			if len(found) == 0 {
				t.Errorf("%s: no test", line)
			}
			for _, m := range found {
				if !hasTest(t, dir, m[1]) {
					t.Errorf("%s has no %s", dir, m[1])
				}
			}
		}
	}
	if rows < 20 {
		t.Errorf("only %d rows were read", rows)
	}
}

// hasTest reports whether a package's folder has a test, or a file of tests.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Base(f) == name {
			return true
		}
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "func "+name+"(") {
			return true
		}
	}
	return false
}
