package scan

import (
	"context"
	"fmt"

	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
)

// minPart is how long the parts of a file must at least be, in bytes, and
// partsOfWorker how many of one file a worker gets, so that all end together.
const (
	minPart       = 8 << 20
	partsOfWorker = 8
)

// divided gives long local files as several tasks each, so that all workers share
// them. Hits that are told one by one come in a file's order, so it stays whole.
func (s *Searcher) divided(ctx context.Context, tasks []task, logs *joblog.Local) (all []task) {
	for _, t := range tasks {
		n := min(t.info.Size/minPart, int64(s.e.o.Workers*partsOfWorker))
		if n < 2 || s.e.o.Workers < 2 || s.e.o.EachHit != nil {
			all = append(all, t)
			continue
		}
		for i, info := range logs.Parts(ctx, t.info, t.name, s.folding(), int(n)) {
			t.info, t.more = info, i > 0
			all = append(all, t)
		}
	}
	return all
}

// whole joins the results of parts to those of files.
func (s *Searcher) whole(tasks []task, results []result) (files []result) {
	for i, r := range results {
		if tasks[i].more {
			s.append(&files[len(files)-1], r)
		} else {
			files = append(files, r)
		}
	}
	for i := range files {
		if f := &files[i]; f.cut > 0 && f.file.Why == "" {
			f.file.Why = fmt.Sprintf("the event at line %d is too long: searched in pieces", f.cut)
		}
	}
	return files
}

// append adds what the next part of r's file gave. Where a part was not read to
// its end nobody knows the numbers of the lines behind it.
func (s *Searcher) append(r *result, next result) {
	if r.file.Why != "" {
		r.lines = -1
	}
	line := func(n int64) int64 {
		if r.lines < 0 {
			return -1
		}
		return r.lines + n
	}
	for i, f := range next.found {
		if r.found[i] == nil {
			r.found[i] = &found{}
		}
		s.add(&r.found[i].sure, f.sure.behind(line))
		s.add(&r.found[i].maybe, f.maybe.behind(line))
		for _, c := range f.ifs {
			r.found[i].ifs = addOnce(r.found[i].ifs, c)
		}
	}
	for i, n := range next.over {
		if _, told := r.over[i]; !told {
			r.over[i] = line(n)
		}
	}
	if r.cut == 0 && next.cut > 0 {
		r.cut = line(next.cut)
	}
	r.file.Bytes += next.file.Bytes
	r.lines = line(next.lines)
	if r.file.Why == "" {
		r.file.Why, r.again = next.file.Why, next.again
	}
}

// behind are hits whose lines were counted from a later one on.
func (h hits) behind(line func(int64) int64) hits {
	list := make([]logsearch.Hit, len(h.sample))
	for i, hit := range h.sample {
		hit.Line = line(hit.Line)
		list[i] = hit
	}
	return hits{h.n, list}
}
