package ircd

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"strings"
	"time"
	"unicode/utf8"
)

// client is one connection. The server's lock guards its fields.
type client struct {
	s    *Server
	conn net.Conn
	out  chan string // to the writer; full: the client is too slow and goes

	nick, user, host, real string
	account, away          string
	passOK, registered     bool
	negotiating, bot       bool
	caps                   map[string]bool
	sasl                   login
	since, spoke           time.Time
	recent                 []time.Time // when its last lines came, for the flood limit
}

const (
	sendQueue  = 4096
	maxMessage = 510 // without CR LF
	maxInput   = 16 << 10
	lineWait   = 5 * time.Minute // without a line a client is gone
	writeWait  = 10 * time.Second
)

func newClient(s *Server, conn net.Conn) *client {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = "unknown"
	}
	if strings.HasPrefix(host, ":") {
		host = "0" + host // a leading colon would end the parameters
	}
	now := s.opts.Now()
	return &client{
		s: s, conn: conn, out: make(chan string, sendQueue),
		nick: "*", host: host, passOK: s.opts.Password == "", caps: map[string]bool{}, since: now, spoke: now,
	}
}

// read takes lines until the connection ends.
func (c *client) read() {
	defer c.leave()
	in := bufio.NewReaderSize(c.conn, maxInput)
	for {
		if c.conn.SetReadDeadline(time.Now().Add(lineWait)) != nil {
			return
		}
		raw, err := in.ReadSlice('\n')
		if err != nil {
			return // closed, silent, or a line beyond all bounds
		}
		if line := strings.TrimRight(string(raw), "\r\n"); line != "" && !c.take(line) {
			return
		}
	}
}

// take handles one line and says whether the client stays.
func (c *client) take(line string) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(c.s.lines) == maxLines {
		c.s.lines = c.s.lines[1:]
	}
	c.s.lines = append(c.s.lines, Line{c.nick, line})
	switch {
	case c.s.silent:
		return true
	case c.floods():
		return c.end("Excess Flood")
	}
	m := parse(line)
	if len(line)-m.tagLen > maxMessage {
		c.numeric("417", "Input line was too long")
		return true
	}
	return c.dispatch(m)
}

// floods counts lines in the last ten seconds.
func (c *client) floods() bool {
	const window = 10 * time.Second
	if c.s.opts.Flood == 0 {
		return false
	}
	now := time.Now()
	for len(c.recent) > 0 && now.Sub(c.recent[0]) > window {
		c.recent = c.recent[1:]
	}
	c.recent = append(c.recent, now)
	return len(c.recent) > c.s.opts.Flood
}

// write sends what is queued, until the client has left and all is sent. A
// client that says nothing is asked for a sign of life.
func (c *client) write() {
	defer c.conn.Close()
	ask := time.NewTicker(lineWait / 2)
	defer ask.Stop()
	for {
		line, ok := "PING :"+c.s.opts.Name, true
		select {
		case line, ok = <-c.out:
		case <-ask.C:
		}
		if !ok || !c.put(line) {
			return
		}
	}
}

func (c *client) put(line string) bool {
	if c.conn.SetWriteDeadline(time.Now().Add(writeWait)) != nil {
		return false
	}
	_, err := c.conn.Write([]byte(line + "\r\n"))
	return err == nil
}

// send queues a line. A client that does not read is cut off.
func (c *client) send(line string) {
	if c.s.silent || !c.s.clients[c] {
		return
	}
	select {
	case c.out <- line:
	default:
		_ = c.conn.Close()
	}
}

// end says why and lets the client go.
func (c *client) end(why string) bool {
	c.send("ERROR :Closing Link: " + c.host + " (" + why + ")")
	c.depart(why)
	return false
}

// leave is the end of read.
func (c *client) leave() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.depart("Connection closed")
}

// depart takes the client out of everything and tells who knew it. Only the
// first call counts.
func (c *client) depart(why string) {
	if !c.s.clients[c] {
		return
	}
	c.tellNeighbours("QUIT :" + why)
	for _, ch := range c.s.channels {
		c.s.part(ch, c)
	}
	if c.s.nicks[fold(c.nick)] == c {
		delete(c.s.nicks, fold(c.nick))
	}
	delete(c.s.clients, c)
	close(c.out)
}

// tellNeighbours sends an event of c to everybody who shares a channel with it.
func (c *client) tellNeighbours(event string) {
	told := map[*client]bool{c: true}
	for _, ch := range c.s.channels {
		if !ch.has(c) {
			continue
		}
		for other := range ch.members {
			if !told[other] {
				told[other] = true
				other.relay(c, c.mask(), event)
			}
		}
	}
}

func (c *client) mask() string { return c.nick + "!" + c.user + "@" + c.host }

// relay passes on what sender (nil: nobody with a connection) did. As on real
// servers, what does not fit 512 bytes is cut off.
func (c *client) relay(sender *client, source, event string) {
	line := ":" + source + " " + event
	if len(line) > maxMessage {
		line = line[:maxMessage]
		for !utf8.ValidString(line) && len(line) > maxMessage-utf8.UTFMax {
			line = line[:len(line)-1]
		}
	}
	c.send(c.tags(sender) + line)
}

// tags is what the client asked to be told with each message.
func (c *client) tags(sender *client) string {
	var tags []string
	if c.caps["server-time"] {
		tags = append(tags, "time="+c.s.opts.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if sender != nil && c.caps["account-tag"] && sender.account != "" {
		tags = append(tags, "account="+sender.account)
	}
	if sender != nil && c.caps["message-tags"] && sender.bot {
		tags = append(tags, "bot")
	}
	if len(tags) == 0 {
		return ""
	}
	return "@" + strings.Join(tags, ";") + " "
}

// numeric answers the client; the last of params may hold spaces.
func (c *client) numeric(code string, params ...string) {
	last := len(params) - 1
	line := ":" + c.s.opts.Name + " " + code + " " + c.nick
	for _, p := range params[:last] {
		line += " " + p
	}
	c.send(line + " :" + params[last])
}

// fingerprint is the hex SHA-256 of the client's certificate, "" without one.
func (c *client) fingerprint() string {
	conn, ok := c.conn.(*tls.Conn)
	if !ok {
		return ""
	}
	certs := conn.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return ""
	}
	sum := sha256.Sum256(certs[0].Raw)
	return hex.EncodeToString(sum[:])
}
