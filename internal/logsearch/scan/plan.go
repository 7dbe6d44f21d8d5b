package scan

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// maxOwn is up to how many fingerprints a file gets a program of its own, of
// those only that can match there. Of more the one of all is used, since to
// make many would take longer than they save.
const maxOwn = 512

// maxPrograms bounds how many programs a Searcher keeps.
const maxPrograms = 256

// plan folds the trees with what is known of the build and of each file, and
// leaves out files in which nothing can match.
func (s *Searcher) plan(l joblog.Listing, known ci.Fields) []task {
	for _, name := range s.absent {
		setDefault(known, name, nil)
	}
	var tasks []task
	for _, f := range l.Files {
		if t, ok := s.task(f, l.How, known); ok {
			tasks = append(tasks, t)
		}
	}
	slices.SortStableFunc(tasks, func(a, b task) int { return cmp.Compare(a.info.Name, b.info.Name) })
	return tasks
}

// task: a file that no rule of joblog knows was never indexed, so only those
// fingerprints look into it that name it. A single file that a person gave is
// searched by all, its tags being unknown then.
func (s *Searcher) task(f joblog.FileInfo, how joblog.How, build ci.Fields) (task, bool) {
	t := task{info: f, known: maps.Clone(build), name: f.Name}
	document := joblog.Document(f.Name)
	if own := s.ownFields(f.Name); own != nil {
		maps.Copy(t.known, own)
		document = true
		if names := own["filename"]; len(names) > 0 {
			t.name = names[0]
		}
	}
	if s.e.o.Lines {
		t.name = ""
	}
	tags, filename := joblog.FileFields(f.Name)
	if document || how != joblog.HowFile {
		setDefault(t.known, "tags", tags)
		setDefault(t.known, "filename", filename)
	}
	if s.e.o.EveryByte {
		t.program = s.programs.whole(s.trees)
	} else {
		t.program = s.program(t.known, !document && how != joblog.HowFile)
	}
	return t, t.program != nil
}

// unindexed is how many files are searched by those only that name them.
func (s *Searcher) unindexed(l joblog.Listing) (n int) {
	if l.How == joblog.HowFile || s.e.o.EveryByte {
		return 0
	}
	for _, f := range l.Files {
		if !joblog.Document(f.Name) && s.ownFields(f.Name) == nil {
			n++
		}
	}
	return n
}

func (s *Searcher) ownFields(name string) ci.Fields {
	if s.e.o.FileFields == nil {
		return nil
	}
	return s.e.o.FileFields(name)
}

// programs are those that were made for a set.
type programs struct {
	mu    sync.Mutex
	byKey map[string]*program // by conditions.key; nil: nothing can match
	once  sync.Once
	all   *program // of all trees, whatever is known
}

// program is what to look for in a file of which this is known; nil: nothing
// can match there. named leaves only those that name the file.
func (s *Searcher) program(known ci.Fields, named bool) *program {
	doc := newDoc(s.e.o.Mapping, known)
	key := s.conditions.key(doc, known, named)
	s.programs.mu.Lock()
	defer s.programs.mu.Unlock()
	if p, ok := s.programs.byKey[key]; ok {
		return p
	}
	if len(s.programs.byKey) >= maxPrograms {
		clear(s.programs.byKey)
	}
	p := s.makeProgram(doc, named)
	s.programs.byKey[key] = p
	return p
}

func (s *Searcher) makeProgram(doc *lucene.Doc, named bool) *program {
	trees := make([]lucene.Node, len(s.trees))
	some := false
	for i, tree := range s.trees {
		if tree == nil || named && !s.named[i] {
			continue
		}
		if len(s.trees) <= maxOwn || named || !some {
			if tree = lucene.Fold(tree, doc); never(tree) {
				continue
			}
		}
		trees[i], some = tree, true
	}
	switch {
	case !some:
		return nil
	case len(s.trees) > maxOwn && !named:
		return s.programs.whole(s.trees)
	}
	return compile(trees)
}

// whole is the program of all trees, made once.
func (p *programs) whole(trees []lucene.Node) *program {
	p.once.Do(func() { p.all = compile(trees) })
	return p.all
}
