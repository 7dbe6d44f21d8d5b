// Package cicomment understands Gerrit comments: what a CI system reported
// (Zuul v2 and v3 to v14, Jenkins Gerrit Trigger) and what a person asked for
// (rechecks, the bugs named in them).
//
// It is pure: text in, meaning out. It does no I/O, keeps no state, reads no
// clock and guesses nothing: what a comment does not say stays empty. Everything
// it reads is hostile, so all work is linear in the size of the text.
package cicomment
