package gerritstream

import "testing"

// A writer that is full says so once and goes on taking, as the command would
// hang on a writer that fails.
func TestBounded(t *testing.T) {
	full := 0
	b := &bounded{limit: 5, full: func() { full++ }}
	for _, s := range []string{"abc", "de"} {
		if n, err := b.Write([]byte(s)); n != len(s) || err != nil || full != 0 {
			t.Fatalf("%q: %d, %v, full %d", s, n, err, full)
		}
	}
	if n, err := b.Write([]byte("fgh")); n != 3 || err != nil || full != 1 || string(b.bytes()) != "abcde" {
		t.Errorf("%d, %v, full %d, %q", n, err, full, b.bytes())
	}
}
