package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/lucene/index"
)

// maxJSONLine bounds one line of queries or documents, in bytes.
const maxJSONLine = 64 << 20

// match answers each query. What cannot be read is told with its line, and the
// rest is answered all the same.
func (a *app) match(m lucene.Mapping, queries, docs string) error {
	x, ids, badDocs, err := a.readDocs(m, docs)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.out)
	asked, failed := 0, 0
	badQueries, err := a.eachObject(queries, func(q object) {
		id := q.id(asked)
		asked++
		n, err := q.parse(m)
		if err != nil {
			failed++
			fmt.Fprintf(out, "{\"id\":%s,\"error\":%s}\n", quoted(id), quoted(err.Error()))
			return
		}
		printHits(out, id, ids, x.Search(n))
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	fmt.Fprintf(a.complaints(), "queries %d, failed %d\n", asked, failed)
	if bad := badDocs + badQueries; bad > 0 {
		return fmt.Errorf("%d lines could not be read", bad)
	}
	return nil
}

func printHits(out *bufio.Writer, id string, ids []string, hits []int) {
	fmt.Fprintf(out, "{\"id\":%s,\"n\":%d,\"hits\":[", quoted(id), len(hits))
	for i, doc := range hits {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(quoted(ids[doc]))
	}
	out.WriteString("]}\n")
}

// readDocs puts documents into an index.
func (a *app) readDocs(m lucene.Mapping, name string) (x *index.Index, ids []string, bad int, err error) {
	x = index.New(m)
	bad, err = a.eachObject(name, func(doc object) {
		ids = append(ids, doc.id(len(ids)))
		x.Add(doc.fields())
	})
	return x, ids, bad, err
}

// object is one line.
type object map[string]any

// eachObject gives do each line's object, and tells the lines that hold none.
func (a *app) eachObject(name string, do func(object)) (bad int, err error) {
	in, err := a.open([]string{name})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxJSONLine)
	for row := 1; lines.Scan(); row++ {
		line := lucene.ReplaceInvalid(lines.Bytes())
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		o, err := decodeObject(line)
		if err != nil {
			bad++
			fmt.Fprintf(a.complaints(), "%s: line %d: %v\n", name, row, err)
			continue
		}
		do(o)
	}
	if err := lines.Err(); err != nil {
		return bad, fmt.Errorf("%s: %w", name, err)
	}
	return bad, nil
}

// decodeObject keeps numbers as they are written. Raw control characters in
// texts, which JSON forbids, are taken as the oracle takes them.
func decodeObject(line []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(escapeControls(line)))
	d.UseNumber()
	var o object
	err := d.Decode(&o)
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("byte %d: %w", bad.Offset, err)
	}
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("a line is an object {…}")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the object")
	}
	return o, nil
}

// escapeControls writes raw control characters within texts as JSON has them.
func escapeControls(line []byte) []byte {
	if bytes.IndexFunc(line, func(r rune) bool { return r < ' ' }) < 0 {
		return line
	}
	var out []byte
	inText := false
	for i, c := range line {
		if c == '"' && !(inText && escapedAt(line, i)) {
			inText = !inText
		}
		if c < ' ' && inText {
			if escapedAt(line, i) {
				out = out[:len(out)-1]
			}
			out = fmt.Appendf(out, `\u%04x`, c)
			continue
		}
		out = append(out, c)
	}
	return out
}

// escapedAt reports whether an odd number of backslashes is in front of byte i.
func escapedAt(line []byte, i int) bool {
	return (i-len(bytes.TrimRight(line[:i], `\`)))%2 == 1
}

// id is the object's "id", else its "bug", else its number.
func (o object) id(n int) string {
	v, ok := o["id"]
	if !ok {
		v = o["bug"]
	}
	if v == nil {
		return strconv.Itoa(n)
	}
	return textOf(v)
}

func (o object) parse(m lucene.Mapping) (lucene.Node, error) {
	q, ok := o["query"]
	if !ok {
		return nil, errors.New("there is no query")
	}
	return lucene.Parse(textOf(q), m)
}

// fields are a document's values as texts, with the names of those that have
// any where an index keeps them.
func (o object) fields() map[string][]string {
	fields := map[string][]string{}
	var names []string
	for name, v := range o {
		if name == "id" {
			continue
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, v := range list {
			if v != nil {
				fields[name] = append(fields[name], textOf(v))
			}
		}
		if len(fields[name]) > 0 {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		fields[lucene.NamesField] = append(fields[lucene.NamesField], names...)
	}
	return fields
}

// textOf is a value as Java writes it: numbers as they stood, lists in brackets.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "null"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = textOf(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+"="+textOf(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// quoted is s as a JSON string.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
