package gerritstream_test

import (
	"errors"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/recheckbot/recheckbot/gerritstream"
	"github.com/recheckbot/recheckbot/internal/fake/gerrit"
)

// TestNothingLingers: a connection that is given up is reset, not closed in
// peace: what was not delivered yet must not arrive after Gerrit was asked
// whether it is there, and the close waits for nobody.
func TestNothingLingers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ECONNRESET on Windows: how a killed connection ends is not looked at")
	}
	w := newWorld(t, gerrit.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	ended := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, err = io.Copy(io.Discard, conn) // takes all and answers nothing
			conn.Close()
		}
		if err == nil {
			err = io.EOF
		}
		ended <- err
	}()
	w.Opt.Addr, w.Opt.ConnectTimeout = l.Addr().String(), 50*time.Millisecond
	if _, err := w.client(t).Query(t.Context(), gerritstream.Query{Text: "change:1"}); err == nil {
		t.Error("a server that answers nothing answered")
	}
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v", err)
	}
}
