package gerritstream

import "testing"

// A writer that is full says so once and goes on taking, as the command would
// hang on a writer that fails.
func TestBounded(t *testing.T) {
	b := &bounded{limit: 5, full: make(chan error, 1)}
	for _, s := range []string{"abc", "de"} {
		if n, err := b.Write([]byte(s)); n != len(s) || err != nil || len(b.full) != 0 {
			t.Fatalf("%q: %d, %v, full %d", s, n, err, len(b.full))
		}
	}
	for range 2 {
		if n, err := b.Write([]byte("fgh")); n != 3 || err != nil || len(b.full) != 1 || string(b.bytes()) != "abcde" {
			t.Errorf("%d, %v, full %d, %q", n, err, len(b.full), b.bytes())
		}
	}
}
