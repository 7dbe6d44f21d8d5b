package gerritstream_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// memory remembers in a map.
type memory struct {
	mu       sync.Mutex
	changes  map[int64]ci.Change
	accounts map[string]ci.Account
	told     time.Time // of all of them
	err      error
}

func (m *memory) KnownChange(_ context.Context, n int64) (ci.Change, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.changes[n]
	if !ok {
		return c, time.Time{}, m.err
	}
	return c, m.told, m.err
}

func (m *memory) RememberChange(_ context.Context, c ci.Change, asked time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes[c.Number], m.told = c, asked
	return nil
}

func (m *memory) KnownAccount(_ context.Context, name string) (ci.Account, bool, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[name]
	if !ok {
		return a, false, time.Time{}, m.err
	}
	return a, true, m.told, m.err
}

func (m *memory) RememberAccount(_ context.Context, a ci.Account, _ bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts[a.Username], m.told = a, time.Now()
	return nil
}

func newMemory() *memory {
	return &memory{changes: map[int64]ci.Change{}, accounts: map[string]ci.Account{}}
}

func stats(t *testing.T, a *gerritstream.Asker, want gerritstream.AskerStats) {
	t.Helper()
	if got := a.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestCurrentIsFromMemoryWhileTheStreamTellsAll: and only then.
func TestCurrentIsFromMemoryWhileTheStreamTellsAll(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	r, c := w.stream(t)
	m := newMemory()
	a := c.NewAsker(gerritstream.AskerOptions{Memory: m})
	for range 3 { // asked once
		got, err := a.Current(t.Context(), w.Change)
		must(t, err)
		if got.Project != "openstack/nova" || got.Current != 1 {
			t.Errorf("%+v", got)
		}
	}
	stats(t, a, gerritstream.AskerStats{Misses: 1, Hits: 2})
	w.Cut() // what happens meanwhile no event tells
	w.SetPrivate(w.Change, true)
	eventually(t, "again", func() bool { return r.count(&r.connected) == 2 && c.State().Connected })
	got, err := a.Current(t.Context(), w.Change)
	must(t, err)
	if !got.Private {
		t.Error("an old answer")
	}
	stats(t, a, gerritstream.AskerStats{Misses: 2, Hits: 2})
	w.Down()
	eventually(t, "gone", func() bool { return !c.State().Connected })
	if _, err := a.Current(t.Context(), w.Change); err == nil {
		t.Error("an answer without a stream")
	}
	m.err = errors.New("disk")
	if _, err := a.Current(t.Context(), w.Change); !errors.Is(err, m.err) {
		t.Errorf("memory fails: %v", err)
	}
}

// TestEqualQuestionsAreAskedOnce, few at a time, and one who goes away takes the
// answer from nobody.
func TestEqualQuestionsAreAskedOnce(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	c := w.client(t)
	a := c.NewAsker(gerritstream.AskerOptions{Memory: newMemory(), AtOnce: 1})
	_, err := c.Version(t.Context()) // connected
	must(t, err)
	w.Slow(200 * time.Millisecond)
	hurried, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := a.Current(hurried, w.Change)
		gone <- err
	}()
	eventually(t, "asked", func() bool { return a.Stats().Misses == 1 })
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if got, err := a.Current(t.Context(), w.Change); err != nil || got.Number != w.Change {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	wg.Wait()
	if s := a.Stats(); s.Misses != 1 || s.Joined < 4 {
		t.Errorf("%+v", s)
	}
	_, err = a.Current(t.Context(), 999)
	if _, ok := errors.AsType[*gerritstream.NotFoundError](err); !ok || a.Stats().Failed != 1 {
		t.Errorf("no such change: %v, %+v", err, a.Stats())
	}
}

// TestAccountsAreBelievedForAWhile.
func TestAccountsAreBelievedForAWhile(t *testing.T) {
	w := newWorld(t, gerrit.Options{})
	m := newMemory()
	if _, _, err := w.client(t).NewAsker(gerritstream.AskerOptions{Memory: m}).Account(t.Context(), "zuul"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without REST: %v", err)
	}
	asked := 0
	rest := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/accounts/zuul/detail" {
			http.NotFound(out, r)
			return
		}
		_, _ = out.Write([]byte(")]}'\n" + `{"_account_id":7,"username":"zuul","name":"Zuul","tags":["SERVICE_USER"]}`))
	}))
	defer rest.Close()
	w.Opt.HTTPURL = rest.URL
	a := w.client(t).NewAsker(gerritstream.AskerOptions{Memory: m})
	for range 3 {
		got, service, err := a.Account(t.Context(), "zuul")
		if err != nil || !service || got.GerritID != 7 {
			t.Errorf("%+v %t %v", got, service, err)
		}
	}
	m.told = time.Now().Add(-25 * time.Hour)
	_, _, err := a.Account(t.Context(), "zuul")
	must(t, err)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	stats(t, a, gerritstream.AskerStats{Misses: 2, Hits: 2})
	if _, _, err := a.Account(t.Context(), "../x"); err == nil {
		t.Error("no such account is one")
	}
}
