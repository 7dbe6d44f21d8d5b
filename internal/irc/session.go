package irc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/lrstanley/girc"
)

// session is one connection from dialled to closed. It and its girc client are
// never used again, so nothing of one connection can leak into the next.
type session struct {
	c        *Client
	server   string // as the options name it
	conn     *lineConn
	handlers map[string]func(girc.Event)
	requests chan *request

	stopping  chan struct{} // closed when no more lines are taken
	done      chan struct{} // closed when the connection is over
	stopOnce  sync.Once
	closeOnce sync.Once
	err       error // why it is over; set before done is closed

	welcomed   chan struct{} // 001 seen
	motd       chan struct{} // the server's greeting is over
	identified chan struct{} // NickServ has answered
	nickFree   chan struct{} // our nick may have become free

	mu       sync.Mutex // guards what follows
	skips    int
	caps     caps
	nicks    nicks
	network  network
	channels *channels
	ops      *operators
	flight   *flight
	pongs    map[string]chan struct{}
	tokens   int
}

func newSession(c *Client, server string, conn net.Conn) *session {
	s := &session{
		c: c, server: server, conn: newLineConn(conn, c.pace.write),
		requests: make(chan *request),
		stopping: make(chan struct{}), done: make(chan struct{}), welcomed: make(chan struct{}), motd: make(chan struct{}),
		identified: make(chan struct{}), nickFree: make(chan struct{}, 1),
		nicks: nicks{now: c.opts.Nick}, network: newNetwork(),
		channels: newChannels(c), ops: newOperators(), pongs: map[string]chan struct{}{},
	}
	s.conn.accept, s.conn.skipped = s.accept, s.skipped
	s.handlers = s.table()
	return s
}

// table says who handles which command or numeric.
func (s *session) table() map[string]func(girc.Event) {
	t := map[string]func(girc.Event){
		girc.CAP: s.onCap, girc.AUTHENTICATE: s.onAuthenticate,
		girc.RPL_SASLSUCCESS: s.onSASLSuccess, girc.ERR_SASLALREADY: s.onSASLSuccess,
		girc.RPL_WELCOME: s.onWelcome, girc.RPL_ISUPPORT: s.onISupport,
		girc.RPL_ENDOFMOTD: s.onMOTD, girc.ERR_NOMOTD: s.onMOTD,
		girc.PONG: s.onPong, girc.ERROR: s.onError, girc.ERR_YOUREBANNEDCREEP: s.onBanned,
		girc.PRIVMSG: s.onMessage, girc.NOTICE: s.onNotice,
		girc.JOIN: s.onJoin, girc.PART: s.onPart, girc.KICK: s.onKick, girc.INVITE: s.onInvite,
		girc.QUIT: s.onQuit, girc.NICK: s.onNick, girc.MODE: s.onMode,
		girc.RPL_NAMREPLY: s.onNames,
		rplHostHidden:     s.onHostHidden, rplLoggedIn: s.onLoggedIn,
	}
	for _, numeric := range saslFailures {
		t[numeric] = s.onSASLFailure
	}
	for _, numeric := range joinRefusals {
		t[numeric] = s.onJoinRefused
	}
	return t
}

// Numerics that girc has no name for.
const (
	rplHostHidden = "396" // <nick> <host> :is now your displayed host
	rplLoggedIn   = "900" // <nick> <mask> <account> :You are now logged in
)

// run registers, holds the connection and ends it. Its error is never nil.
func (s *session) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.quit)
	defer stop()
	var wg sync.WaitGroup
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.read()
	}()
	wg.Go(s.live)
	<-s.done
	wg.Wait()
	// girc may hold its last event for 30 s; nothing can reach it any more, so
	// it is left to end by itself when it does not end soon.
	sleep(read, s.c.pace.quit)
	return s.err
}

// read lets girc register us and read until the connection ends.
func (s *session) read() {
	err := s.conn.send("CAP LS 302")
	if err == nil {
		err = s.library().DialerConnect(dialed{s.conn})
	}
	if err == nil {
		err = errors.New("closed")
	}
	s.close(fmt.Errorf("irc: connection to %s: %w", s.server, reason(err)))
}

// library is a girc client that parses, answers PING, and no more.
func (s *session) library() *girc.Client {
	o := s.c.opts
	host, _, _ := net.SplitHostPort(s.server) // validated
	g := girc.New(girc.Config{
		Server: host, ServerPass: o.Password,
		Nick: o.Nick, User: o.User, Name: o.Realname,
		AllowFlood: true, DisableSTS: true, PingDelay: -1,
		RecoverFunc: func(_ *girc.Client, err *girc.HandlerError) {
			s.c.log.Error("irc: handler failed", "command", err.Event.Command, "panic", fmt.Sprint(err.Panic))
		},
	})
	g.DisableTracking()
	g.Handlers.Add(girc.ALL_EVENTS, func(_ *girc.Client, e girc.Event) { s.handle(e) })
	return g
}

// dialed gives girc the connection that stands already.
type dialed struct{ conn net.Conn }

func (d dialed) Dial(string, string) (net.Conn, error) { return d.conn, nil }

// handle is called for each event, in order.
func (s *session) handle(e girc.Event) {
	s.noteRefusal(e)
	if h := s.handlers[e.Command]; h != nil {
		h(e)
	}
}

// live goes from registration to work, and returns when the connection is over.
func (s *session) live() {
	if !s.await(s.welcomed, s.c.pace.register) {
		s.close(errors.New("irc: the server did not welcome us in time"))
		return
	}
	s.await(s.motd, s.c.pace.motd)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(s.sendLoop)
	wg.Go(s.pingLoop)
	s.declare()
	s.identify()
	if !s.publish() {
		return
	}
	defer s.retract()
	wg.Go(s.joinLoop)
	wg.Go(s.regainLoop)
	<-s.done
}

// await waits for what, for at most d, or for the end.
func (s *session) await(what <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-what:
		return true
	case <-s.done:
	case <-t.C:
	}
	return false
}

// publish makes the session the one that carries lines.
func (s *session) publish() bool {
	select {
	case <-s.done:
		return false
	default:
	}
	s.c.mu.Lock()
	s.c.session = s
	s.c.mu.Unlock()
	s.c.update(func(st *State) {
		st.Connected, st.Since, st.Addr, st.Down, st.Blocked = true, s.c.opts.Now(), s.server, time.Time{}, ""
	})
	s.c.log.Info("irc: connected", "server", s.server, "nick", s.nick())
	return true
}

func (s *session) retract() {
	s.c.mu.Lock()
	s.c.session = nil
	s.c.mu.Unlock()
}

// quit says goodbye and gives what is in flight a moment to be confirmed: the
// server answers what came before QUIT first.
func (s *session) quit() {
	s.stopOnce.Do(func() { close(s.stopping) })
	if err := s.conn.send("QUIT :stopping"); err == nil {
		s.await(nil, s.c.pace.quit)
	}
	s.close(context.Canceled)
}

// close ends the connection; the first reason counts.
func (s *session) close(why error) {
	s.closeOnce.Do(func() {
		s.err = why
		s.stopOnce.Do(func() { close(s.stopping) })
		close(s.done)
		_ = s.conn.Close() // nothing is left to lose
	})
}

// signal closes ch once. The caller holds s.mu.
func signal(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}
