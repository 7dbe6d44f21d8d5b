// Package irc holds one connection to an IRC network: lines out, commands in.
//
// It dials, registers (CAP, SASL, NickServ), joins, stays joined, says lines
// and proves that the server took them, and hands commands that people type to
// its owner. It knows nothing of the config, the store or what a command means,
// and it never answers a machine.
//
// The library girc parses lines, answers PING and runs the read loop. Its state
// tracking is off, because a few malformed lines make it panic with its lock
// held; so capabilities, nick, channels and operators are tracked here. All that
// is said goes out through one sender goroutine per connection, straight to our
// own net.Conn, because girc splits messages by runes and loses what is said
// while disconnected. What is wrong with girc, and which tests hold each thing, is
// a table in weaknesses_test.go.
package irc
