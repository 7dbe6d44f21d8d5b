package lucene

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// DumpJSON writes a tree as one JSON object: {"t":"bool","must":[…],"should":[…],"not":[…]},
// {"t":"all"}, {"t":"none"}; {"t":"term","f":field,"v":text}, likewise "prefix"
// and "wildcard"; {"t":"phrase","f":…,"v":[words],"pos":[positions],"slop":n};
// others by the name that they have in Lucene, with "v" in its own writing.
// Two trees are equal if and only if their dumps are.
func DumpJSON(n Node) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(dumped(n)) // to a Buffer, of texts and numbers only: cannot fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

type (
	dumpedBool struct {
		T      string `json:"t"`
		Must   []any  `json:"must"`
		Should []any  `json:"should"`
		Not    []any  `json:"not"`
	}
	dumpedLeaf struct {
		T string `json:"t"`
		F string `json:"f,omitempty"`
		V string `json:"v"`
	}
	dumpedPhrase struct {
		T    string   `json:"t"`
		F    string   `json:"f"`
		V    []string `json:"v"`
		Pos  []int    `json:"pos"`
		Slop int      `json:"slop"`
	}
	dumpedWord struct {
		T string `json:"t"`
	}
)

func dumped(n Node) any {
	switch n := n.(type) {
	case All:
		return dumpedWord{"all"}
	case Bool:
		return dumpedBool{"bool", dumpedAll(n.Must), dumpedAll(n.Should), dumpedAll(n.Not)}
	case Phrase:
		pos := make([]int, len(n.Terms))
		for i := range pos {
			pos[i] = i
		}
		return dumpedPhrase{"phrase", n.Field, n.Terms, pos, n.Slop}
	case leaf:
		return dumpLeaf(n)
	}
	return dumpedWord{"none"}
}

func dumpedAll(list []Node) []any {
	all := make([]any, len(list))
	for i, c := range list {
		all[i] = dumped(c)
	}
	return all
}

// dumpLeaf names what Elasticsearch makes of a leaf: a number is a term, and
// whether a field exists is a term of the field of names.
func dumpLeaf(n leaf) any {
	switch n := n.(type) {
	case Term:
		return dumpedLeaf{"term", n.Field, n.Text}
	case Number:
		return dumpedLeaf{"term", n.Field, fmt.Sprint(n.Value)}
	case Exists:
		return dumpedLeaf{"term", NamesField, n.Field}
	case Prefix:
		return dumpedLeaf{"prefix", n.Field, n.Text}
	case Wildcard:
		return dumpedLeaf{"wildcard", n.Field, n.Pattern}
	case Regexp:
		return dumpedLeaf{T: "RegexpQuery", V: n.Field + ":/" + n.Pattern + "/"}
	case Fuzzy:
		return dumpedLeaf{T: "FuzzyQuery", V: fmt.Sprintf("%s:%s~%d", n.Field, n.Text, n.Edits)}
	}
	r, _ := n.(Range)
	left, right := "{", "}"
	if r.Low.Inclusive {
		left = "["
	}
	if r.High.Inclusive {
		right = "]"
	}
	return dumpedLeaf{T: "TermRangeQuery", V: r.Field + ":" + left + r.Low.dumped(r) + " TO " + r.High.dumped(r) + right}
}

// dumped is a bound without quotes or escapes, but of the star that is one.
func (b Bound) dumped(r Range) string {
	switch {
	case r.Date && !b.Open:
		return renderDate(b.Number)
	case b.Open || r.Numeric:
		return b.render(r)
	case b.Text == "*":
		return `\*`
	}
	return b.Text
}
