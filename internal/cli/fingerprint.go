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
			"and prints {\"id\",\"n\",\"hits\":[ids]} for each query, or {\"id\",\"error\"}.\n\n" +
			"With the mapping \"text\" every field is analysed, as Elasticsearch's standard analyser does, but those\n" +
			"named by --keyword, and nothing is a number. \"historical\" is the mapping\n" +
			"of OpenStack's log cluster, \"dynamic\" the one that Elasticsearch makes by itself.",
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
	c.Flags().StringVar(&keyword, "keyword", "", "`FIELDS` that are exact, separated by commas")
	c.Flags().StringVar(&mapping, "mapping", "text", "how fields are indexed: text, historical or dynamic")
	for _, name := range []string{"queries", "docs"} {
		_ = c.MarkFlagRequired(name) // the flags are there
	}
	return c
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
