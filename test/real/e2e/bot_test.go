//go:build real

package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/internal/store"
)

// bot is the built binary with a folder of its own: config, fingerprints,
// database. It runs only between start and stop or kill.
type bot struct {
	t    *testing.T
	w    *world
	dir  string
	cmd  *exec.Cmd
	done chan error
	log  *os.File
	db   *sql.DB
}

// setup is what tests choose of a configuration; zero values leave defaults.
type setup struct {
	mode     string // empty: live
	addr     string // of Gerrit, such as a proxy's
	rest     bool   // use Gerrit's REST
	irc      string // server
	project  string // that the channel #ci and the group "mine" are about
	triggers []string
	more     string // further lines, after all tables
}

// fingerprints are the files of each bot's folder.
func fingerprints() map[string]string {
	return map[string]string{
		"9000017.yaml":   "query: >\n  message:\"Timed out waiting for a reply to message ID\"\n  AND tags:\"console\"\n",
		"disk-full.yaml": "title: The disk is full\nquery: >\n  message:\"No space left on device\"\n  AND tags:\"console\"\n",
	}
}

// bot writes the files of a bot; it is ended with the test and, if that
// failed, its log is shown.
func (w *world) bot(t *testing.T, s setup) *bot {
	t.Helper()
	b := &bot{t: t, w: w, dir: t.TempDir()}
	must(t, os.Mkdir(filepath.Join(b.dir, "queries"), 0o755))
	for name, text := range fingerprints() {
		must(t, os.WriteFile(filepath.Join(b.dir, "queries", name), []byte(text), 0o644))
	}
	must(t, os.WriteFile(filepath.Join(b.dir, "password"), []byte("secret\n"), 0o600))
	must(t, os.WriteFile(b.config(), []byte(s.toml(w)), 0o600))
	var err error
	b.log, err = os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	must(t, err)
	// A test's folder may hold "#", where a URI's path would end.
	path := (&url.URL{Path: b.database()}).EscapedPath()
	b.db, err = sql.Open("sqlite", "file:"+path+"?mode=ro&_query_only=1&_busy_timeout=5000")
	must(t, err)
	t.Cleanup(func() {
		b.kill()
		b.db.Close()
		if t.Failed() {
			t.Logf("the bot's log:\n%s", b.logged())
		}
		b.log.Close()
	})
	return b
}

func (b *bot) config() string   { return filepath.Join(b.dir, "config.toml") }
func (b *bot) database() string { return filepath.Join(b.dir, "recheckbot.db") }

func (s setup) toml(w *world) string {
	var c strings.Builder
	add := func(format string, args ...any) { fmt.Fprintf(&c, format+"\n", args...) }
	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	add("[gerrit]\naddr = %q\nuser = \"recheckbot\"\nkey_file = %q\nconnect_timeout = \"10s\"", or(s.addr, w.SSHAddr), w.KeyFile("recheckbot"))
	add("host_key = %q", w.hostKey())
	if s.rest {
		add("http_url = %q\nhttp_user = \"recheckbot\"\nhttp_password_file = \"password\"", w.URL)
	}
	add("[[ci]]\nname = \"zuul\"\nzuul = %q\ntenant = %q\nallow_private = true", w.zuul.URL(), tenant)
	add("log_hosts = [%q]", strings.TrimSuffix(strings.TrimPrefix(w.logs.URL(), "http://"), "/"))
	if s.triggers != nil {
		add("triggers = ['%s']", strings.Join(s.triggers, "', '"))
	}
	add("[[tracker]]\nname = \"launchpad\"\nkind = \"url\"\nurl = \"https://bugs.launchpad.net/bugs/{ref}\"")
	add("[report]\nmode = %q", or(s.mode, "live"))
	add("[engine]\nfingerprints = \"queries\"\n[limits]\nreviews = 0\nannouncements = 0\nfingerprint_percent = 0\n[store]\npath = \"recheckbot.db\"")
	if s.irc != "" {
		add("[[channel]]\nname = \"#ci\"\nprojects = [%q]\nkinds = [\"recognized\", \"untracked-bug\"]", s.project)
		add("[[group]]\nname = \"mine\"\njobs = [\"tempest-%s\"]", filepath.Base(s.project))
		add("[irc]\nserver = %q\ntls = false\nnick = \"rbot\"\nline_every = \"300ms\"\ncommand_every = \"50ms\"\ncommand_burst = 100", s.irc)
	}
	add("%s", s.more)
	return c.String()
}

// hostKey is the fingerprint of Gerrit's key, as ssh-keygen shows it.
func (w *world) hostKey() string {
	out, err := exec.Command("ssh-keygen", "-lf", filepath.Join(w.Dir, "site/etc/ssh_host_ed25519_key.pub")).Output()
	if fields := strings.Fields(string(out)); err == nil && len(fields) > 1 {
		return fields[1]
	}
	return fmt.Sprintf("no host key: %v", err)
}

// launch starts the bot and returns at once.
func (b *bot) launch() {
	b.t.Helper()
	b.cmd, b.done = exec.Command(b.w.binary, "run", "-c", b.config()), make(chan error, 1)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	must(b.t, b.cmd.Start())
	go func(cmd *exec.Cmd, done chan error) { done <- cmd.Wait() }(b.cmd, b.done)
}

// start starts the bot and returns when it hears Gerrit's events and has caught
// up.
func (b *bot) start() {
	b.t.Helper()
	before := b.count(b.logged(), `"msg":"caught up"`)
	b.launch()
	b.hears()
	eventually(b.t, "caught up", func() bool { return b.count(b.logged(), `"msg":"caught up"`) > before })
}

// hears returns when the bot has heard a comment that was posted meanwhile:
// that it is connected does not say that Gerrit has subscribed it already.
func (b *bot) hears() {
	b.t.Helper()
	words := "a word for " + b.w.uuid()
	last := time.Time{}
	eventually(b.t, "the bot hears events", func() bool {
		select {
		case err := <-b.done:
			b.t.Fatalf("the bot ended: %v", err)
		default:
		}
		if time.Since(last) > time.Second {
			last = time.Now()
			b.w.comment(b.t, "alice", b.w.scratch, words)
		}
		return b.number(`SELECT count(*) FROM comment WHERE heard LIKE '%' || ?`, words) > 0
	})
}

// stop ends the bot as a service manager does. It has 10 s.
func (b *bot) stop() {
	b.t.Helper()
	must(b.t, b.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-b.done:
		if err != nil {
			b.t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(10 * time.Second):
		b.t.Error("still there 10 s after SIGTERM")
		b.kill()
	}
	b.cmd = nil
}

// kill ends it by SIGKILL.
func (b *bot) kill() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill() // it may have ended
	<-b.done
	b.cmd = nil
}

func (b *bot) logged() string {
	text, err := os.ReadFile(b.log.Name())
	must(b.t, err)
	return string(text)
}

func (b *bot) count(text, part string) int { return strings.Count(text, part) }

// number is the one number that a question to the database answers; 0 while
// there is no database.
func (b *bot) number(query string, args ...any) int {
	b.t.Helper()
	var n sql.NullInt64
	if err := b.db.QueryRow(query, args...).Scan(&n); err != nil && !missing(err) {
		b.t.Fatalf("%s: %v", query, err)
	}
	return int(n.Int64)
}

// missing is true before the bot has made its database.
func missing(err error) bool {
	text := err.Error()
	return strings.Contains(text, "unable to open") || strings.Contains(text, "no such table") || strings.Contains(text, "no rows")
}

// texts are the rows that a question to the database answers, columns joined
// by a space.
func (b *bot) texts(query string, args ...any) []string {
	b.t.Helper()
	rows, err := b.db.Query(query, args...)
	must(b.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(b.t, err)
	out := []string{}
	for rows.Next() {
		fields, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range fields {
			to[i] = &fields[i]
		}
		must(b.t, rows.Scan(to...))
		var line []string
		for _, f := range fields {
			line = append(line, f.String)
		}
		out = append(out, strings.Join(line, " "))
	}
	must(b.t, rows.Err())
	return out
}

// decided waits until the report on a change is decided and returns state and
// reason.
func (b *bot) decided(change int64) string {
	b.t.Helper()
	const query = `SELECT state, why FROM report WHERE change = ? AND state <> 'open'`
	eventually(b.t, fmt.Sprintf("the report on change %d is decided", change), func() bool { return len(b.texts(query, change)) > 0 })
	list := b.texts(query, change)
	if len(list) != 1 {
		b.t.Fatalf("%d reports on change %d: %q", len(list), change, list)
	}
	return list[0]
}

// outbox are the rows about Gerrit's changes in a state.
func (b *bot) outbox(change int64) []string {
	b.t.Helper()
	return b.texts(`SELECT state, why FROM outbox WHERE medium = 'gerrit' AND target LIKE ? || ',%' ORDER BY id`, change)
}

// proven waits until the one review of a change is known to be there.
func (b *bot) proven(change int64) {
	b.t.Helper()
	eventually(b.t, "the review is proven", func() bool {
		list := b.outbox(change)
		return len(list) == 1 && strings.HasPrefix(list[0], store.OutProven)
	})
}

// gap tells the bot that it may have missed something, as a broken line does.
func (b *bot) gap() {
	b.t.Helper()
	before := b.count(b.logged(), `"why":"gap"`)
	s, err := store.Open(b.t.Context(), b.database(), store.Options{})
	must(b.t, err)
	defer s.Close()
	must(b.t, s.OpenGap(b.t.Context(), time.Now().Add(-time.Minute), "a test says so"))
	eventually(b.t, "caught up after a gap", func() bool { return b.count(b.logged(), `"why":"gap"`) > before })
}

// run runs another command of the binary beside the bot and returns what it
// prints.
func (b *bot) run(args ...string) string {
	b.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(b.w.binary, append(args, "-c", b.config())...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		b.t.Errorf("recheckbot %s: %v: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}
