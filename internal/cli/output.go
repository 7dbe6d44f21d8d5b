package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/term"
)

// printJSON writes v as one indented JSON document.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(escaped{a.out})
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable writes rows below a header; on a terminal with light borders.
func (a *app) printTable(header table.Row, rows []table.Row) {
	t := table.NewWriter()
	t.AppendHeader(header)
	t.AppendRows(rows)
	style := table.StyleLight
	style.Format.Header = 0
	if !isTerminal(a.out) {
		style.Options = table.OptionsNoBordersAndSeparators
	}
	t.SetStyle(style)
	fmt.Fprintln(a.text(), t.Render())
}

// printLines writes an answer as IRC would say it.
func (a *app) printLines(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(a.text(), line)
	}
}

// logger logs to standard error: text on a terminal, JSON elsewhere.
func (a *app) logger() *slog.Logger {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: readable}
	if isTerminal(a.err) {
		return slog.New(slog.NewTextHandler(a.err, options))
	}
	return slog.New(slog.NewJSONHandler(a.err, options))
}

// readable writes durations as people do ("1.5s"), in JSON as in text.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(time.Millisecond).String())
	}
	return a
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
