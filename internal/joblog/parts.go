package joblog

import (
	"bytes"
	"context"
)

// part is a stretch of a local file, in bytes.
type part struct{ from, to int64 }

// Parts divides a local file into up to n stretches of whole events, about
// equally long, so that Windows of each may be looked at side by side: together
// they are the windows of the file, but that each counts lines from 1. What is
// packed or cannot be mapped, or shows no place to cut, stays whole.
func (l *Local) Parts(ctx context.Context, f FileInfo, name string, o FoldOptions, n int) []FileInfo {
	body, err := l.Open(ctx, f)
	if err != nil {
		return []FileInfo{f} // who opens it is told
	}
	defer body.Close()
	text := lenderOf(body, nil)
	defer text.close()
	m, ok := text.(*mapped)
	if !ok {
		return []FileInfo{f}
	}
	file := m.file
	var all []FileInfo
	from := int64(0)
	add := func(to int64) {
		p := f
		p.part = &part{from, to}
		all, from = append(all, p), to
	}
	for i := range int64(n - 1) {
		if at := file.border(file.size/int64(n)*(i+1), newFolder(name, o, nil)); at > from {
			add(at)
		}
	}
	add(file.size)
	return all
}

// border is where the first event behind a place begins that begins whatever
// came before it; 0: none is near.
func (l *localFile) border(at int64, f *folder) int64 {
	buf := make([]byte, bufferSize)
	n, _ := l.file.ReadAt(buf, at) // who reads it is told
	_, rest, found := bytes.Cut(buf[:n], []byte{'\n'})
	for found {
		var line, next []byte
		if line, next, found = bytes.Cut(rest, []byte{'\n'}); found && f.begins(f.format.head(trimCR(line))) {
			return at + int64(n-len(rest))
		}
		rest = next
	}
	return 0
}
