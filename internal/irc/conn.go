package irc

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// maxLine bounds a line from the server: 8,191 bytes of tags and 512 of message
// (IRCv3 message-tags), with room to spare.
const maxLine = 16 << 10

// dial opens the transport and, when asked for, TLS. TLS is done here and not by
// girc, so that the wrapper sees lines and the handshake has a deadline.
func (c *Client) dial(ctx context.Context, server string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.pace.dial)
	defer cancel()
	raw, err := c.opts.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, fmt.Errorf("irc: dial %s: %w", server, err)
	}
	if !c.opts.TLS {
		return raw, nil
	}
	conn := tls.Client(raw, c.tlsConfig(server))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("irc: TLS with %s: %w", server, err)
	}
	return conn, nil
}

func (c *Client) tlsConfig(server string) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.opts.TLSConfig != nil {
		cfg = c.opts.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(server) // validated
	}
	return cfg
}

// reason is err without addresses: our port differs each time, and a failure that
// repeats would look new each time.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op != "dial" {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// lineConn is the net.Conn that girc is given. Reading yields only lines that
// accept lets through; every write has a deadline, without which girc hangs for
// as long as a dead peer's buffer stays full.
type lineConn struct {
	net.Conn
	in      *bufio.Reader
	accept  func(line string) bool
	skipped func(why string)
	timeout time.Duration
	rest    []byte // of the line being read by girc

	out sync.Mutex // one write at a time, so that a deadline is its own
}

func newLineConn(conn net.Conn, timeout time.Duration) *lineConn {
	return &lineConn{Conn: conn, in: bufio.NewReaderSize(conn, maxLine), timeout: timeout}
}

// Read hands out accepted lines only.
func (l *lineConn) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		line, err := l.readLine()
		if err != nil {
			return 0, err
		}
		if line != "" && l.accept(line) {
			l.rest = []byte(line + "\r\n")
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// readLine returns a line without its end, or "" for one that is too long, which
// is read to its end and forgotten.
func (l *lineConn) readLine() (string, error) {
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
		case err != nil:
			return "", err
		case long:
			l.skipped("line is too long")
			return "", nil
		default:
			return strings.TrimRight(string(part), "\r\n"), nil
		}
	}
}

// Write is girc's way out: registration and PONG.
func (l *lineConn) Write(p []byte) (int, error) {
	l.out.Lock()
	defer l.out.Unlock()
	if err := l.SetWriteDeadline(time.Now().Add(l.timeout)); err != nil {
		return 0, err
	}
	return l.Conn.Write(p)
}

// send writes lines in one piece. A line that holds a line break is refused:
// whoever let it come so far would let a stranger speak for us.
func (l *lineConn) send(lines ...string) error {
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			return errors.New("irc: refusing to send a line that holds a line break")
		}
	}
	_, err := l.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
	return err
}
