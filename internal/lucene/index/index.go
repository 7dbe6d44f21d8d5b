// Package index holds documents in memory and tells which of them a query
// matches: it is for many queries over the same documents, where one goes
// through lists of terms rather than through texts. Its answers are those of
// lucene.Eval. It does no I/O.
package index

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Index is a set of documents, numbered from 0 in the order of Add. When all
// are in it may be asked by several goroutines.
type Index struct {
	mapping lucene.Mapping
	size    int
	fields  map[string]*field
}

// field is what is known of one field.
type field struct {
	analysed bool
	ids      map[string]int32 // of terms
	terms    []string
	docs     [][]int32 // by term, ascending
	present  []int32   // documents with a value
	words    []int32   // term ids of all analysed values, one document after another
	pos      []int32   // of words
	first    []int     // by document: where its words begin; shorter than size if the last have none
	scratch  []lucene.Token
}

// New makes an empty index.
func New(m lucene.Mapping) *Index { return &Index{mapping: m, fields: map[string]*field{}} }

// Size is the number of documents.
func (x *Index) Size() int { return x.size }

// Add adds a document with the values of its fields.
func (x *Index) Add(doc map[string][]string) {
	for name, values := range doc {
		x.values(name, values)
		if x.mapping.Keyword {
			x.values(name+lucene.KeywordSuffix, lucene.KeywordValues(values))
		}
	}
	x.size++
}

// values adds the values of one field of the document that is added.
func (x *Index) values(name string, values []string) {
	if len(values) == 0 {
		return
	}
	f := x.fields[name]
	if f == nil {
		analysed := x.mapping.Analysed != nil && x.mapping.Analysed(name)
		f = &field{analysed: analysed, ids: map[string]int32{}}
		x.fields[name] = f
	}
	f.add(int32(x.size), values)
}

func (f *field) add(doc int32, values []string) {
	f.present = append(f.present, doc)
	if !f.analysed {
		for _, v := range values {
			f.term(v, doc)
		}
		return
	}
	for len(f.first) <= int(doc) {
		f.first = append(f.first, len(f.words))
	}
	pos := 0
	f.scratch = f.scratch[:0]
	for _, v := range values {
		f.scratch, pos = lucene.AppendValue(f.scratch, v, pos)
	}
	for _, t := range f.scratch {
		f.words = append(f.words, f.term(t.Text, doc))
		f.pos = append(f.pos, int32(t.Pos))
	}
}

// term notes that doc has a term and returns the term's id.
func (f *field) term(text string, doc int32) int32 {
	id, known := f.ids[text]
	if !known {
		id = int32(len(f.terms))
		text = strings.Clone(text) // keep the term without the text that it was cut from
		f.ids[text] = id
		f.terms = append(f.terms, text)
		f.docs = append(f.docs, nil)
	}
	if list := f.docs[id]; len(list) == 0 || list[len(list)-1] != doc {
		f.docs[id] = append(list, doc)
	}
	return id
}

// span is where the words of a document lie.
func (f *field) span(doc int32) (from, to int) {
	if int(doc) >= len(f.first) {
		return 0, 0
	}
	if int(doc)+1 < len(f.first) {
		return f.first[doc], f.first[doc+1]
	}
	return f.first[doc], len(f.words)
}

// tokens are the words of a document as the analyser made them.
func (f *field) tokens(doc int32) []lucene.Token {
	from, to := f.span(doc)
	list := make([]lucene.Token, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, lucene.Token{Text: f.terms[f.words[i]], Pos: int(f.pos[i])})
	}
	return list
}
