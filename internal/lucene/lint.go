package lucene

import (
	"fmt"
	"strings"
	"unicode"
)

// Anchored reports whether every match needs some text: whether a query can
// not match an event by other fields alone, as one with a forgotten AND does,
// which then matches every line of a file. text tells which fields are text.
func Anchored(n Node, text func(field string) bool) bool {
	yes, _ := possible(n, text)
	return !yes
}

// possible tells whether n can be true, and whether it can be false, of an
// event that has none of the texts that n names.
func possible(n Node, text func(string) bool) (yes, no bool) {
	switch n := n.(type) {
	case All:
		return true, false
	case Bool:
		return n.possible(text)
	case leaf:
		return !text(n.field()), true
	}
	return false, true
}

func (n Bool) possible(text func(string) bool) (yes, no bool) {
	if len(n.Must) > 0 {
		yes = true
		for _, c := range n.Must {
			y, f := possible(c, text)
			yes, no = yes && y, no || f
		}
	} else {
		no = true
		for _, c := range n.Should {
			y, f := possible(c, text)
			yes, no = yes || y, no && f
		}
	}
	for _, c := range n.Not {
		y, f := possible(c, text)
		yes, no = yes && f, no || y
	}
	return yes, no
}

// Lint lists what a person hardly meant, in words for them. perLine tells the
// fields that differ from line to line, analysed those that are cut into words.
func Lint(n Node, perLine, analysed func(field string) bool) []string {
	var found []string
	switch {
	case !Anchored(n, perLine):
		found = append(found, "it can match every line of a file: no text is required (is an AND missing?)")
	case len(Anchors(n, analysed)) == 0:
		found = append(found, "it is slow: there is no word or phrase that every hit has, so each line is looked at")
		fallthrough
	default:
		found = append(found, escapes(n, perLine)...)
	}
	Walk(n, func(n Node) bool {
		if b, ok := n.(Bool); ok && len(b.Must) > 0 && len(b.Should) > 0 {
			found = append(found, fmt.Sprintf("%s changes nothing beside AND: put brackets around what belongs together", b.Should[0]))
		}
		if f := FieldOf(n); f != "" && analysed(f) {
			if why := impossible(n); why != "" {
				found = append(found, fmt.Sprintf("%s can match nothing: %s", n, why))
			}
		}
		return true
	})
	return found
}

// escapes tells branches of a top-level OR that have no condition on the file,
// where others have one.
func escapes(n Node, perLine func(string) bool) []string {
	b, ok := n.(Bool)
	if !ok || len(b.Must) > 0 || len(b.Should) < 2 {
		return nil
	}
	var free []Node
	bound := ""
	for _, c := range b.Should {
		switch f := condition(c, perLine); {
		case f != "":
			bound = f
		case Anchored(c, perLine):
			free = append(free, c)
		}
	}
	if bound == "" || len(free) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s stands beside OR without the condition on %s: put brackets around what belongs together", free[0], bound)}
}

// condition is a field of the whole file that n depends on, empty if there is
// none.
func condition(n Node, perLine func(string) bool) string {
	for _, f := range Fields(n) {
		if !perLine(f) {
			return f
		}
	}
	return ""
}

// impossible says why no word of the analyser can make a leaf true.
func impossible(n Node) string {
	pattern := ""
	switch n := n.(type) {
	case Prefix:
		pattern = n.Text
	case Wildcard:
		pattern = strings.NewReplacer("*", "", "?", "", `\`, "").Replace(n.Pattern)
	case Fuzzy:
		if n.Edits == 0 {
			pattern = n.Text
		}
	case Regexp:
		if strings.ContainsFunc(n.Pattern, unicode.IsUpper) {
			return "words are in lower case, and a regular expression is taken as it is"
		}
	}
	for _, r := range pattern {
		if classOf(r) == 0 {
			return fmt.Sprintf("there is no %q in a word", string(r))
		}
	}
	return ""
}
