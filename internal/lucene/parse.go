package lucene

import "fmt"

// Parse reads a query as Elasticsearch 7's query_string does with default
// operator OR: Lucene's classic grammar with its own idea of AND, OR and NOT,
// where AND binds what stands on both of its sides and OR does nothing. An
// error is a *SyntaxError.
func Parse(query string, m Mapping) (Node, error) {
	q, err := Read(query, m)
	return q.Tree, err
}

func (p *parser) parse() (Node, error) {
	query, m := p.query, p.mapping
	if len(query) > MaxQuery {
		return nil, errorAt(query, MaxQuery, fmt.Sprintf("the query is longer than %d bytes", MaxQuery))
	}
	if i := badUTF8(query); i >= 0 {
		return nil, errorAt(query, i, "this is not UTF-8")
	}
	if blank(query) {
		return None{}, nil
	}
	p.tokens = lex(query)
	n, err := p.group(m.Default)
	if err != nil {
		return nil, err
	}
	if p.peek(0).kind != kEOF {
		return nil, p.unexpected()
	}
	if n == nil {
		return Bool{}, nil
	}
	return withAll(n), nil
}

// parser reads the tokens of one query.
type parser struct {
	query   string
	tokens  []lexeme
	i       int
	depth   int
	mapping Mapping
	notes   []Note
	places  places
}

// peek is the token k places ahead; behind the last it is the last.
func (p *parser) peek(k int) lexeme { return p.tokens[min(p.i+k, len(p.tokens)-1)] }

// accept consumes the next token if it is of kind k.
func (p *parser) accept(k kind) (lexeme, bool) {
	t := p.peek(0)
	if t.kind != k {
		return t, false
	}
	p.i++
	return t, true
}

// fail makes an error at a byte offset of the query.
func (p *parser) fail(off int, format string, args ...any) error {
	return errorAt(p.query, off, fmt.Sprintf(format, args...))
}

// unexpected is the error for the next token.
func (p *parser) unexpected() error {
	switch t := p.peek(0); t.kind {
	case kEOF:
		return p.fail(t.off, "the query ends too early: a bracket is open or a term is missing")
	case kBad:
		return p.fail(t.off, "%s", t.text)
	default:
		return p.fail(t.off, "unexpected %s", excerpt(t.text))
	}
}

// excerpt quotes a part of a query for an error.
func excerpt(s string) string { return fmt.Sprintf("%q", cut(s, 40)) }

// cut is s, or its first n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		s = string(r[:n]) + "…"
	}
	return s
}

// group reads clauses up to the end or a closing bracket. It returns nil when
// analysis left nothing of them.
func (p *parser) group(field string) (Node, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, p.fail(p.peek(0).off, "more than %d brackets within each other", MaxDepth)
	}
	defer func() { p.depth-- }()
	list := clauses{places: p.places}
	first, err := p.firstClause(field, &list)
	if err != nil {
		return nil, err
	}
	for p.more() {
		if err := p.nextClause(field, &list); err != nil {
			return nil, err
		}
	}
	if len(list.all) > MaxClauses {
		return nil, p.fail(p.peek(0).off, "more than %d clauses in one group", MaxClauses)
	}
	if len(list.all) == 1 && first != nil {
		return first, nil
	}
	n := list.node()
	p.noteOrs(list, n)
	return n, nil
}

// more reports whether another clause begins here.
func (p *parser) more() bool {
	switch p.peek(0).kind {
	case kEOF, kBad, kRParen, kColon, kCarat, kFuzzy, kNumber, kTo, kRangeQuoted, kGoop, kRangeEnd:
		return false
	}
	return true
}

// firstClause reads the first clause of a group and returns it, or nil if it
// has a modifier.
func (p *parser) firstClause(field string, list *clauses) (Node, error) {
	if p.manyTerms() {
		return p.multi(field, list)
	}
	off := p.peek(0).off
	mod := p.modifier()
	n, err := p.clause(field)
	if err != nil {
		return nil, err
	}
	list.add(kEOF, mod, n, off)
	if mod != kEOF {
		return nil, nil
	}
	return n, nil
}

// nextClause reads a clause with what joins it to the one before.
func (p *parser) nextClause(field string, list *clauses) error {
	if p.manyTerms() {
		_, err := p.multi(field, list)
		return err
	}
	conj := p.peek(0)
	if conj.kind == kAnd || conj.kind == kOr {
		p.i++
	} else {
		conj.kind = kEOF
	}
	off := p.peek(0).off
	mod := p.modifier()
	n, err := p.clause(field)
	if err != nil {
		return err
	}
	if conj.kind == kOr && n != nil {
		list.ors = append(list.ors, or{conj.off, len(list.all)})
	}
	list.add(conj.kind, mod, n, off)
	return nil
}

// modifier reads + - NOT or nothing; kMinus and kNot are both kNot.
func (p *parser) modifier() kind {
	switch k := p.peek(0).kind; k {
	case kPlus:
		p.i++
		return kPlus
	case kMinus, kNot:
		p.i++
		return kNot
	}
	return kEOF
}

// manyTerms reports whether two or more bare terms follow each other here:
// Lucene gives such text to the analyser as a whole.
func (p *parser) manyTerms() bool {
	return p.peek(0).kind == kTerm && p.termAt(1)
}

// termAt reports whether the token k places ahead is a term that belongs to
// the bare terms before it.
func (p *parser) termAt(k int) bool {
	if p.peek(k).kind != kTerm {
		return false
	}
	switch p.peek(k + 1).kind {
	case kColon, kStar, kFuzzy, kCarat, kAnd, kOr:
		return false
	}
	return true
}

// multi reads bare terms as one text and adds what analysis makes of them.
func (p *parser) multi(field string, list *clauses) (Node, error) {
	t, _ := p.accept(kTerm)
	text := t.text
	for p.termAt(0) {
		next := p.peek(0)
		p.noteWord(next)
		text += " " + next.text
		p.i++
	}
	plain, err := p.unescape(text, t.off)
	if err != nil {
		return nil, err
	}
	n, err := p.fieldQuery(field, plain, t.off, false)
	if b, ok := n.(Bool); ok {
		for _, c := range b.Should {
			list.add(kEOF, kEOF, c, t.off)
		}
		return n, err
	}
	list.add(kEOF, kEOF, n, t.off)
	return n, err
}

// clause reads [field:] and a term or a group in brackets.
func (p *parser) clause(field string) (Node, error) {
	field, err := p.fieldName(field)
	if err != nil {
		return nil, err
	}
	open, ok := p.accept(kLParen)
	if !ok {
		return p.term(field)
	}
	n, err := p.group(field)
	if err != nil {
		return nil, err
	}
	if _, ok := p.accept(kRParen); !ok {
		if p.peek(0).kind == kEOF {
			return nil, p.fail(open.off, "this bracket is never closed")
		}
		return nil, p.unexpected()
	}
	return n, p.skipBoost()
}

// fieldName reads `name:` if it stands here; else field goes on.
func (p *parser) fieldName(field string) (string, error) {
	t := p.peek(0)
	if p.peek(1).kind != kColon || t.kind != kTerm && t.kind != kStar {
		return field, nil
	}
	p.i += 2
	return p.unescape(t.text, t.off)
}

// skipBoost reads ^N, which changes scores only.
func (p *parser) skipBoost() error {
	if _, ok := p.accept(kCarat); !ok {
		return nil
	}
	if _, ok := p.accept(kNumber); !ok {
		return p.unexpected()
	}
	return nil
}
