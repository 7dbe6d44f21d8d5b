package ircd

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options shape a server. The zero value is a plain open one.
type Options struct {
	Name     string            // the server's name; "irc.example.net" when empty
	Network  string            // "Example" when empty
	Password string            // wanted in PASS; "" none
	Accounts map[string]string // user to password, for SASL PLAIN and NickServ; nil: neither is offered
	Certs    map[string]string // hex SHA-256 of a client certificate to account, for SASL EXTERNAL
	TLS      *tls.Config       // nil: plain text
	MOTD     []string          // nil: a greeting
	NickLen  int               // longest nick; 0: 30
	Flood    int               // lines in ten seconds after which a client is thrown out; 0: never
	NoCAP    bool              // know nothing of CAP, as servers before 2005
	Now      func() time.Time  // nil: time.Now

	// OnMessage is called for each PRIVMSG that a client sends, before it is
	// delivered. It must not call the server.
	OnMessage func(from, target, text string)
}

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	opts    Options
	ln      net.Listener
	wg      sync.WaitGroup
	started time.Time

	mu       sync.Mutex // guards what follows, and every client's and channel's fields
	clients  map[*client]bool
	nicks    map[string]*client // by folded nick
	channels map[string]*channel
	reserved map[string]bool // folded nicks that are "in use"
	lines    []Line
	forwards map[string]string // folded channel to where a JOIN leads instead
	banned   string            // why nobody is welcome; "" everybody is
	silent   bool
	noSASL   bool
	dropping bool // messages, as flood
	closed   bool
}

// Line is one line that a client sent.
type Line struct{ Nick, Text string }

// maxLines bounds what Lines remembers.
const maxLines = 10_000

// Start listens on addr ("127.0.0.1:0" takes any free port) until Close.
func Start(addr string, o Options) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("ircd: listen on %s: %w", addr, err)
	}
	if o.TLS != nil {
		ln = tls.NewListener(ln, o.TLS)
	}
	s := &Server{
		opts: o.withDefaults(), ln: ln,
		clients: map[*client]bool{}, nicks: map[string]*client{},
		channels: map[string]*channel{}, reserved: map[string]bool{}, forwards: map[string]string{},
	}
	s.started = s.opts.Now()
	s.wg.Go(s.accept)
	return s, nil
}

func (o Options) withDefaults() Options {
	o.Name = cmp.Or(o.Name, "irc.example.net")
	o.Network = cmp.Or(o.Network, "Example")
	o.NickLen = cmp.Or(o.NickLen, 30)
	if o.MOTD == nil {
		o.MOTD = []string{"Welcome. This is a small server for demonstrations and tests."}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Addr is where the server listens, as host:port.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close ends all connections and waits for them.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.ln.Close()
	s.Cut()
	s.wg.Wait()
	return err
}

// Lines returns what clients have sent, oldest first.
func (s *Server) Lines() []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// Nicks returns the names of the registered clients in a channel, or of all with
// channel "", sorted.
func (s *Server) Nicks(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for c := range s.clients {
		if c.registered && (channel == "" || s.channels[fold(channel)].has(c)) {
			names = append(names, c.nick)
		}
	}
	slices.Sort(names)
	return names
}

// Say lets somebody who has no connection speak to a channel or a nick. It says
// whether anybody could hear it.
func (s *Server) Say(from, target, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	source := from + "!" + strings.ToLower(from) + "@" + s.opts.Name
	to := s.audience(target, nil)
	for _, c := range to {
		c.relay(nil, source, "PRIVMSG "+target+" :"+oneLine(text))
	}
	return len(to) > 0
}

// Op makes a member of a channel its operator.
func (s *Server) Op(channel, nick string) { s.Mode(channel, "+o", nick) }

// Mode changes a channel's modes as the server. A channel so touched exists from
// then on, also when empty.
func (s *Server) Mode(channel, change string, args ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channel(channel)
	ch.kept = true
	s.applyModes(s.opts.Name, ch, change, args)
}

// Kick throws a member out of a channel, as the server.
func (s *Server) Kick(channel, nick, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch, c := s.channels[fold(channel)], s.nicks[fold(nick)]; ch.has(c) {
		s.kick(s.opts.Name, ch, c, oneLine(why))
	}
}

func (s *Server) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return // closed
		}
		c := newClient(s, conn)
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = conn.Close()
			return
		}
		s.clients[c] = true
		s.mu.Unlock()
		s.wg.Go(c.read)
		s.wg.Go(c.write)
	}
}

// audience is who hears what except says to target.
func (s *Server) audience(target string, except *client) []*client {
	if c := s.nicks[fold(target)]; c != nil && c.registered {
		return []*client{c}
	}
	var list []*client
	if ch := s.channels[fold(target)]; ch != nil {
		for c := range ch.members {
			if c != except {
				list = append(list, c)
			}
		}
	}
	return list
}

// fold is the name under which nicks and channels are compared (RFC 1459, 2.2).
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= '^' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// oneLine keeps a text from being two lines.
func oneLine(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(text)
}
