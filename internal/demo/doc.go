// Package demo is a whole CI world on loopback for the real bot to live in: a
// Gerrit on SSH, a Zuul, a log server, a Launchpad and an IRC server, with
// nothing else installed; and stories that are played in it and looked at from
// outside. "recheckbot demo", the end-to-end tests and the benchmark use it.
//
// It may not look into the bot's tables to learn whether something happened:
// what a story expects is seen on the change, by a second IRC client, in the
// requests that the servers got, or in the bot's log.
package demo
