package lucene

import "unicode/utf16"

// Doc is one log event, or what is known of a whole file, for any number of
// trees. A field that was not set is unknown, unless Closed. It can be used
// again for the next event, and by one goroutine at a time.
type Doc struct {
	// Closed says that a field that was not set is absent rather than unknown.
	Closed  bool
	mapping Mapping
	fields  map[string]*values
}

// valueGap is Elasticsearch's position_increment_gap: no phrase spans values.
const valueGap = 100

// values are the values of one field.
type values struct {
	known    bool
	analysed bool
	cut      bool // tokens are those of texts
	texts    []string
	tokens   []Token
}

// NewDoc makes an empty Doc: all of its fields are unknown.
func NewDoc(m Mapping) *Doc { return &Doc{mapping: m, fields: map[string]*values{}} }

// Set makes a field known, with its values; without values it is absent.
func (d *Doc) Set(field string, texts ...string) {
	v := d.fields[field]
	if v == nil {
		v = &values{analysed: d.mapping.analysed(field)}
		d.fields[field] = v
	}
	v.known, v.cut = true, false
	v.texts = append(v.texts[:0], texts...)
}

// SetAll makes fields known, as metadata of a build or a file comes.
func (d *Doc) SetAll(fields map[string][]string) {
	for name, texts := range fields {
		d.Set(name, texts...)
	}
}

// Unset makes a field unknown again.
func (d *Doc) Unset(field string) {
	if v := d.fields[field]; v != nil {
		v.known = false
	}
}

// values returns what is known of a field, nil if it is unknown.
func (d *Doc) values(field string) *values {
	if v := d.fields[field]; v != nil && v.known {
		return v
	}
	if parent, ok := d.mapping.parent(field); ok {
		if v := d.values(parent); v != nil {
			return &values{known: true, texts: KeywordValues(v.texts)}
		}
		return nil
	}
	if d.Closed {
		return &values{known: true, cut: true}
	}
	return nil
}

// KeywordValues are those of a field's values that FIELD.keyword has too.
func KeywordValues(texts []string) []string {
	var short []string
	for _, s := range texts {
		if len(s) <= ignoreAbove || len(utf16.Encode([]rune(s))) <= ignoreAbove {
			short = append(short, s)
		}
	}
	return short
}

// words are the tokens of an analysed field, cut when first asked for.
func (v *values) words() []Token {
	if v.cut {
		return v.tokens
	}
	v.cut = true
	v.tokens = v.tokens[:0]
	pos := 0
	for _, text := range v.texts {
		v.tokens, pos = AppendValue(v.tokens, text, pos)
	}
	return v.tokens
}

// AppendValue adds the tokens of one value of an analysed field to list. The
// first value begins at position 0, the next one at the position returned.
func AppendValue(list []Token, text string, pos int) ([]Token, int) {
	before := len(list)
	list = appendTokens(list, text, pos)
	return list, pos + len(list) - before + valueGap
}

// anyTerm reports whether one of the field's terms passes: tokens of an
// analysed field, whole values of an exact one.
func (v *values) anyTerm(pass func(string) bool) bool {
	if !v.analysed {
		for _, text := range v.texts {
			if pass(text) {
				return true
			}
		}
		return false
	}
	for _, t := range v.words() {
		if pass(t.Text) {
			return true
		}
	}
	return false
}
