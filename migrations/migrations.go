// Package migrations holds the database schema as goose migrations named
// NNNN_name.sql, embedded. It holds nothing else: who opens a database applies
// them. A migration that was released is never edited, a new one is added.
package migrations

import "embed"

// FS holds the *.sql files of this folder.
//
//go:embed *.sql
var FS embed.FS
