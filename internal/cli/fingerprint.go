package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

func (a *app) fingerprintCommand() *cobra.Command {
	parent := &cobra.Command{
		Use: "fingerprint", Short: "Understand and try fingerprints", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	parent.AddCommand(a.fingerprintExplain(), a.fingerprintMatch())
	return parent
}

func (a *app) fingerprintMatch() *cobra.Command {
	var queries, docs, keyword, mapping string
	c := &cobra.Command{
		Use:   "match --queries FILE --docs FILE",
		Short: "Tell which documents match which queries",
		Long: "Reads queries {\"id\",\"query\"} and documents {\"id\",FIELD:value or list,…}, one JSON object a line,\n" +
			"and prints {\"id\",\"n\",\"hits\":[ids]} for each query, or {\"id\",\"error\"}.\n\n" + mappings,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			m, err := mappingNamed(mapping, keyword)
			if err != nil {
				return err
			}
			return a.match(m, queries, docs)
		},
	}
	c.Flags().StringVar(&queries, "queries", "", "the queries `FILE`")
	c.Flags().StringVar(&docs, "docs", "", "the documents `FILE`")
	mappingFlags(c, &mapping, &keyword, "text", "")
	for _, name := range []string{"queries", "docs"} {
		_ = c.MarkFlagRequired(name) // the flags are there
	}
	return c
}

// mappings says what --mapping means, wherever there is one.
const mappings = `Of the mappings, "text" analyses every field but those named by --keyword, nothing is a number, and what
nobody means is read as Lucene reads it (in a regular expression \d is the letter d, a pattern of field
names is the name of a field that nothing has). With "historical", that of OpenStack's log cluster, message
is analysed, voting a number, @timestamp a date, all else exact; "dynamic" is what Elasticsearch makes by
itself. With these two what nobody means is an error.`

// mappingFlags are the same for all who evaluate queries; standard is what is
// taken where none is named.
func mappingFlags(c *cobra.Command, mapping, keyword *string, standard, otherwise string) {
	c.Flags().StringVar(mapping, "mapping", standard, "how fields are indexed: text, historical or dynamic"+otherwise)
	c.Flags().StringVar(keyword, "keyword", "", "`FIELDS` that are exact, separated by commas")
}

// mappingNamed is the mapping of that name, with some fields made exact.
func mappingNamed(name, keyword string) (m lucene.Mapping, err error) {
	exact := []string{lucene.NamesField}
	if keyword != "" {
		exact = append(exact, strings.Split(keyword, ",")...)
	}
	if name == "text" {
		m = lucene.Mapping{Default: "message", Analysed: func(string) bool { return true }, Literal: true}
	} else if m, err = lucene.MappingNamed(name); err != nil {
		return m, fmt.Errorf("--mapping: %w, or text", err)
	}
	analysed := m.Analysed
	m.Analysed = func(field string) bool { return analysed(field) && !slices.Contains(exact, field) }
	return m, nil
}
