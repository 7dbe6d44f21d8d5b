package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// bulk is what a list without patchset-level texts shows.
func bulk(list []truth) []Comment {
	out := rows(list)
	for i, c := range list {
		c.level = nil
		out[i] = c.row()
	}
	return out
}

// bySSH is what a reader of one change's list by SSH makes of it: the texts of
// an author are dealt by the counts where these tell, else one each first.
func bySSH(list []truth) []Comment {
	out := rows(list)
	type slots struct {
		at    []int
		room  int
		texts []string
	}
	by := map[string]*slots{}
	for i, c := range list {
		who := c.author.Username
		if by[who] == nil {
			by[who] = &slots{}
		}
		if n := counted(c.listed); n > 0 {
			by[who].at, by[who].room = append(by[who].at, i), by[who].room+n
		}
		by[who].texts = append(by[who].texts, c.level...)
	}
	for i := range out {
		out[i].Whole, out[i].PatchsetLevel = true, nil
	}
	for _, s := range by {
		unsure, left, counts := s.room != len(s.texts), len(s.texts), map[int]int{}
		for round := range 2 {
			for _, i := range s.at {
				n := counted(list[i].listed) - counts[i]
				if round == 0 {
					n = 1
				}
				n = min(n, left)
				counts[i], left = counts[i]+n, left-n
			}
		}
		for _, i := range s.at {
			out[i].PatchsetLevel, s.texts = s.texts[:counts[i]], s.texts[counts[i]:]
		}
		for _, i := range s.at {
			if unsure {
				out[i].Read = func(level []string) cicomment.Parsed { return parse(list[i].listed, level) }
			}
		}
	}
	for i, c := range list {
		out[i].Parsed = parse(c.listed, out[i].PatchsetLevel)
	}
	return out
}

// look reads the change's list as catching up does: the bulk of it, then with
// all texts if some are missing, by SSH or by REST; lines that were put back are
// ingested.
func (w *world) look(list []truth, rest bool) {
	w.t.Helper()
	r, err := w.s.Reconcile(w.t.Context(), aChange(w.change), bulk(list))
	ok(w.t, err)
	defer w.again()
	if r.Wordless == 0 {
		return
	}
	all := bySSH(list)
	if rest {
		all = byREST(list)
	}
	_, err = w.s.Reconcile(w.t.Context(), aChange(w.change), all)
	ok(w.t, err)
}

func byREST(list []truth) []Comment {
	out := rows(rest(list))
	for i := range out {
		out[i].Whole = true
	}
	return out
}

// level is a patchset-level comment; with inline ones beside it the reader of a
// list cannot tell where its text belongs.
func level(second int, text string, inline bool) truth {
	c := truth{author: alice, gerrit: second, event: second, heard: ps1 + text, listed: ps1 + "(1 comment)", level: []string{text}}
	if inline {
		c.listed = "Patch Set 1: Code-Review-1\n\n(2 comments)"
	}
	if m := recheckBug.FindStringSubmatch(text); m != nil {
		c.means = m[1]
	}
	return c
}

// TestOneLineLostOfTwo: of two comments of one author within two seconds the
// stream brought one, and which of them only the words tell, which no bulk list
// shows. Both are there in the end, each once, with the words that are theirs.
func TestOneLineLostOfTwo(t *testing.T) {
	onLines := truth{author: alice, gerrit: 0, event: 0, heard: ps1 + "(1 comment)", listed: ps1 + "(1 comment)"}
	both := truth{author: alice, gerrit: 0, event: 0, heard: ps1 + "B2", listed: ps1 + "(1 comment)\n\nrecheck bug 5", level: []string{"B2"}, means: "5"}
	s, change := fresh(t), int64(0)
	for name, list := range map[string][]truth{
		"plain":               {level(0, "recheck bug 1", false), level(1, "recheck bug 2", false)},
		"the first on lines":  {level(0, "recheck bug 1", true), level(1, "recheck bug 2", false)},
		"the second on lines": {level(0, "recheck bug 1", false), level(1, "recheck bug 2", true)},
		"both on lines":       {level(0, "recheck bug 1", true), level(1, "recheck bug 2", true)},
		"on lines only":       {onLines, level(1, "recheck bug 2", false)},
		"far apart":           {onLines, level(20, "recheck bug 2", false)},
		"two texts and one":   {{author: alice, heard: ps1 + "recheck bug 1\nE2", listed: ps1 + "(2 comments)", level: []string{"recheck bug 1", "E2"}, means: "1"}, level(1, "recheck bug 2", false)},
		"a message too":       {both, level(1, "recheck bug 2", false)},
		"a message, and chat": {both, level(1, "ok", false)},
		"three":               {level(0, "recheck bug 1", false), level(1, "recheck bug 2", true), level(2, "recheck bug 3", false)},
	} {
		for lost := range list {
			for _, rest := range []bool{false, true} {
				for _, order := range []string{"line first", "list first", "list lags"} {
					t.Run(fmt.Sprint(name, ", lost ", lost, ", REST ", rest, ", ", order), func(t *testing.T) {
						change++
						w := &world{t: t, s: s, change: change}
						lines := slices.Delete(slices.Clone(list), lost, lost+1)
						switch order {
						case "line first":
							w.hear("s", lines...)
						case "list first":
							w.look(list, rest)
							w.hear("s", lines...)
						case "list lags":
							w.hear("s", lines...)
							w.look(list[:1], rest)
						}
						w.look(list, rest)
						w.look(list, rest)
						if w.check(list); t.Failed() {
							w.dump(list)
						}
						if name != "on lines only" || rest {
							w.places(list)
						}
					})
				}
			}
		}
	}
}

// places checks that what was heard stands with what the list shows of the same
// comment, where its words tell that.
func (w *world) places(list []truth) {
	w.t.Helper()
	got := w.stored()
	if len(got) != len(list) {
		w.t.Fatalf("%d rows for %d comments", len(got), len(list))
	}
	for i, k := range got {
		if words, _ := ownWords(k.heard.String); words != "" && k.heard.String != list[i].heard {
			w.t.Errorf("comment %d: heard %q, was %q", i, k.heard.String, list[i].heard)
		}
	}
}

func (w *world) stored() (out []known) {
	w.t.Helper()
	ok(w.t, w.s.view(w.t.Context(), "stored", w.change, func(tx *txn) (err error) {
		out, err = collect(w.t.Context(), tx, scanKnown, `SELECT `+knownColumns+` FROM comment WHERE change = ? ORDER BY gerrit_s, nth`, w.change)
		return err
	}))
	return out
}

// FuzzLostLines: whichever lines are lost, and however stream and lists are
// interleaved, with the list lagging as it likes, what is stored in the end is
// what was written. By SSH nobody can tell of lost comments with two texts, with
// none or with a message besides which text is whose: there it has none of them.
func FuzzLostLines(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	s, change := fresh(f), int64(0)
	f.Fuzz(func(t *testing.T, seed uint64) {
		change++
		r := rand.New(rand.NewPCG(seed, 2))
		w, all := &world{t: t, s: s, change: change}, history(r)
		byREST := r.IntN(3) == 0
		if !byREST {
			all = slices.DeleteFunc(all, func(c truth) bool { return opens(c.listed) && (len(c.level) != 1 || c.level[0] == "B2") })
		}
		lines := slices.DeleteFunc(slices.Clone(all), func(c truth) bool { return c.heard == "" || r.IntN(4) == 0 })
		for shown := 0; len(lines) > 0; {
			n := 1 + r.IntN(min(3, len(lines)))
			w.hear("s", lines[:n]...)
			lines = lines[n:]
			if r.IntN(2) == 0 {
				shown = max(shown, r.IntN(len(all)+1))
				w.look(all[:shown], byREST)
			}
		}
		w.look(all, byREST)
		w.look(all, byREST)
		if w.check(all); t.Failed() {
			w.dump(all)
		}
	})
}

func (w *world) dump(all []truth) {
	t := w.t
	for _, c := range all {
		t.Logf("%s %d %d %q %q %q", c.author.Username, c.gerrit, c.event, c.heard, c.listed, c.level)
	}
	for _, k := range w.stored() {
		t.Logf("%d %v %v %q %q %q w=%d g=%v", k.author, k.event, k.gerrit, k.heard.String, k.listed.String, k.level, k.weight, k.guess)
	}
}

// TestReportSentTwice: a server that sends an event twice on one connection brings
// a report once; should the list have two, there are two.
func TestReportSentTwice(t *testing.T) {
	report := aReport(1, zuulBuild(1, "a", ci.Failure))
	c := truth{author: zuul, gerrit: 5, event: 6, heard: ps1 + "Build failed", listed: ps1 + "Build failed", parsed: &report}
	w := &world{t: t, s: fresh(t), change: 7}
	w.hear("s", c, c)
	w.hear("s", c)
	w.list([]truth{c})
	if n := count(t, w.s, `SELECT count(*) FROM report`); n != 1 {
		t.Errorf("%d reports of one", n)
	}
	w.list([]truth{c, c})
	if n := count(t, w.s, `SELECT count(*) FROM report`); n != 2 {
		t.Errorf("%d reports of two", n)
	}
}
