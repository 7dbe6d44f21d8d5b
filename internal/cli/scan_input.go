package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/lucene"
	"github.com/recheckbot/recheckbot/queries"
)

// readMeta reads what the person knows: KEY=VALUE of the build (a key given
// twice has both values), and files of the fields of single log files.
func (a *app) readMeta(list []string) (build ci.Fields, files map[string]ci.Fields, err error) {
	build = ci.Fields{}
	for _, item := range list {
		key, value, ok := strings.Cut(item, "=")
		switch {
		case ok && key != "":
			build[key] = append(build[key], value)
		case strings.HasSuffix(item, ".jsonl"):
			if files == nil {
				files = map[string]ci.Fields{}
			}
			if err := a.fileFields(item, files); err != nil {
				return nil, nil, err
			}
		default:
			return nil, nil, fmt.Errorf("--meta %q is neither KEY=VALUE nor a .jsonl file", item)
		}
	}
	return build, files, nil
}

// fileFields reads the fields of single files. "bytes" and "lines" are about the
// file as such and no fields of its events.
func (a *app) fileFields(name string, files map[string]ci.Fields) error {
	nameless := 0
	bad, err := a.eachObject(name, func(o object) {
		fields := o.fields()
		file := append(fields["file"], fields["filename"]...)
		if len(file) == 0 {
			nameless++
			return
		}
		for _, key := range []string{"file", "bytes", "lines", lucene.NamesField} {
			delete(fields, key)
		}
		files[file[0]] = fields
	})
	switch {
	case err != nil:
		return err
	case bad > 0:
		return fmt.Errorf("%s: %d lines could not be read", name, bad)
	case nameless > 0:
		return fmt.Errorf("%s: %d lines name no file", name, nameless)
	}
	return nil
}

// queriesOf reads bare queries, as Lucene reads them: nothing is added. Those
// that do not parse are told, and again with the answer.
func (a *app) queriesOf(name string, m lucene.Mapping) (set queries.Set, err error) {
	set.Mapping = m
	bad, err := a.eachObject(name, func(o object) {
		f := queries.Fingerprint{Name: o.id(len(set.Items))}
		if q, ok := o["query"]; ok {
			f.Query = textOf(q)
		}
		if f.Tree, err = o.parse(m); err != nil {
			f.Tree = nil
			fmt.Fprintf(a.complaints(), "%s: %s: %v\n", name, f.Name, err)
		}
		set.Items = append(set.Items, f)
	})
	switch {
	case err != nil:
		return set, err
	case len(set.Items) == 0:
		return set, errors.New("no query in " + name)
	}
	for range bad { // the rest is answered all the same
		set.Items = append(set.Items, queries.Fingerprint{Name: "a line that could not be read"})
	}
	return set, nil
}
