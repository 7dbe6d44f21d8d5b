package demo

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:embed stories/world.txtar
var worldText []byte

// scenery is what there is in the world before anything happens.
type scenery struct {
	people, projects, jobs []string
	rechecks               []string // what people write
	causes                 []cause
	bugs                   map[string]bug               // by number
	queries                map[string][]byte            // file name to fingerprint
	logs                   map[string]map[string]string // cause to path to text
}

// cause is why builds fail, and how often it is among the others.
type cause struct {
	name   string
	weight int
}

// readScenery reads world.txtar. Its comment has one thing a line, after a
// word that says what it is; other lines are for people.
func readScenery() (scenery, error) {
	s := scenery{bugs: map[string]bug{}, queries: map[string][]byte{}, logs: map[string]map[string]string{}}
	a := txtar.Parse(worldText)
	_, lists, _ := strings.Cut(string(a.Comment), "\n\n")
	for line := range strings.Lines(lists) {
		what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if err := s.add(what, rest); err != nil {
			return s, fmt.Errorf("scenery: %q: %w", strings.TrimSpace(line), err)
		}
	}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "queries/"); ok {
			s.queries[name] = f.Data
			continue
		}
		cause, path, _ := strings.Cut(strings.TrimPrefix(f.Name, "logs/"), "/")
		if s.logs[cause] == nil {
			s.logs[cause] = map[string]string{}
		}
		s.logs[cause][path] = string(f.Data)
	}
	return s, nil
}

func (s *scenery) add(what, rest string) error {
	switch what {
	case "":
	case "person":
		s.people = append(s.people, rest)
	case "project":
		s.projects = append(s.projects, rest)
	case "job":
		s.jobs = append(s.jobs, rest)
	case "recheck":
		s.rechecks = append(s.rechecks, rest)
	case "cause":
		name, weight, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(weight)
		s.causes = append(s.causes, cause{name, n})
		return err
	case "bug":
		head, title, _ := strings.Cut(rest, " | ")
		number, status, _ := strings.Cut(head, " ")
		s.bugs[number] = bug{title, status}
	default:
		return fmt.Errorf("%q is nothing that a world has", what)
	}
	return nil
}
