// Package handlers says what to do: one file per step of the flow (ingest,
// catch up, look up, search, compose, announce, deliver, look up titles), and
// one per IRC command. Each step reads its inbox table, does what needs the
// network outside of any transaction, and writes the next table in one; so it
// may be killed at any instruction and goes on where it was.
//
// It declares the small interfaces that it uses. It may not know the
// configuration, speak any protocol itself, nor write SQL.
package handlers
