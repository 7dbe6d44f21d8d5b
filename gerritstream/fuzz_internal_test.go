package gerritstream

import (
	"testing"
	"unicode/utf8"
)

// FuzzAnswer reads any bytes as the answer to a query: nothing panics, and of an
// answer that is understood each patchset-level text goes to one comment at
// most, as valid text.
func FuzzAnswer(f *testing.F) {
	const change = `{"project":"p","number":7,"comments":[{"timestamp":1,"reviewer":{"username":"a"},"message":"Patch Set 1:\n\n(2 comments)"},` +
		`{"timestamp":1,"reviewer":{"username":"a"},"message":"Patch Set 1: Code-Review-1\n\n(1 comment)\n\nx"}],` +
		`"patchSets":[{"number":1,"comments":[{"file":"/PATCHSET_LEVEL","reviewer":{"username":"a"},"message":"y"},` +
		`{"file":"a.go","reviewer":{"username":"a"},"message":"z"},{"file":"/PATCHSET_LEVEL","reviewer":{"username":"a"},"message":"w"}]}]}`
	for _, seed := range []string{
		change + "\n{\"type\":\"stats\",\"rowCount\":1,\"moreChanges\":false}\n", change,
		`{"type":"error","message":"line 1:0 no viable alternative"}`, `{"type":"stats","rowCount":"x","moreChanges":1}`,
		`{"number":"7","comments":{}}` + "\n" + `{"type":"stats"}`, "{}\n\n[]\n", "\x00", `{"number":1e400,"comments":[null]}` + "\n" + `{"type":"stats"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		page, err := parsePage(answer)
		if err != nil {
			return
		}
		for _, c := range page.Changes {
			given := 0
			for _, m := range c.Comments {
				given += len(m.PatchsetLevel)
				if !utf8.ValidString(m.Message) {
					t.Errorf("message %q", m.Message)
				}
			}
			if given > len(c.PatchsetLevel) {
				t.Errorf("%d texts given of %d", given, len(c.PatchsetLevel))
			}
		}
	})
}
