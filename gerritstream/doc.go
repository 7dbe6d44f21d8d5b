// Package gerritstream talks to a Gerrit server: events over SSH
// (stream-events), queries, reviews, and all comments of a change.
//
// It turns Gerrit's JSON into the types of internal/ci at its border, checks
// the server's host key always, bounds every size and every wait, and closes
// every connection that it gives up. The event reader hands raw lines to a Sink
// and does nothing else.
//
// It may not decide what a comment means, keep state beyond its connections,
// or retry a review by itself: a review whose fate is not known is the
// caller's to ask about.
package gerritstream
