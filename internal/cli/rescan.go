package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/store"
)

func (a *app) rescanCommand() *cobra.Command {
	since := ago(3 * 24 * time.Hour)
	c := a.jsonFlag(&cobra.Command{
		Use:   "rescan",
		Short: "What new fingerprints match in the logs of builds that failed before",
		Long: "Looks in the logs, as far as they are still there, of builds that failed since then and\n" +
			"were looked at before, for those fingerprints only that are new to them. What is found is\n" +
			"recorded and printed; nothing is said on reviews or IRC. A bot may be running meanwhile.",
		Args: arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error { return a.rescan(c.Context(), time.Duration(since)) },
	})
	c.Flags().Var(&since, "since", "how far back, such as 12h or 3d")
	return c
}

func (a *app) rescan(ctx context.Context, since time.Duration) (err error) {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	set, err := a.fingerprints(scanFlags{}, true)
	if err != nil {
		return err
	}
	s, err := store.OpenBeside(ctx, cfg.Store.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	out, err := bot.Rescan(ctx, cfg, s, set, time.Now().Add(-since), a.logger())
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(out)
	}
	a.printRescan(out)
	return nil
}

func (a *app) printRescan(r handlers.Rescanned) {
	var rows []table.Row
	for _, b := range r.Builds {
		what, line := b.Why, ""
		if len(b.Hits) > 0 {
			what, line = hitNames(b.Hits), fmt.Sprintf("%s:%d: %s", b.Hits[0].File, b.Hits[0].Line, printable(firstLine(b.Hits[0].Text)))
		}
		rows = append(rows, table.Row{date(b.At), printable(b.Job), b.Change, string(b.State), printable(what), line})
	}
	if len(rows) > 0 {
		a.printTable(table.Row{"at", "job", "change", "state", "by", "line"}, rows)
	}
	fmt.Fprintf(a.out, "%d builds since %s: %d recognized by new fingerprints, %d with logs gone, %d unreadable; nothing is new to %d others\n",
		r.Looked, date(r.Since), r.Recognized, r.Gone, r.Unreadable, r.Nothing)
	if r.Cut {
		fmt.Fprintln(a.out, "there are more builds than one rescan takes: run it again")
	}
}

func hitNames(hits []handlers.RescannedHit) string {
	var names []string
	for _, h := range hits {
		name := h.Fingerprint
		if h.If != "" {
			name += " (if " + h.If + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// maxAgo bounds how far back anyone may ask.
const maxAgo = 100 * 366 * 24 * time.Hour

// ago is a flag of a duration, in days too.
type ago time.Duration

// String is the duration as it can be given.
func (d *ago) String() string { return time.Duration(*d).String() }

// Type names the kind of value in help texts.
func (d *ago) Type() string { return "DURATION" }

// Set reads 12h, 90m or 3d.
func (d *ago) Set(text string) error {
	scale := time.Duration(1)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		text, scale = days+"h", 24
	}
	v, err := time.ParseDuration(text)
	if err != nil || v <= 0 || v > maxAgo/scale {
		return errors.New("is no duration such as 12h or 3d")
	}
	*d = ago(v * scale)
	return nil
}
