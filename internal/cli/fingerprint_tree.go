package cli

import (
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// treeLines draws a tree, one line a node, in words.
func treeLines(n lucene.Node, m lucene.Mapping) []string {
	b, ok := n.(lucene.Bool)
	if !ok {
		return []string{leafWords(n, m)}
	}
	var lines []string
	part := func(title string, list []lucene.Node) {
		if len(list) == 0 {
			return
		}
		lines = append(lines, title)
		for _, c := range list {
			for _, line := range treeLines(c, m) {
				lines = append(lines, "  "+line)
			}
		}
	}
	part("all of", b.Must)
	if len(b.Must) > 0 {
		part("(without effect beside what is required)", b.Should)
	} else {
		part("any of", b.Should)
	}
	part("none of", b.Not)
	if lines == nil {
		return []string{"nothing: no word is left"}
	}
	return lines
}

// leafWords says what a leaf asks for.
func leafWords(n lucene.Node, m lucene.Mapping) string {
	switch n.(type) {
	case lucene.All:
		return "every line"
	case lucene.None:
		return "nothing"
	}
	field := lucene.FieldOf(n)
	return fmt.Sprintf("%s: %s", field, asked(n, m.Analysed(field)))
}

func asked(n lucene.Node, analysed bool) string {
	what := "a value"
	if analysed {
		what = "a word"
	}
	switch n := n.(type) {
	case lucene.Term:
		if analysed {
			return fmt.Sprintf("the word %q", n.Text)
		}
		return fmt.Sprintf("exactly %q", n.Text)
	case lucene.Phrase:
		return phraseWords(n)
	case lucene.Prefix:
		return fmt.Sprintf("%s that begins with %q", what, n.Text)
	case lucene.Wildcard:
		return fmt.Sprintf("%s like %s", what, n.Pattern)
	case lucene.Regexp:
		return fmt.Sprintf("%s that is wholly /%s/", what, n.Pattern)
	case lucene.Fuzzy:
		return fmt.Sprintf("%s at most %d edits from %q", what, n.Edits, n.Text)
	case lucene.Exists:
		return "any value"
	case lucene.Number:
		return fmt.Sprintf("the number %v", n.Value)
	}
	text := n.String() // a range
	return text[strings.IndexAny(text, "[{"):]
}

func phraseWords(n lucene.Phrase) string {
	words := make([]string, len(n.Terms))
	for i, t := range n.Terms {
		words[i] = fmt.Sprintf("%q", t)
	}
	text := "the words " + strings.Join(words, " ")
	if n.Slop > 0 {
		return fmt.Sprintf("%s, moved by at most %d places in sum", text, n.Slop)
	}
	return text + ", one after another"
}
