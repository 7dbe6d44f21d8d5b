package store

import (
	"context"
	"hash/maphash"
	"strconv"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// learnt is what committed transactions of the writer found and no one ever
// takes back: the ids of names and accounts, and what was last written of a
// change. Only the one writer uses it, in its turn, so it needs no lock.
type learnt struct {
	names    map[nameKey]int64
	accounts map[accountKey]int64
	changes  map[int64]uint64
	// pipelines: project and pipeline to when they were last noted together
	pipelines map[[2]any]time.Time
	seed      maphash.Seed
}

type nameKey struct{ kind, text string }

type accountKey struct {
	ci.Account
	cicomment.Role
}

// maxLearnt bounds each of the maps; beyond it they begin anew.
const maxLearnt = 50_000

func remember[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil || len(*m) >= maxLearnt {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// knownName is the id of a word that was found before.
func (t *txn) knownName(k nameKey) (int64, bool) {
	if t.learnt == nil {
		return 0, false
	}
	id, ok := t.learnt.names[k]
	return id, ok
}

// later does keep when the transaction has been committed.
func (t *txn) later(keep func(*learnt)) {
	if t.learnt != nil {
		t.fresh = append(t.fresh, keep)
	}
}

// account is the id of an account, made when it is new.
func account(ctx context.Context, tx *txn, a ci.Account, role cicomment.Role) (int64, error) {
	k := accountKey{a, role}
	if tx.learnt != nil {
		if id, ok := tx.learnt.accounts[k]; ok {
			return id, nil
		}
	}
	id, err := saveAccount(ctx, tx, a, role)
	if err == nil {
		tx.later(func(l *learnt) { remember(&l.accounts, k, id) })
	}
	return id, err
}

// writtenAlready reports whether just this was the last that this program wrote
// of a change. A private change is written each time: someone else may have
// taken it for public since.
func (t *txn) writtenAlready(c ci.Change, via string) bool {
	if t.learnt == nil || c.Private {
		return false
	}
	if t.learnt.changes == nil {
		t.learnt.changes, t.learnt.seed = map[int64]uint64{}, maphash.MakeSeed()
	}
	sum := t.learnt.sum(c, via)
	if t.learnt.changes[c.Number] == sum {
		return true
	}
	t.later(func(l *learnt) { remember(&l.changes, c.Number, sum) })
	return false
}

func (l *learnt) sum(c ci.Change, via string) uint64 {
	var h maphash.Hash
	h.SetSeed(l.seed)
	owner := c.Owner
	for _, text := range append([]string{
		via, c.Project, c.Branch, c.Key, c.Subject, c.Status, c.URL, owner.Username, owner.Name, owner.Email,
		strconv.FormatInt(owner.GerritID, 10), strconv.Itoa(c.Current), strconv.FormatInt(c.Updated.Unix(), 10), strconv.FormatBool(c.WIP),
		strconv.FormatBool(c.Hashtags == nil),
	}, c.Hashtags...) {
		_, _ = h.WriteString(text) // never fails
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}
