package store

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pressly/goose/v3"

	"github.com/recheckbot/recheckbot/migrations"
)

func TestRawIsKeptUntilIngested(t *testing.T) {
	s := fresh(t)
	lines := []Raw{
		{Session: "a", Seq: 1, Source: ViaStream, Received: noon, Body: []byte(`{"x":1}`)},
		{Session: "a", Seq: 2, Source: ViaStream, Received: noon.Add(time.Second), Body: []byte("cut"), Aside: "over 16 MiB"},
		{Session: "a", Seq: 3, Source: ViaStream, Received: noon.Add(2 * time.Second)},
	}
	ok(t, s.AppendRaw(t.Context(), lines))
	s = restart(t, s)
	ok(t, s.AppendRaw(t.Context(), lines)) // the acknowledgement was lost
	got, err := s.PendingRaw(t.Context(), 10)
	ok(t, err)
	want := []Raw{lines[0], lines[2]}
	want[0].ID, want[1].ID = 1, 3
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	gaps, err := s.Gaps(t.Context())
	ok(t, err)
	if len(gaps) != 1 || gaps[0].Cause != "over 16 MiB" || !gaps[0].From.Equal(lines[1].Received) || gaps[0].Count != 1 {
		t.Errorf("gaps = %+v", gaps)
	}
	ok(t, s.Ingest(t.Context(), []Heard{{RawID: 1}}))
	ok(t, s.SetRawAside(t.Context(), 3, "poison"))
	if got, err := s.PendingRaw(t.Context(), 10); len(got) != 0 || err != nil {
		t.Errorf("pending = %v %v", got, err)
	}
	st, err := s.Status(t.Context())
	ok(t, err)
	if st.AsideRaw != 2 || len(st.Gaps) != 2 || !st.LastEvent.Equal(lines[2].Received) || st.PendingRaw != 0 {
		t.Errorf("status = %+v", st)
	}
	if w := word(t, s, `SELECT why FROM raw WHERE id = 3`); w != "poison" {
		t.Errorf("why = %q", w)
	}
}

// TestIngestIsOneTransaction: a batch that fails leaves nothing behind.
func TestIngestIsOneTransaction(t *testing.T) {
	s := fresh(t)
	ok(t, s.AppendRaw(t.Context(), []Raw{{Session: "a", Seq: 1, Source: ViaStream, Received: noon}}))
	good := forms()[5].stream(1)
	if err := s.Ingest(t.Context(), []Heard{good, {RawID: 99, Change: aChange(7)}}); err == nil || !strings.Contains(err.Error(), "raw line 99") {
		t.Fatalf("err = %v", err)
	}
	for _, table := range []string{"comment", "change", "recheck", "queue", "account"} {
		if n := count(t, s, `SELECT count(*) FROM `+table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
	if got, err := s.PendingRaw(t.Context(), 10); len(got) != 1 || err != nil {
		t.Errorf("pending = %v %v", got, err)
	}
}

func gapsOf(t *testing.T, s *Store) []Gap {
	t.Helper()
	gaps, err := s.Gaps(t.Context())
	ok(t, err)
	return gaps
}

// TestGaps: a catch-up closes what it knew of. What was seen again while it went
// on stays, from when it began; what is about earlier times stays as it is.
func TestGaps(t *testing.T) {
	s := fresh(t)
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	open := func(minute int, cause string) { t.Helper(); ok(t, s.OpenGap(t.Context(), at(minute), cause)) }
	open(3, "lost")
	open(1, "lost")
	open(2, "read again")
	open(3, "dropped-output")
	known := gapsOf(t, s)
	open(5, "lost")
	open(1, "read again")
	open(2, "new")
	n, err := s.CloseGaps(t.Context(), known, at(4), "a test")
	if n != 1 || err != nil {
		t.Errorf("closed %d %v", n, err)
	}
	want := []Gap{
		{ID: 2, From: at(1), To: at(2), Cause: "read again", Count: 2}, {ID: 4, From: at(2), To: at(2), Cause: "new", Count: 1},
		{ID: 1, From: at(4), To: at(5), Cause: "lost", Count: 3},
	}
	if diff := cmp.Diff(want, gapsOf(t, s)); diff != "" {
		t.Error(diff)
	}
	if n, err := s.CloseGaps(t.Context(), gapsOf(t, s), at(6), "a test"); n != 3 || err != nil {
		t.Errorf("closed %d %v", n, err)
	}
	open(9, "lost") // a new one, for the old is closed
	if n := count(t, s, `SELECT count(*) FROM gap WHERE closed_by = 'a test'`); n != 4 {
		t.Errorf("%d gaps say what closed them", n)
	}
	if n := count(t, s, `SELECT count(*) FROM gap`); n != 5 {
		t.Errorf("%d gaps", n)
	}
}

func TestBegin(t *testing.T) {
	s := fresh(t)
	ok(t, s.SetCursor(t.Context(), CursorBegin, noon.Add(-time.Hour).Format(time.RFC3339)))
	s = restart(t, s)
	if v, _, err := s.Cursor(t.Context(), CursorBegin); v != noon.Add(-time.Hour).Format(time.RFC3339) || err != nil {
		t.Errorf("a later start moved the beginning to %q (%v)", v, err)
	}
}

// TestPendingOfAnOldDatabase: lines that waited when an older program wrote them
// still do.
func TestPendingOfAnOldDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_journal_mode": {"WAL"}}))
	ok(t, err)
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	ok(t, err)
	_, err = p.UpTo(t.Context(), 20)
	ok(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO raw (session, seq, source, received_ms, body, state, at_ms)
		VALUES ('s', 1, 'stream', 0, x'', 'done', 0), ('s', 2, 'stream', 0, x'', 'new', 0), ('s', 3, 'stream', 0, x'', 'aside', 0), ('s', 4, 'stream', 0, x'', 'new', 0)`)
	ok(t, err)
	ok(t, db.Close())
	s := reopen(t, path)
	got, err := s.PendingRaw(t.Context(), 10)
	if err != nil || len(got) != 2 || got[0].ID != 2 || got[1].ID != 4 {
		t.Errorf("pending: %+v %v", got, err)
	}
	if _, err := s.AgeOut(t.Context(), Ages{Raw: noon}, 10); err != nil || count(t, s, `SELECT count(*) FROM raw WHERE id > 1`) != 3 || count(t, s, `SELECT count(*) FROM raw`) != 3 {
		t.Errorf("lines that wait, or were set aside, aged out, or one that is done did not: %v", err)
	}
}

// TestAgeOutGoesInOrder: a few at a time, the oldest first; what a clock that was
// ahead has dated keeps back those behind it, and lines that wait stay.
func TestAgeOutGoesInOrder(t *testing.T) {
	s := fresh(t)
	var lines []Raw
	var done []Heard
	for i, minute := range []int{-9, -8, -7, -6, +5, -4} {
		lines = append(lines, Raw{Session: "s", Seq: int64(i), Source: ViaStream, Received: noon.Add(time.Duration(minute) * time.Minute)})
		if minute != -8 {
			done = append(done, Heard{RawID: int64(i + 1)})
		}
	}
	ok(t, s.AppendRaw(t.Context(), lines))
	ok(t, s.Ingest(t.Context(), done))
	for _, want := range []struct {
		n    int
		left string
	}{{2, "2,4,5,6"}, {1, "2,5,6"}, {0, "2,5,6"}} {
		n, err := s.AgeOut(t.Context(), Ages{Raw: noon}, 2)
		if left := word(t, s, `SELECT group_concat(id) FROM raw ORDER BY id`); n != want.n || left != want.left || err != nil {
			t.Errorf("%d aged out, %s are left, want %d and %s (%v)", n, left, want.n, want.left, err)
		}
	}
	if n, err := s.AgeOut(t.Context(), Ages{Raw: noon.Add(time.Hour)}, 9); n != 2 || err != nil {
		t.Errorf("an hour later: %d %v", n, err)
	}
}
