//go:build real

package e2e

import (
	"fmt"
	"testing"
	"time"
)

// knownReport waits until the bot has the report on a change.
func (b *bot) knownReport(change int64) {
	b.t.Helper()
	eventually(b.t, "the report is heard", func() bool { return b.number(`SELECT count(*) FROM report WHERE change = ?`, change) == 1 })
}

// sending waits for the instant at which a review goes out.
func (b *bot) sending(change int64) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if list := b.outbox(change); len(list) > 0 && list[0] != "ready " {
			b.t.Logf("outbox: %q", list)
			return
		}
	}
	b.t.Fatal("no review was sent")
}

// leaveOut keeps a bot silent about a project where another one speaks.
func leaveOut(project string) string {
	return fmt.Sprintf("[report.leave_out]\nprojects = [%q]", project)
}

// botKilled: by SIGKILL when the report was heard, and when the review goes
// out.
func botKilled(t *testing.T, w *world) {
	project := w.project(t, "openstack/killed")
	b := w.bot(t, setup{more: leaveOut("openstack/cut")})
	b.start()
	n := w.change(t, project)
	logs := w.report(t, project, n, build{job: "tempest-full-py3", result: "FAILURE"}).logs[0]
	b.knownReport(n)
	b.kill()
	w.publish(logs, knownLine)
	b.launch()
	b.sending(n)
	b.kill()
	b.launch()
	b.proven(n)
	w.oneReview(t, n)
	b.stop()
}

// connectionCut: in the instant at which the review goes out, so that nobody
// can tell whether it arrived.
func connectionCut(t *testing.T, w *world) {
	p, project := w.proxy(t), w.project(t, "openstack/cut")
	b := w.bot(t, setup{addr: p.addr(), more: leaveOut("openstack/killed")})
	b.start()
	n := w.change(t, project)
	w.report(t, project, n, failure())
	b.sending(n)
	p.cut()
	b.proven(n)
	w.oneReview(t, n)
}

// gerritKilled: Gerrit dies right after Zuul has reported, before the bot can
// have done anything; and with another change on which the bot knew the report,
// finds out what it was while Gerrit is away, and wants to speak.
func gerritKilled(t *testing.T, w *world) {
	b := w.bot(t, setup{rest: true})
	b.start()
	late, early := w.change(t, "openstack/nova"), w.change(t, "openstack/nova")
	logs := w.report(t, "openstack/nova", late, build{job: "tempest-full-py3", result: "FAILURE"}).logs[0]
	b.knownReport(late)
	w.report(t, "openstack/nova", early, failure())
	must(t, w.Kill())
	w.publish(logs, knownLine)
	eventually(t, "the bot wants to speak", func() bool { // and does not: the change may have become private
		return b.number(`SELECT count(*) FROM report WHERE change = ? AND state = 'open' AND why LIKE 'how the change is now is not known%'`, late) == 1
	})
	must(t, w.Start())
	for _, n := range []int64{early, late} {
		w.oneReview(t, n)
		b.proven(n)
	}
	b.hears()
	for _, n := range []int64{early, late} {
		w.stillOne(t, n)
		if got := b.number(`SELECT count(*) FROM report WHERE change = ?`, n); got != 1 {
			t.Errorf("%d reports on change %d", got, n)
		}
	}
}
