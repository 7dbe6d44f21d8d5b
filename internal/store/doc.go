// Package store keeps what the program knows in one SQLite database. It owns
// every transaction: an exported method is one transaction, and its helpers
// take the *sql.Tx. It may not talk to any network, parse comments, or decide
// what is said; it stores what other steps decided, with state, time and why.
//
// Files: open.go and tx.go hold the database; raw.go, gap.go and cursor.go the
// inbox; ingest.go, identity.go, align.go and reconcile.go the identity of
// comments; meaning.go, report.go and recheck.go what a comment brings about;
// lookup.go, search.go and verdict.go classification; compose.go, view.go,
// queue.go and deliver.go what is said; rates.go, bug.go, unrecognized.go and
// status.go the answers; age.go, backup.go and fault.go its upkeep and trouble.
// learnt.go is what the writer remembers between transactions.
package store
