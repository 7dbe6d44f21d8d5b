package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is what is stored of a change: each comment's meaning, sorted.
func seen(t testing.TB, s *Store, change int64) []string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), `SELECT c.kind || iif(r.comment IS NULL, '', ' stored'), coalesce(group_concat(g.ref), '')
		FROM comment c LEFT JOIN recheck r ON r.comment = c.id
		LEFT JOIN recheck_bug n ON n.comment = c.id LEFT JOIN bug g ON g.id = n.bug WHERE c.change = ? GROUP BY c.id`, change)
	ok(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var kind, bug string
		ok(t, rows.Scan(&kind, &bug))
		out = append(out, strings.TrimSpace(kind+" "+bug))
	}
	ok(t, rows.Err())
	slices.Sort(out)
	return out
}

func meant(list []truth) []string {
	var out []string
	for _, c := range list {
		switch c.means {
		case "":
			out = append(out, "other")
		case "recheck":
			out = append(out, "recheck stored")
		default:
			out = append(out, "recheck stored "+c.means)
		}
	}
	slices.Sort(out)
	return out
}

// world is one change's true history on its way into a store.
type world struct {
	t      testing.TB
	s      *Store
	change int64
	raw    int64
	lines  map[int64]truth // by raw line
}

// check compares what is stored with what really was.
func (w *world) check(list []truth) {
	w.t.Helper()
	if diff := cmp.Diff(meant(list), seen(w.t, w.s, w.change)); diff != "" {
		w.t.Errorf("comments (-real +stored):\n%s", diff)
	}
}

// hear sends comments through the raw inbox, as one session.
func (w *world) hear(session string, list ...truth) {
	w.t.Helper()
	var lines []Raw
	for range list {
		w.raw++
		lines = append(lines, Raw{Session: fmt.Sprint(session, w.change), Seq: w.raw, Source: ViaStream, Received: noon})
	}
	ok(w.t, w.s.AppendRaw(w.t.Context(), lines))
	pending, err := w.s.PendingRaw(w.t.Context(), len(list))
	ok(w.t, err)
	if w.lines == nil {
		w.lines = map[int64]truth{}
	}
	for i, c := range list {
		w.lines[pending[i].ID] = c
	}
	w.ingest(pending)
}

func (w *world) ingest(pending []Raw) {
	w.t.Helper()
	var heard []Heard
	for _, raw := range pending {
		h := w.lines[raw.ID].stream(raw.ID)
		h.Change = aChange(w.change)
		heard = append(heard, h)
	}
	ok(w.t, w.s.Ingest(w.t.Context(), heard))
}

// again ingests the lines that a list put back.
func (w *world) again() {
	w.t.Helper()
	pending, err := w.s.PendingRaw(w.t.Context(), 1000)
	ok(w.t, err)
	w.ingest(pending)
}

func (w *world) list(l []truth) Reconciled {
	w.t.Helper()
	r, err := w.s.Reconcile(w.t.Context(), aChange(w.change), rows(l))
	ok(w.t, err)
	return r
}

// TestPatchsetLevelForms: each form is counted once, whoever shows it first,
// and with the program killed in between.
func TestPatchsetLevelForms(t *testing.T) {
	all := forms()
	bare, withIDs := slices.Clone(all), rest(all)
	for i := range bare {
		bare[i].level = nil
	}
	w := &world{t: t, s: fresh(t)}
	// "bare": a query that was not asked for patch sets.
	for name, l := range map[string][]truth{"query": all, "bare": bare, "rest": withIDs} {
		for i, order := range []string{"S K L L", "L L K S L", "S L R", "L R S"} {
			w.change++
			for _, step := range strings.Fields(order) {
				switch step {
				case "S":
					w.hear("s", all...)
				case "L":
					w.list(l)
				case "R":
					w.list(withIDs)
				case "K": // killed
					w.s = restart(t, w.s)
				}
			}
			if w.check(all); t.Failed() {
				t.Fatalf("%s: %s (%d)", name, order, i)
			}
		}
	}
	w.change++
	if r := w.list(all); r != (Reconciled{New: 7, Wordless: 1}) {
		t.Errorf("query first: %+v", r)
	}
	if r := w.list(all); r != (Reconciled{Wordless: 1}) {
		t.Errorf("query twice: %+v", r)
	}
	whole := rows(all)
	for i := range whole {
		whole[i].Whole = true
	}
	for range 2 {
		r, err := w.s.Reconcile(t.Context(), aChange(w.change), whole)
		if ok(t, err); r != (Reconciled{}) {
			t.Errorf("asked for all texts: %+v", r)
		}
	}
	if r := w.list(all); r != (Reconciled{}) {
		t.Errorf("after all texts were asked for: %+v", r)
	}
	w.check(all)
}

// TestGuessedWordsAreWithdrawn: by query, patchset-level words belong to a
// comment by order only; the stream knows better.
func TestGuessedWordsAreWithdrawn(t *testing.T) {
	real := forms()
	wrong := slices.Clone(real)
	wrong[5].level, wrong[6].level = nil, []string{"recheck bug 1234567"}
	for name, steps := range map[string]func(w *world){
		"query first":      func(w *world) { w.list(wrong); w.hear("s", real...) },
		"stream first":     func(w *world) { w.hear("s", real...); w.list(wrong) },
		"wrong, right":     func(w *world) { w.list(wrong); w.hear("s", real...); w.list(real); w.list(wrong) },
		"REST, no stream":  func(w *world) { w.list(wrong); w.list(rest(real)) },
		"right on 2nd try": func(w *world) { w.list(real[:6]); w.list(real) },
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, s: fresh(t), change: 7}
			steps(w)
			w.check(real)
			if n := count(t, w.s, `SELECT count(*) FROM queue`); n != 1 {
				t.Errorf("queue has %d", n)
			}
		})
	}
}

// rest is what REST shows of the same comments.
func rest(list []truth) []truth {
	list = slices.Clone(list)
	for i := range list {
		list[i].messageID = fmt.Sprintf("id%d", i)
	}
	return list
}

func TestTwiceWrittenAndTwiceHeard(t *testing.T) {
	same := truth{author: bob, gerrit: 5, event: 6, heard: ps1 + "recheck", listed: ps1 + "recheck", means: "recheck"}
	twice := []truth{same, same}
	t.Run("written twice", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.hear("s", twice...)
		w.check(twice)
		w.list(twice)
		w.check(twice)
	})
	t.Run("heard on two connections", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.hear("one", twice...)
		w.hear("two", twice...)
		w.hear("three", twice[:1]...)
		w.check(twice)
	})
	t.Run("heard on two connections, in one batch", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		var lines []Raw
		var heard []Heard
		for i, session := range []string{"one", "one", "two", "two", "three"} {
			lines = append(lines, Raw{Session: session, Seq: int64(i), Source: ViaStream, Received: noon})
			heard = append(heard, same.stream(int64(i+1)))
		}
		ok(t, w.s.AppendRaw(t.Context(), lines))
		ok(t, w.s.Ingest(t.Context(), heard))
		w.check(twice)
	})
	t.Run("the list shows one, then two", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.list(twice[:1])
		w.hear("s", twice...)
		w.list(twice)
		w.list(twice)
		w.check(twice)
	})
	t.Run("one raw line ingested twice", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.hear("s", twice[:1]...)
		ok(t, w.s.Ingest(t.Context(), []Heard{same.stream(1), same.stream(1)}))
		w.check(twice[:1])
	})
}

// TestOtherCommentsAreNotJoined: what the list lacks (its index lags) or the
// stream never sends must not swallow another comment of the same second.
func TestOtherCommentsAreNotJoined(t *testing.T) {
	upload := truth{author: alice, gerrit: 3, listed: "Uploaded patch set 2."}
	bug := truth{author: alice, gerrit: 4, event: 5, heard: ps1 + "recheck bug 11", listed: ps1 + "recheck bug 11", means: "11"}
	talk := truth{author: alice, gerrit: 3, event: 4, heard: ps1 + "LGTM", listed: ps1 + "LGTM"}
	t.Run("upload listed, comment heard", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.list([]truth{upload})
		w.hear("s", bug)
		w.list([]truth{upload, bug})
		w.check([]truth{upload, bug})
	})
	t.Run("comment heard, upload listed", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.hear("s", bug)
		w.list([]truth{upload})
		w.list([]truth{upload, bug})
		w.check([]truth{upload, bug})
	})
	t.Run("one lost by the stream, the other not yet listed", func(t *testing.T) {
		w := &world{t: t, s: fresh(t), change: 7}
		w.hear("s", bug)
		w.list([]truth{talk})
		w.list([]truth{talk, bug})
		w.check([]truth{talk, bug})
	})
}

// FuzzInterleaving: however stream and list are interleaved, with the list
// lagging as it likes, what is stored in the end is what was written.
func FuzzInterleaving(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Add(uint64(403)) // an entry that no line brings stands before one that could be any
	s, change := fresh(f), int64(0)
	f.Fuzz(func(t *testing.T, seed uint64) {
		change++
		r := rand.New(rand.NewPCG(seed, 1))
		w, all := &world{t: t, s: s, change: change}, history(r)
		w.interleave(r, all)
		w.check(all)
		n := count(t, s, `SELECT count(*) FROM comment WHERE change = ?
			AND (gerrit_s IS NULL OR (event_s IS NULL AND listed NOT LIKE 'Uploaded%'))`, change)
		if n != 0 {
			t.Errorf("%d comments are not joined", n)
		}
	})
}

// history is a random truth: bursts within a second, equal texts, all forms,
// two authors, Gerrit's own entries.
func history(r *rand.Rand) []truth {
	var out []truth
	second, event := 0, 0
	for range 4 + r.IntN(10) {
		second += []int{0, 0, 1, 1, 2, 5}[r.IntN(6)]
		c := forms()[r.IntN(7)]
		switch r.IntN(5) {
		case 0:
			c = truth{heard: ps1 + "recheck", listed: ps1 + "recheck", means: "recheck"}
		case 1:
			text := fmt.Sprintf("recheck bug %d", 1+r.IntN(3))
			c = truth{heard: ps1 + text, listed: ps1 + text, means: strings.TrimPrefix(text, "recheck bug ")}
		case 2:
			c = truth{listed: "Uploaded patch set 1."}
		}
		c.author = alice
		if r.IntN(3) == 0 {
			c.author = bob
		}
		event = max(event, second+r.IntN(3)) // the stream keeps the order
		c.gerrit, c.event = second, event
		if c.event > second+secondsApart {
			c.event, event = second+secondsApart, second+secondsApart
		}
		out = append(out, c)
	}
	return out
}

// interleave delivers the stream's lines in their order, and between them the
// list as far as its index has come; in the end both are whole.
func (w *world) interleave(r *rand.Rand, all []truth) {
	w.t.Helper()
	lines := slices.DeleteFunc(slices.Clone(all), func(c truth) bool { return c.heard == "" })
	shown := 0
	for len(lines) > 0 {
		n := 1 + r.IntN(min(3, len(lines)))
		w.hear("s", lines[:n]...)
		lines = lines[n:]
		if r.IntN(2) == 0 {
			shown = max(shown, r.IntN(len(all)+1))
			w.list(all[:shown])
		}
	}
	w.list(all)
	if r := w.list(all); r != (Reconciled{}) { // also none without its words: the stream brought them
		w.t.Errorf("again: %+v", r)
	}
}
