package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

func savedChange(t *testing.T, s *Store, number int64) (c ci.Change) {
	t.Helper()
	ok(t, s.view(t.Context(), "test", number, func(tx *txn) (err error) {
		c, err = loadChange(t.Context(), tx, number)
		return err
	}))
	return c
}

func TestChange(t *testing.T) {
	s := fresh(t)
	full := aChange(7)
	full.Updated, full.Current = noon, 2
	_, err := s.Reconcile(t.Context(), full, nil)
	ok(t, err)
	if diff := cmp.Diff(full, savedChange(t, s, 7)); diff != "" {
		t.Error(diff)
	}
	older := full
	older.Updated, older.Status, older.Subject, older.Current = noon.Add(-time.Hour), "ABANDONED", "Old", 1
	_, err = s.Reconcile(t.Context(), older, nil)
	ok(t, err)
	if diff := cmp.Diff(full, savedChange(t, s, 7)); diff != "" {
		t.Errorf("an older list took something back:\n%s", diff)
	}
	bare := ci.Change{Number: 7, Project: full.Project, Branch: full.Branch, Private: true, Status: "MERGED"}
	ok(t, s.Ingest(t.Context(), []Heard{{Via: ViaStream, Change: bare, NewPatchset: 3}}))
	want := full
	want.Private, want.Status, want.Current = true, "MERGED", 3
	if diff := cmp.Diff(want, savedChange(t, s, 7)); diff != "" {
		t.Errorf("event:\n%s", diff)
	}
	bare.Private, bare.Status = false, "NEW"
	ok(t, s.Ingest(t.Context(), []Heard{{Via: ViaStream, Change: bare}}))
	if diff := cmp.Diff(want, savedChange(t, s, 7)); diff != "" {
		t.Errorf("an event published or un-merged it:\n%s", diff)
	}
	full.Updated = noon.Add(time.Hour)
	_, err = s.Reconcile(t.Context(), full, nil)
	ok(t, err)
	if c := savedChange(t, s, 7); c.Private {
		t.Error("Gerrit's newer word does not make it public")
	}
}

func TestAccountsAreOne(t *testing.T) {
	s := fresh(t)
	var ids []int64
	ok(t, s.update(t.Context(), "test", "", func(tx *txn) error {
		for _, a := range []ci.Account{
			{Username: "alice", Email: "a@example.org"}, {Username: "alice", GerritID: 5}, {GerritID: 5},
			{Email: "b@example.org"}, {GerritID: 6, Email: "b@example.org"}, {GerritID: 6, Username: "bob"}, {Username: "bob"},
			{Email: "a@example.org"}, {Name: "Nobody"}, {Name: "Nobody"},
		} {
			id, err := account(t.Context(), tx, a, cicomment.RolePerson)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	}))
	// An e-mail address alone is not enough to take someone for a user with a name.
	if diff := cmp.Diff([]int64{1, 1, 1, 2, 2, 2, 2, 3, 4, 4}, ids); diff != "" {
		t.Error(diff)
	}
}
