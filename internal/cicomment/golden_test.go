package cicomment

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestGolden compares comments with their explanations; with UPDATE_GOLDEN set it
// writes them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	update := os.Getenv("UPDATE_GOLDEN") != ""
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]int{}
		for i, f := range ar.Files {
			parts[f.Name] = i
		}
		for _, f := range ar.Files {
			name, ok := strings.CutSuffix(f.Name, ".in")
			if !ok {
				continue
			}
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				in := map[string]string{"comment": string(f.Data)}
				if i, ok := parts[name+".tag"]; ok {
					in["tag"] = strings.TrimSpace(string(ar.Files[i].Data))
				}
				got := explain(t, in)
				want := &ar.Files[parts[name+".want"]]
				if update {
					want.Data = got
				}
				if !bytes.Equal(want.Data, got) {
					t.Errorf("want:\n%s\ngot:\n%s", want.Data, got)
				}
			})
		}
		if update {
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// explain runs one object through ExplainLine and lays the answer out, a build a
// line.
func explain(t *testing.T, in map[string]string) []byte {
	t.Helper()
	line, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ExplainLine(Defaults(), line)
	if err != nil {
		t.Fatal(err)
	}
	out = bytes.ReplaceAll(out, []byte(`{"job":`), []byte("\n"+`{"job":`))
	out = bytes.ReplaceAll(out, []byte(`],"short"`), []byte("\n"+`],"short"`))
	return append(out, '\n')
}
