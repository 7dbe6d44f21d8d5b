// Package lucene is the query_string language of Elasticsearch 7: it parses a
// query to a tree, analyses text as the standard analyser does, and evaluates
// a tree over one log event. A field may be unknown; the answer then may be
// Maybe. Answers follow Lucene 8, which goldens in testdata prove.
//
// The package is pure: it does no I/O, holds no state, knows none of the other
// packages, and bounds what it accepts, so that any query text is safe.
package lucene
