package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/recheckbot/recheckbot/internal/demo"
)

// open opens the bot's database for reading.
func (a *arena) open() (*sql.DB, error) { return a.openFor("ro") }

func (a *arena) openFor(mode string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+a.database+"?mode="+mode+"&_busy_timeout=10000")
}

// number is the one number that a query finds.
func number(db *sql.DB, query string, args ...any) (int, error) {
	var n int
	err := db.QueryRow(query, args...).Scan(&n)
	return n, err
}

// settle waits until the bot has nothing left to do, as long as it gets on.
func (a *arena) settle(ctx context.Context) error {
	db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	left, moved := "all", time.Now()
	for {
		now := a.left(db)
		switch {
		case a.dead():
			return errors.New("the bot ended by itself")
		case now == "":
			return nil
		case now != left:
			left, moved = now, time.Now()
		case time.Since(moved) > patience:
			return fmt.Errorf("not settled, and nothing moved for %s; left: %s", patience, left)
		}
		if !pause(ctx, 50*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

// dead reports whether the bot has ended by itself.
func (a *arena) dead() bool {
	ended, _ := a.life.ended()
	return ended
}

// left says what the bot still has to do, or "".
func (a *arena) left(db *sql.DB) string {
	a.mu.Lock()
	wantReports, wantBugs := len(a.reports), a.bugs
	wantPosts := len(a.posts)
	a.mu.Unlock()
	for _, c := range []struct {
		what, query string
		want        int
	}{
		{"comments stored", `SELECT count(*) FROM comment WHERE ` + notUpload, wantPosts},
		{"reports", `SELECT count(*) FROM report`, wantReports},
		{"reports decided", `SELECT count(*) FROM report WHERE state <> 'open'`, wantReports},
		{"bugs announced", `SELECT count(DISTINCT cause) FROM outbox WHERE cause LIKE 'bug:%'`, wantBugs},
		{"unsaid or unproven", `SELECT count(*) FROM outbox WHERE state IN ('ready', 'sending', 'sent')`, 0},
	} {
		got, err := number(db, c.query)
		if err != nil {
			return err.Error()
		}
		if got != c.want {
			return fmt.Sprintf("%s: %d, not %d", c.what, got, c.want)
		}
	}
	return ""
}

// notUpload leaves out the comments that Gerrit itself writes at an upload,
// which no stream brings.
const notUpload = `coalesce(listed, '') NOT LIKE 'Uploaded patch set %'`

// compare holds the database and the world against what should be in them.
func (a *arena) compare() error {
	db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	err = errors.Join(intact(db), a.comments(db), a.answered(), a.announced(db), a.counted(db), a.quiet())
	a.notes = append(a.notes, fmt.Sprintf("%d comments, %d reports, %d reviews, %d lines heard", len(a.posts), len(a.reports), a.ours(), len(a.heard)))
	return err
}

func (a *arena) ours() (n int) {
	for _, p := range a.posts {
		if p.Author == demo.BotUser {
			n++
		}
	}
	return n
}

// intact asks SQLite.
func intact(db *sql.DB) error {
	var said string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&said); err != nil || said != "ok" {
		return errors.Join(fmt.Errorf("integrity_check: %q", said), err)
	}
	n, err := number(db, `SELECT count(*) FROM pragma_foreign_key_check`)
	if n > 0 {
		err = fmt.Errorf("foreign_key_check: %d rows", n)
	}
	return err
}

// answered: each report has one review, and no review is there without one.
func (a *arena) answered() error {
	want, got := map[int64]int{}, map[int64]int{}
	for _, r := range a.reports {
		if !r.silent {
			want[r.change]++
		}
	}
	refs := map[string]bool{}
	var errs []error
	for _, p := range a.posts {
		if p.Author != demo.BotUser {
			continue
		}
		got[p.Change]++
		ref := p.Message[strings.LastIndexByte(strings.TrimSpace(p.Message), '\n')+1:]
		if refs[ref] {
			errs = append(errs, fmt.Errorf("change %d: a review was posted twice: %s", p.Change, ref))
		}
		refs[ref] = true
	}
	for _, p := range a.posts {
		if c := p.Change; want[c] != got[c] {
			errs = append(errs, fmt.Errorf("change %d: %d reviews of %d reports", c, got[c], want[c]))
			want[c] = got[c]
		}
	}
	return few(errs)
}

// counted: each build is counted once.
func (a *arena) counted(db *sql.DB) error {
	want := 0
	for _, r := range a.reports {
		want += r.builds
	}
	got, err := number(db, `SELECT count(*) FROM build WHERE counted`)
	if err == nil && got != want {
		err = fmt.Errorf("%d builds are counted, not %d", got, want)
	}
	return err
}

// quiet: nothing panicked, nothing is dead.
func (a *arena) quiet() error {
	log, err := a.loggedAfter(0)
	if err != nil {
		return err
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "panic") || strings.Contains(line, "goroutine ") {
			return fmt.Errorf("the bot's log: %s", line)
		}
	}
	return nil
}

// few keeps a list of errors readable.
func few(errs []error) error {
	const most = 10
	if len(errs) > most {
		errs = append(errs[:most:most], fmt.Errorf("and %d more", len(errs)-most))
	}
	return errors.Join(errs...)
}
