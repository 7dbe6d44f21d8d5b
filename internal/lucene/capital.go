package lucene

import "regexp/syntax"

// capital is a character that every match of the pattern has, and no word, since
// words are in lower case.
func (n Regexp) capital() (r rune, some bool) {
	tree, err := syntax.Parse(n.re.String(), syntax.Perl)
	if err != nil {
		return 0, false
	}
	return capitalIn(tree)
}

func capitalIn(re *syntax.Regexp) (rune, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if isCapital(r) && re.Flags&syntax.FoldCase == 0 { // [Aa] is A of either case
				return r, true
			}
		}
	case syntax.OpCharClass:
		return capitalsOnly(re.Rune)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if r, some := capitalIn(sub); some {
				return r, true
			}
		}
	case syntax.OpAlternate:
		return capitalInAll(re.Sub)
	case syntax.OpCapture, syntax.OpPlus:
		return capitalIn(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return capitalIn(re.Sub[0])
		}
	}
	return 0, false
}

func isCapital(r rune) bool { return lower(string(r)) != string(r) }

// capitalsOnly: a class is a list of first and last characters.
func capitalsOnly(ranges []rune) (first rune, some bool) {
	if len(ranges) == 0 {
		return 0, false
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1]-ranges[i] > 100 {
			return 0, false
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if !isCapital(r) {
				return 0, false
			}
		}
	}
	return ranges[0], true
}

func capitalInAll(branches []*syntax.Regexp) (first rune, some bool) {
	for _, b := range branches {
		r, needed := capitalIn(b)
		if !needed {
			return 0, false
		}
		first = r
	}
	return first, true
}
