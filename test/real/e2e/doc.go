// Package e2e holds the end-to-end tests of the whole bot, the built binary,
// against a real Gerrit and real IRC daemons: build tag "real". Only Zuul and
// the log server are played. What Gerrit and IRC show is read by other accounts
// and by a client of its own, never through the bot's packages.
//
// It holds tests only and nothing may import it.
package e2e
