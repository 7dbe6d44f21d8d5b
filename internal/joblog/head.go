package joblog

import (
	"bytes"
	"slices"
	"time"
)

// format says how a file's lines become events.
type format int

const (
	plain   format = iota // a line is an event
	console               // "TIMESTAMP | text"
	oslo                  // oslo.log's lines, by file or by journald
)

func formatOf(name string) format {
	switch tags := ruleTags(name); {
	case slices.Contains(tags, "console"):
		return console
	case slices.Contains(tags, "oslofmt"):
		return oslo
	}
	return plain
}

// head is what the beginning of a line says.
type head struct {
	starts bool      // an event begins here; else the line belongs to the one before
	trace  bool      // a traceback's line: belongs to the one before if there is one
	strip  int       // bytes in front of the event's text
	time   time.Time // zero when not said
	level  string
	module []byte
	pid    []byte
}

func (f format) head(line []byte) head {
	switch f {
	case console:
		return consoleHead(line)
	case oslo:
		return osloHead(line)
	}
	t, _ := isoStamp(line)
	return head{starts: true, time: t}
}

// consoleHead: `^TIMESTAMP | ` begins an event and is no part of it.
func consoleHead(line []byte) head {
	t, n := isoStamp(line)
	if n == 0 || !bytes.HasPrefix(line[n:], []byte(" |")) {
		return head{}
	}
	strip := n + 2
	if strip < len(line) && line[strip] == ' ' {
		strip++
	}
	return head{starts: true, time: t, strip: strip}
}

// osloHead reads "TIMESTAMP [PID] LEVEL module …", or journald's "Mon dd
// hh:mm:ss host unit[PID]: LEVEL module …". oslo.log writes tracebacks one line
// at a time as TRACE, or since 1.2 as ERROR with a pid, which a first line of
// that time lacks; in the journal all have a pid and a first line is known by
// its request id in brackets.
func osloHead(line []byte) head {
	if t, n := isoStamp(line); n > 0 {
		h := head{starts: true, time: t}
		rest := bytes.TrimLeft(line[n:], " ")
		h.pid, rest = leadingDigits(rest)
		h.level, h.module, _ = levelModule(rest)
		h.trace = len(h.pid) > 0 && (h.level == "TRACE" || h.level == "ERROR")
		return h
	}
	n := syslogStamp(line)
	if n == 0 {
		return head{}
	}
	h := head{starts: true}
	var rest []byte
	h.pid, rest = unitPid(line[n:])
	h.level, h.module, rest = levelModule(rest)
	h.trace = h.level == "TRACE" || (h.level == "ERROR" && !bytes.HasPrefix(rest, []byte(" [")))
	return h
}

func leadingDigits(b []byte) (digits, rest []byte) {
	n := 0
	for n < len(b) && digit(b[n]) {
		n++
	}
	if n == 0 || n == len(b) || b[n] != ' ' {
		return nil, b
	}
	return b[:n], bytes.TrimLeft(b[n:], " ")
}

// unitPid reads " host unit[123]: ".
func unitPid(b []byte) (pid, rest []byte) {
	b = b[:min(len(b), 512)]
	colon := bytes.Index(b, []byte("]: "))
	open := bytes.LastIndexByte(b[:max(colon, 0)], '[')
	if open < 0 {
		return nil, nil
	}
	return b[open+1 : colon], b[colon+3:]
}

// levelModule reads "LEVEL module" and what follows.
func levelModule(b []byte) (level string, module, rest []byte) {
	word, rest, ok := bytes.Cut(b, []byte(" "))
	if !ok || len(word) > 8 {
		return "", nil, nil
	}
	if level = levelName(word); level == "" {
		return "", nil, nil
	}
	end := bytes.IndexByte(rest, ' ')
	if end < 0 {
		end = len(rest)
	}
	return level, bytes.Trim(rest[:min(end, 256)], "[]"), rest[end:]
}

func levelName(word []byte) string {
	for _, l := range [...]string{"DEBUG", "INFO", "WARNING", "ERROR", "TRACE", "AUDIT", "CRITICAL", "WARN"} {
		if string(word) == l {
			return l
		}
	}
	return ""
}
