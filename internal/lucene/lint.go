package lucene

import (
	"fmt"
	"strings"
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
func (q Query) Lint(perLine, analysed func(field string) bool) []Note {
	var found []Note
	note := func(off int, format string, args ...any) {
		found = append(found, Note{off, fmt.Sprintf(format, args...)})
	}
	switch {
	case !Anchored(q.Tree, perLine):
		note(q.from, "it can match every line of a file: no text is required (is an AND missing?)")
	case len(Anchors(q.Tree, analysed)) == 0:
		note(q.from, "it is slow: there is no word or phrase that every hit has, so each line is looked at")
		fallthrough
	default:
		found = append(found, q.escapes(perLine)...)
	}
	q.Walk(func(n Node, off int) bool {
		if b, ok := n.(Bool); ok && len(b.Must) > 0 && len(b.Should) > 0 {
			note(q.offset(&b.Should[0], off), "%s changes nothing beside AND: put brackets around what belongs together", cut(b.Should[0].String(), 200))
		}
		if f := FieldOf(n); f != "" && analysed(f) {
			if why := impossible(n); why != "" {
				note(off, "%s can match nothing: %s", cut(n.String(), 200), why)
			}
		}
		return true
	})
	return found
}

// escapes tells branches of a top-level OR that have no condition on the file,
// where others have one.
func (q Query) escapes(perLine func(string) bool) []Note {
	b, ok := q.Tree.(Bool)
	if !ok || len(b.Must) > 0 || len(b.Should) < 2 {
		return nil
	}
	var free *Node
	bound := ""
	for i, c := range b.Should {
		switch f := condition(c, perLine); {
		case f != "":
			bound = f
		case free == nil && Anchored(c, perLine):
			free = &b.Should[i]
		}
	}
	if bound == "" || free == nil {
		return nil
	}
	return []Note{{q.offset(free, q.from),
		fmt.Sprintf("%s stands beside OR without the condition on %s: put brackets around what belongs together", cut((*free).String(), 200), bound)}}
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
	var parts []string
	switch n := n.(type) {
	case Prefix:
		parts = []string{n.Text}
	case Wildcard:
		parts = literals(n.Pattern)
	case Fuzzy:
		if n.Edits == 0 {
			parts = []string{n.Text}
		}
	case Regexp:
		if r, some := n.capital(); some {
			return fmt.Sprintf("it needs %q, words are in lower case, and a regular expression is taken as it is", string(r))
		}
	}
	for _, part := range parts {
		for _, r := range part {
			if classOf(r) == 0 {
				return fmt.Sprintf("there is no %q in a word", string(r))
			}
		}
		if !inWord(part) {
			return fmt.Sprintf("%q is never within one word", part)
		}
	}
	return ""
}

// literals are the texts between the wildcards of a pattern.
func literals(pattern string) []string {
	parts := []string{""}
	for _, r := range newWild(pattern).parts {
		if r < 0 {
			parts = append(parts, "")
			continue
		}
		parts[len(parts)-1] += string(r)
	}
	return parts
}

// inWord reports whether some word has part within it. What may stand around
// it decides whether a dot or a quote at its ends is of the word.
func inWord(part string) bool {
	if part == "" {
		return true
	}
	runes := []rune(part)
	around := []string{"", "a", "1", "_", string(runes[0]), string(runes[len(runes)-1])}
	for _, before := range around {
		for _, after := range around {
			for _, t := range Tokens(before + part + after) {
				if strings.Contains(t.Text, part) {
					return true
				}
			}
		}
	}
	return false
}
