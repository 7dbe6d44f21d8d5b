// Package queries reads fingerprint files: NAME.yaml, each a Lucene query that
// recognizes a bug in logs, in elastic-recheck's format with keys of our own.
// It checks them, says where one is wrong, and tells when they change. It
// brings a small set of general ones. It searches nothing itself.
package queries
