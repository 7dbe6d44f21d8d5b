package scan

import (
	"fmt"
	"testing"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// TestProgramsFollowTheConditions: a program that was made for another file is
// the one that this file would get.
func TestProgramsFollowTheConditions(t *testing.T) {
	queries := []string{
		`message:a AND tags:console`, `message:b AND tags:(console OR syslog) AND NOT filename:"job-output.txt"`, `message:c`,
		`message:d AND filename:*n-cpu*`, `message:e AND tags:/s.*g/`, `message:f AND _exists_:build_name`, `message:g AND build_name:a* AND voting:>0`,
		`message:h AND NOT build_name:ab`, `message:i AND voting:1`, `message:j AND module:x AND tags:screen`, `message:k AND filename:[a TO k]`,
		`message:l AND tags.keyword:console`, `message:m OR tags:"screen-n-cpu.txt"`, `message:n AND nofield:x`,
	}
	names := []string{"job-output.txt", "a/job-output.txt", "logs/screen-n-cpu.txt.gz", "syslog.txt", "x.bin", "a/x.bin", "logs/screen-q-svc.txt"}
	for _, m := range []lucene.Mapping{lucene.Historical(), lucene.Dynamic()} {
		s := compiled(t, Options{Mapping: m}, queries...)
		for _, known := range []ci.Fields{{}, {"build_name": {"ab"}}, {"build_name": {"a"}, "voting": {"1"}}, {"build_name": nil, "voting": {"0", "2"}}, {"nofield": nil}} {
			for _, name := range names {
				for _, named := range []bool{false, true} {
					known["tags"], known["filename"] = joblog.FileFields(name)
					got, want := s.program(known, named), s.makeProgram(newDoc(m, known), named)
					if treesOf(got) != treesOf(want) {
						t.Errorf("%s with %v: %s, want %s", name, known, treesOf(got), treesOf(want))
					}
				}
			}
		}
	}
}

func treesOf(p *program) string {
	if p == nil {
		return "nothing"
	}
	return fmt.Sprint(p.trees)
}

// TestTenThousandFilesAreOne: a listing of names that no fingerprint speaks of
// costs what one such file costs.
func TestTenThousandFilesAreOne(t *testing.T) {
	var queries []string
	for i := range 1000 {
		queries = append(queries, fmt.Sprintf(`message:"boom %d" AND (tags:console OR filename:"logs/own-%d.txt")`, i, i))
	}
	s := compiled(t, Options{}, queries...)
	for _, pattern := range []string{"x%d.bin", "logs/screen-%d.txt", "%d/job-output.txt"} {
		l := joblog.Listing{How: joblog.HowManifest}
		for i := range 10_000 {
			l.Files = append(l.Files, joblog.FileInfo{Name: fmt.Sprintf(pattern, i)})
		}
		before := len(s.programs.byKey)
		tasks := s.plan(l, ci.Fields{})
		if made := len(s.programs.byKey) - before; made != 1 {
			t.Errorf("%s: %d programs", pattern, made)
		}
		if want := map[bool]int{true: 10_000}[pattern == "%d/job-output.txt"]; len(tasks) != want {
			t.Errorf("%s: %d files are read, want %d", pattern, len(tasks), want)
		}
	}
	tasks := s.plan(joblog.Listing{How: joblog.HowManifest, Files: []joblog.FileInfo{{Name: "logs/own-7.txt"}, {Name: "own-8.txt"}}}, ci.Fields{})
	if len(tasks) != 1 || tasks[0].info.Name != "logs/own-7.txt" || tasks[0].program.trees[7] == nil || tasks[0].program.trees[8] != nil {
		t.Errorf("a file that one fingerprint names: %v", tasks)
	}
}
