// Package web serves the bot's own pages over HTTP: whether it lives (/healthz),
// whether it hears (/readyz), and its numbers (/metrics). It only reads, knows
// nothing of the other parts, and asks functions that it is given. /healthz
// never touches the database, so that it can say that the database hangs.
package web
