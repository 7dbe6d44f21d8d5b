package config

import (
	"os"
	"testing"
)

// FuzzRead wants of any document: no panic, and a place for each problem.
func FuzzRead(f *testing.F) {
	body, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(body))
	f.Add(tenLines)
	f.Add("a.b.c = {d = [1, {e = 2}]}\n[[ci]]\n[ci.phrases]\n[[ci.x]]\ny=1\n[[ci]]\n")
	f.Add("ci = {name = 1}\nirc = [[1], 2]\n[report]\nredact = [[\"a\"]]\n")
	f.Fuzz(func(t *testing.T, doc string) {
		_, problems := read([]byte(doc), "/none", nil)
		for _, p := range problems {
			if p.Row < 1 || p.Col < 1 || p.Msg == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
