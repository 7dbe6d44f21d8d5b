package scan

import (
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// ofBuilds are the fields that the log pipeline took from the build and its
// file: unknown where they are not given. Any other field that an event does
// not have is absent.
func ofBuilds() map[string]bool {
	set := map[string]bool{}
	for _, name := range []string{"filename", "tags", "build_name", "build_status", "build_node", "build_master",
		"project", "voting", "build_uuid", "build_short_uuid", "build_queue", "build_ref", "build_branch",
		"build_change", "build_patchset", "build_zuul_url", "node_provider", "log_url", "zuul_executor"} {
		set[name] = true
	}
	return set
}

// ofEvents are the fields that an event itself gives or lacks.
func ofEvents() []string { return []string{"message", "loglevel", "module", "pid", "@timestamp"} }

// KnownField reports whether some event can have a field.
func KnownField(name string) bool {
	name = strings.TrimSuffix(name, lucene.KeywordSuffix)
	return ofBuilds()[name] || slices.Contains(ofEvents(), name)
}

// absentFields lists the fields of trees that neither builds nor events have.
func absentFields(trees []lucene.Node, m lucene.Mapping) (absent []string) {
	ofBuild, seen := ofBuilds(), map[string]bool{}
	for _, name := range ofEvents() {
		seen[name] = true
	}
	for _, tree := range trees {
		if tree == nil {
			continue
		}
		for _, f := range lucene.Fields(tree) {
			if m.Keyword { // X.keyword is as unknown as X
				f = strings.TrimSuffix(f, lucene.KeywordSuffix)
			}
			if seen[f] {
				continue
			}
			if seen[f] = true; !ofBuild[f] {
				absent = append(absent, f)
			}
		}
	}
	return absent
}

// newDoc makes the document that all events of one file are put into.
func newDoc(m lucene.Mapping, known ci.Fields) *lucene.Doc {
	d := lucene.NewDoc(m)
	d.SetAll(known)
	return d
}

// put sets what ev says.
func put(d *lucene.Doc, ev joblog.Event) {
	d.Set("message", string(ev.Text))
	setOne(d, "loglevel", ev.LogLevel)
	setOne(d, "module", ev.Module)
	setOne(d, "pid", ev.Pid)
	if ev.Time.IsZero() {
		d.Set("@timestamp")
	} else {
		d.Set("@timestamp", ev.Time.Format(stamp))
	}
}

// stamp is how Elasticsearch shows a time.
const stamp = "2006-01-02T15:04:05.000Z"

func setOne(d *lucene.Doc, field, value string) {
	if value == "" {
		d.Set(field)
		return
	}
	d.Set(field, value)
}
