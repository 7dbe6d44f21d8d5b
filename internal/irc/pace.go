package irc

import "time"

// pace is every waiting time of a connection in one place, so that tests can
// hurry them.
type pace struct {
	dial     time.Duration // TCP and TLS
	register time.Duration // from dialled to welcome
	motd     time.Duration // from welcome to the end of the MOTD, which some servers never send
	identify time.Duration // for NickServ's answer
	write    time.Duration // one write to the socket
	confirm  time.Duration // from a line to its PONG
	ping     time.Duration // between our keep-alive PINGs
	pong     time.Duration // for their answer; ping+pong bounds how long a black hole goes unnoticed
	quit     time.Duration // from QUIT to the server closing
	join     time.Duration // for the answer to a JOIN
	rejoin   time.Duration // first wait after a kick; doubles to slow
	slow     time.Duration // after a refusal that a person must lift: ban, invite-only, SASL
	regain   time.Duration // between attempts to get our nick back
	min, max time.Duration // between connections
	stable   time.Duration // a connection that lived this long makes the next wait short again
}

func defaultPace() pace {
	return pace{
		dial: 30 * time.Second, register: 60 * time.Second, motd: 10 * time.Second,
		identify: 8 * time.Second, write: 15 * time.Second, confirm: 60 * time.Second,
		ping: 30 * time.Second, pong: 45 * time.Second, quit: 2 * time.Second,
		join: 30 * time.Second, rejoin: 5 * time.Second, slow: 5 * time.Minute,
		regain: time.Minute, min: time.Second, max: time.Minute, stable: time.Minute,
	}
}
