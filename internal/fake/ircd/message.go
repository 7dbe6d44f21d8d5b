package ircd

import "strings"

// message is one line of a client: tags and source, which clients may send, are
// ignored.
type message struct {
	command string
	params  []string
	tagLen  int
}

// parse follows https://modern.ircdocs.horse/#message-format.
func parse(line string) message {
	var m message
	whole := len(line)
	if strings.HasPrefix(line, "@") {
		_, line, _ = strings.Cut(line, " ")
		m.tagLen = whole - len(line)
	}
	line = strings.TrimLeft(line, " ")
	if strings.HasPrefix(line, ":") {
		_, line, _ = strings.Cut(line, " ")
	}
	head, last, trailing := strings.Cut(line, " :")
	words := strings.Fields(head)
	if len(words) > 0 {
		m.command, m.params = strings.ToUpper(words[0]), words[1:]
	}
	if trailing {
		m.params = append(m.params, last)
	}
	return m
}

// param returns the i-th parameter, or "".
func (m message) param(i int) string {
	if i < len(m.params) {
		return m.params[i]
	}
	return ""
}
