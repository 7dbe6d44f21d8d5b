package store

import (
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// noon is the tests' present.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *Store, q string, args ...any) (n int) {
	t.Helper()
	ok(t, s.read.QueryRowContext(t.Context(), q, args...).Scan(&n))
	return n
}

func word(t *testing.T, s *Store, q string, args ...any) (w string) {
	t.Helper()
	ok(t, s.read.QueryRowContext(t.Context(), q, args...).Scan(&w))
	return w
}

var (
	alice = ci.Account{Username: "alice", Name: "Alice Example", Email: "alice@example.org"}
	bob   = ci.Account{Username: "bob", Name: "Bob Example", Email: "bob@example.org"}
	zuul  = ci.Account{Username: "zuul", Name: "Zuul CI"}
	us    = ci.Account{Username: "recheckbot"}
)

func aChange(number int64) ci.Change {
	return ci.Change{Number: number, Project: "openstack/nova", Branch: "master", Key: "I1", Owner: alice, Subject: "A change",
		Status: "NEW", Current: 1, Hashtags: []string{"a"}, URL: "https://review.example.org/1"}
}
