package scan

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/internal/needle"
)

// Source lists and opens the logs of builds; *joblog.Source is one.
type Source interface {
	List(ctx context.Context, logURL string) (joblog.Listing, error)
	Open(ctx context.Context, f joblog.FileInfo) (io.ReadCloser, error)
}

// Options say how an Engine works.
type Options struct {
	Mapping   lucene.Mapping // of the trees; default lucene.Historical()
	Source    Source         // where the logs of builds are
	Local     joblog.Options // bounds for SearchLocal's files
	Workers   int            // files of one build read at a time; default 4
	MaxSample int            // hits kept of each fingerprint; default 3
	MaxText   int            // bytes of a hit's text; default 4096
	MaxEvent  int            // bytes of an event; default joblog.MaxEvent
	KeepDebug bool           // search what oslo.log wrote as DEBUG
	Retry     time.Duration  // RetryAfter where another try may bring the rest; default 30 s
	Lines     bool           // a line is an event, whatever the file's name says
	EveryByte bool           // read all files for all fingerprints, also where metadata rule them out (to measure)
	Logger    *slog.Logger   // default: silent

	// FileFields gives what is known of a file by its name, over what its name
	// says; nil: nothing. Its filename decides how lines become events.
	FileFields func(name string) ci.Fields
	// EachHit is told of every hit, beyond those that are kept: one at a time, a
	// file's in their order. condition is Match.If of this one.
	EachHit func(fingerprint int, hit logsearch.Hit, condition string)
}

// Engine makes searchers. It is safe for concurrent use, as they are.
type Engine struct {
	o    Options
	log  *slog.Logger
	each *sync.Mutex // of EachHit
	used *sync.Pool  // of *memory
}

// memory is what the search of one file needs and the next one can use again.
type memory struct {
	buffer  []byte
	scratch needle.Scratch
	looked  []int64 // by tree, as the others
	spent   []int64
	price   []int64
	done    []lucene.Node
	noise   []int32 // by needle
}

// zeroed is n zeros, in the memory of list if it is large enough.
func zeroed[T any](list *[]T, n int) []T {
	if cap(*list) < n {
		*list = make([]T, n)
	}
	clear((*list)[:n])
	return (*list)[:n]
}

// New makes an Engine; nothing is contacted.
func New(o Options) *Engine {
	o.Workers = max(cmp.Or(o.Workers, 4), 1)
	o.MaxSample = max(cmp.Or(o.MaxSample, 3), 1)
	o.MaxText = max(cmp.Or(o.MaxText, 4096), 16)
	o.Retry = cmp.Or(o.Retry, 30*time.Second)
	if o.Mapping.Analysed == nil {
		o.Mapping = lucene.Historical()
	}
	e := &Engine{o: o, log: o.Logger, each: &sync.Mutex{},
		used: &sync.Pool{New: func() any { return &memory{buffer: joblog.NewBuffer()} }}}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e
}

// Searcher searches for one set of fingerprints.
type Searcher struct {
	e          *Engine
	set        logsearch.Set
	trees      []lucene.Node // nil: refused
	named      []bool        // the tree matches only in files that it names by tag or filename
	absent     []string      // fields that no event and no build has
	conditions conditions
	refused    []logsearch.Problem
	programs   *programs
}

// Compile prepares the search for a set. Fingerprints that this engine cannot
// evaluate are returned as problems, and come again in each answer.
func (e *Engine) Compile(_ context.Context, set logsearch.Set) (*Searcher, []logsearch.Problem, error) {
	s := &Searcher{e: e, set: set, trees: make([]lucene.Node, len(set.Items)), named: make([]bool, len(set.Items)),
		programs: &programs{byKey: map[string]*program{}}}
	noFile := newDoc(e.o.Mapping, noFile())
	for i, f := range set.Items {
		if f.Tree == nil {
			s.refused = append(s.refused, logsearch.Problem{Fingerprint: i, Why: "the query was not parsed"})
			continue
		}
		s.trees[i] = f.Tree
		s.named[i] = never(lucene.Fold(f.Tree, noFile))
	}
	s.absent, s.conditions = absentFields(s.trees, e.o.Mapping), newConditions(s.trees, e.o.Mapping)
	return s, s.refused, nil
}

// From is s with another source of logs, for another CI's hosts.
func (s *Searcher) From(src Source) *Searcher {
	e, from := *s.e, *s
	e.o.Source, from.e = src, &e
	return &from
}

// noFile is a file of a name that no query has.
func noFile() ci.Fields {
	return ci.Fields{"tags": {"\x00"}, "filename": {"\x00"}}
}

func never(n lucene.Node) bool {
	_, none := n.(lucene.None)
	return none
}
