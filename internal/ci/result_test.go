package ci

import "testing"

// TestTableOfResults holds the one table against what rates and look-ups need:
// what counts, what is left out, and what has no logs to look for.
func TestTableOfResults(t *testing.T) {
	for _, c := range []struct {
		result Result
		class  Class
		logs   bool
	}{
		{Success, ClassSucceeded, true}, {Failure, ClassFailed, true}, {TimedOut, ClassFailed, true},
		{PostFailure, ClassFailed, true}, {RetryLimit, ClassFailed, true}, {NodeFailure, ClassFailed, false},
		{Skipped, ClassLeftOut, false}, {Canceled, ClassLeftOut, false}, {Aborted, ClassLeftOut, false},
		{Dequeued, ClassLeftOut, false}, {NoJobs, ClassLeftOut, false},
		{"All is lost", ClassUnknown, true}, {"", ClassUnknown, true},
	} {
		if got := c.result.Class(); got != c.class {
			t.Errorf("%q: class %d, want %d", c.result, got, c.class)
		}
		if got := c.result.MayHaveLogs(); got != c.logs {
			t.Errorf("%q: may have logs %v, want %v", c.result, got, c.logs)
		}
		if got := c.result.Known(); got != (c.class != ClassUnknown) {
			t.Errorf("%q: known %v", c.result, got)
		}
	}
}

// TestIdent: people are known by username, else Gerrit's id, else e-mail.
func TestIdent(t *testing.T) {
	for want, a := range map[string]Account{
		"alice": {Username: "alice", GerritID: 7, Email: "a@x", Name: "Alice"},
		"#7":    {GerritID: 7, Email: "a@x", Name: "Alice"},
		"a@x":   {Email: "a@x", Name: "Alice"},
		"Alice": {Name: "Alice"},
	} {
		if got := a.Ident(); got != want {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
}
