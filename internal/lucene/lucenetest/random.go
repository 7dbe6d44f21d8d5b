package lucenetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Exact are the fields of random documents that are not analysed.
var Exact = []string{"tags", "build_name", "voting", lucene.NamesField}

// Mapping is the one that random documents and queries are meant for.
func Mapping() lucene.Mapping {
	return lucene.Mapping{
		Default:  "message",
		Analysed: func(f string) bool { return f != Exact[0] && f != Exact[1] && f != Exact[2] && f != Exact[3] },
		Literal:  true,
	}
}

// words are short, so that random texts and queries meet; odd ones are among
// them: letters of many scripts, marks, joiners, controls, what is not UTF-8.
var (
	words = []string{"a", "b", "c", "A", "B", "ab", "abc", "bca", "a_b", "a.b", "b:c", "x-y", "1", "10", "1,0", "a's", "don\u2019t", "é", "e\u0301", "É", "ß", "İ", "K"}
	odd   = []string{
		"中文", "日本", "ひらがな", "カタカナ", "ｶﾀｶﾅ", "한국어", "ไทย", "ລາວ", "မြန်မာ", "ខ្មែរ", "ש\"ש", "ש'", "עברית", "العربية", "हिन्दी", "Ελλάδα", "ОШИБКА", "Ǆ", "ΑΣ", "𐐀", "𝒜", "𠀀",
		"😀", "👨\u200d👩\u200d👧", "👍🏽", "🇩🇪", "🇩🇪🇫", "❤\ufe0f", "1\ufe0f\u20e3", "#\u20e3", "*", "©", "\U0001f3f4\U000e0067\U000e0062\U000e007f",
		"\u0301", "\u200d", "\ufe0f", "\u00ad", "\u200b", "\ufeff", "\u2028", "\u0085", "\u3000", "\u00a0", "\x00", "\x01", "\x1b[31m", "\x7f", "\t", "\n", "\r\n", "\v",
		"\xff", "\xe2\x82", "\xf0\x9f", "\xed\xa0\x80", "\xc0\x80", "\ufffd", "\uffff", "_", "__", "'", "\"", ".", ",", ":", ";", "·", "‧", "＿", "１２", "٣", "५", "Ⅷ", "²", "½",
	}
	joints = []string{"", "", " ", " ", " ", ".", ",", ":", "'", "_", "-", "/", "\n", "\u0301", "\u200d"}
)

func one(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// Text is a random text.
func Text(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(9) {
		switch n := r.IntN(40); {
		case n == 0:
			b.WriteString(strings.Repeat(one(r, []string{"x", "9", "é", "a_", "😀", "𐐀", "a\u0301", "中", "ก", "ab."}), 100+r.IntN(500)))
		case n < 14:
			b.WriteString(one(r, odd))
		default:
			b.WriteString(one(r, words))
		}
		b.WriteString(one(r, joints))
	}
	return b.String()
}

// Random is a random document, in UTF-8.
func Random(r *rand.Rand) Document {
	d := Document{}
	if r.IntN(8) > 0 {
		for range 1 + r.IntN(5)/4 {
			d["message"] = append(d["message"], string(lucene.ReplaceInvalid([]byte(Text(r)))))
		}
	}
	for range r.IntN(3) {
		d["tags"] = append(d["tags"], one(r, []string{"a", "ab", "A", "a b", "b", "", "中文", "a.b"}))
	}
	if r.IntN(2) > 0 {
		d["voting"] = []string{fmt.Sprint(r.IntN(3))}
	}
	if r.IntN(6) == 0 {
		d["other"] = []string{one(r, words)}
	}
	return d
}

// symbols are what a query is made of besides words.
var symbols = []string{
	"AND", "AND", "OR", "OR", "NOT", "&&", "||", "-", "+", "!", "(", ")", "(", ")", "tags:(", "- ", "*", "*:*", "^2", "^1.5", "~", "~1", "~0.5", "[", "]", "{", "}", "TO", "\\", "\"", ":", "and",
	"tags:a", "tags:ab", "tags:\"a b\"", "voting:1", "voting:>0", "voting:<=1", "_exists_:tags", "_exists_:message", "tags:*", "tags:a*", "tags:?", "nofield:a", "other:a",
	"a*", "?b", "*b*", "a?c*", "A*", "a~", "abc~", "ab~1", "abcdef~2", "a~2", "\\*", "a\\:b", "a\\ b", "\\u0061", "\\é*", "[a TO b]", "{a TO *}", "[* TO b}", "[\"a\" TO \"b c\"]", "tags:{a TO *}", "message:[1 TO 2]",
	"/a.?/", "/[ab]+/", "/(a|b)c*/", "/a{1,2}/", "/\"a.b\"/", ">a", "<=b", "\"\"", "\"-\"", "\"a* b\"", "'a'", "a/b", "*a??????b", "_field_names:tags",
}

// Query is a random query, rarely a valid one by chance alone: most are made
// by rule, some then spoiled. docs lend their texts, so that there is something
// to find.
func Query(r *rand.Rand, docs []Document) string {
	q := ""
	if r.IntN(3) == 0 {
		for range 1 + r.IntN(8) {
			q += piece(r, docs) + one(r, []string{" ", " ", " ", ""})
		}
	} else {
		q = group(r, docs, 3)
	}
	if r.IntN(8) == 0 && len(q) > 1 {
		i := r.IntN(len(q))
		q = q[:i] + one(r, symbols) + q[i+r.IntN(len(q)-i):]
	}
	return string(lucene.ReplaceInvalid([]byte(q)))
}

func group(r *rand.Rand, docs []Document, depth int) string {
	var b strings.Builder
	for i := range 1 + r.IntN(4) {
		if i > 0 {
			b.WriteString(one(r, []string{" AND ", " AND ", " OR ", " ", " && ", " || "}))
		}
		b.WriteString(one(r, []string{"", "", "", "", "NOT ", "-", "+", "!"}))
		b.WriteString(one(r, []string{"", "", "", "message:", "tags:", "other:"}))
		if depth > 0 && r.IntN(4) == 0 {
			b.WriteString("(" + group(r, docs, depth-1) + ")")
		} else {
			b.WriteString(clause(r, docs))
		}
		b.WriteString(one(r, []string{"", "", "", "", "", "^2"}))
	}
	return b.String()
}

func clause(r *rand.Rand, docs []Document) string {
	switch r.IntN(8) {
	case 7:
		return "/" + expression(r, 2) + "/"
	case 0:
		return one(r, symbols)
	case 1, 2:
		return phraseOf(r, docs)
	case 3:
		return one(r, words) + one(r, []string{"*", "?", "~", "~1", "~2", "*b", "?*"})
	}
	return escaped(one(r, words))
}

func piece(r *rand.Rand, docs []Document) string {
	switch r.IntN(4) {
	case 0:
		return one(r, words)
	case 1:
		return phraseOf(r, docs)
	case 2:
		return one(r, odd)
	}
	return one(r, symbols)
}

// expression is a regular expression, rarely a wrong one.
func expression(r *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		if depth > 0 && r.IntN(4) == 0 {
			b.WriteString("(" + expression(r, depth-1) + ")")
		} else {
			b.WriteString(one(r, []string{"a", "b", "c", "a", "b", ".", ".", "[ab]", "[^a]", "[a-c]", "[\\-a]", "\\.", "\\_", "\\d", "_", "1", "é", "中", "😀", "^", "$", "\"a.b\"", "\"", "()", "[", "]", "{", " ", "[é-中]", "[^\\]]", "[.]", "-", "@", "#", "\\@"}))
		}
		b.WriteString(one(r, []string{"", "", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "|", "|", "**", "{,2}", "{2,1}", "{", "}"}))
	}
	return b.String()
}

// phraseOf quotes random words, or a piece of a document.
func phraseOf(r *rand.Rand, docs []Document) string {
	text := one(r, words) + one(r, joints) + one(r, words)
	if r.IntN(2) == 0 {
		text += " " + one(r, words)
	}
	if d := docs[r.IntN(len(docs))]["message"]; len(d) > 0 && r.IntN(2) == 0 {
		s := []rune(d[0])
		from := r.IntN(len(s) + 1)
		text = string(s[from:min(len(s), from+r.IntN(12))])
		if r.IntN(30) == 0 {
			text = d[0]
		}
	}
	text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	return `"` + text + `"` + one(r, []string{"", "", "", "~1", "~2", "~5"})
}

// escaped makes a word a term.
func escaped(s string) string {
	return strings.NewReplacer(":", `\:`, "-", `\-`, "!", `\!`).Replace(s)
}
