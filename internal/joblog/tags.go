package joblog

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// rule gives the tags of files whose path matches, anywhere in it.
type rule struct {
	path   *regexp.Regexp
	except *regexp.Regexp // may be nil
	tags   []string
}

// rules is the one table of log documents: which files OpenStack's log pipeline
// indexed, and under which tags; the first that matches wins (facts from the
// configuration of its log submission, 2013 to 2022). The console of Zuul v2,
// of Jenkins and of Ansible stand beside it.
var rules = []rule{
	{path: regexp.MustCompile(`(^|/)job-output\.txt|(^|/)console(\.html|\.log|\.txt|Text)(\.gz)?$`), tags: []string{"console", "console.html"}},
	{path: regexp.MustCompile(`grenade\.sh\.txt`), tags: []string{"console", "console.html"}},
	{path: regexp.MustCompile(`devstacklog\.txt`), tags: []string{"console", "console.html"}},
	{path: regexp.MustCompile(`apache/keystone\.txt`), tags: []string{"screen", "oslofmt"}},
	{path: regexp.MustCompile(`apache/horizon_error\.txt`), tags: []string{"apacheerror"}},
	{path: regexp.MustCompile(`syslog\.txt`), tags: []string{"syslog"}},
	{path: regexp.MustCompile(`libvirtd\.txt`), tags: []string{"libvirt"}},
	{path: regexp.MustCompile(`tempest\.txt|javelin\.txt`), tags: []string{"screen", "oslofmt"}},
	{path: regexp.MustCompile(`dsvm-(functional|fullstack)-index\.txt`), tags: []string{"oslofmt"}},
	{path: regexp.MustCompile(`screen-s-(account|container|object)\.txt`), tags: []string{"screen", "apachecombined"}},
	{path: regexp.MustCompile(`postci\.txt|var/log/extra/logstash\.txt`), tags: []string{"console", "postci"}},
	{path: regexp.MustCompile(`var/log/extra/errors\.txt`), tags: []string{"console", "errors"}},
	{path: regexp.MustCompile(`devstack-gate-.*\.txt`), tags: []string{"console", "console.html"}},
	{path: regexp.MustCompile(`screen-.*\.txt`), except: regexp.MustCompile(`screen-(peakmem_tracker|dstat)`), tags: []string{"screen", "oslofmt"}},
}

// FileFields gives a file's tags and filename fields by its path below the log
// folder. The base name is always a tag, for X.gz the plain name too; filename
// is the path, for X.gz the plain one first.
func FileFields(name string) (tags, filename []string) {
	tags = append(tags, ruleTags(name)...)
	filename = []string{name}
	if plain, packed := strings.CutSuffix(name, ".gz"); packed {
		filename = []string{plain, name}
	}
	for _, f := range filename {
		if base := path.Base(f); !slices.Contains(tags, base) {
			tags = append(tags, base)
		}
	}
	return tags, filename
}

// Document reports whether a rule knows the file as a log document. The others
// were never indexed: only a query that names such a file can mean it.
func Document(name string) bool { return ruleTags(name) != nil }

func ruleTags(name string) []string {
	for _, r := range rules {
		if r.path.MatchString(name) && (r.except == nil || !r.except.MatchString(name)) {
			return r.tags
		}
	}
	return nil
}

// KnownTag reports whether some file may have a tag: one of the rules', or the
// base name of a file. KnownName is the same of a file's path. A name without a
// dot that neither a rule nor any system's logs have is a slip of the pen.
func KnownTag(tag string) bool {
	for _, r := range rules {
		if slices.Contains(r.tags, tag) {
			return true
		}
	}
	return !strings.Contains(tag, "/") && KnownName(tag)
}

// KnownName reports whether a file may have this path.
func KnownName(name string) bool {
	base := path.Base(name)
	plain := slices.Contains([]string{"messages", "dmesg", "secure", "maillog", "cron", "journal", "kern"}, base)
	return Document(name) || !strings.HasPrefix(name, "/") && (plain || strings.Contains(base, ".") && base != ".")
}
