package queries

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/recheckbot/recheckbot/internal/lucene"
)

// Bounds on what is read.
const (
	MaxFile  = 256 << 10 // bytes of one file
	MaxFiles = 20000
	maxName  = 100
)

const suffix = ".yaml"

// Load is LoadMapped with the historical mapping.
func Load(fsys fs.FS) (Set, []Problem) { return LoadMapped(fsys, lucene.Historical()) }

// LoadMapped reads every fingerprint file of a directory (not below it), each
// query for a mapping. A file with an error is left out of the set and the
// others are not touched by it; problems come in the order of names.
func LoadMapped(fsys fs.FS, m lucene.Mapping) (Set, []Problem) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return newSet(nil, m), []Problem{{Msg: fmt.Sprintf("the directory of fingerprints cannot be read: %v", err)}}
	}
	var items []Fingerprint
	var problems []Problem
	for _, e := range entries {
		f, found, ok := loadEntry(fsys, e, m)
		problems = append(problems, found...)
		if !ok {
			continue
		}
		if len(items) == MaxFiles {
			problems = append(problems, Problem{File: e.Name(), Msg: fmt.Sprintf("there are more than %d fingerprints", MaxFiles)})
			break
		}
		items = append(items, f)
	}
	return newSet(items, m), problems
}

// LoadDir is Load of a directory on disk.
func LoadDir(dir string) (Set, []Problem) { return Load(os.DirFS(dir)) }

// loadEntry reads one entry of the directory, if it is a fingerprint file.
func loadEntry(fsys fs.FS, e fs.DirEntry, m lucene.Mapping) (Fingerprint, []Problem, bool) {
	file := e.Name()
	name, isYAML := strings.CutSuffix(file, suffix)
	if strings.HasPrefix(file, ".") || e.IsDir() {
		return Fingerprint{}, nil, false
	}
	if !isYAML {
		return Fingerprint{}, notOurs(file), false
	}
	if err := checkName(name); err != nil {
		return Fingerprint{}, []Problem{{File: file, Msg: err.Error()}}, false
	}
	body, err := readFile(fsys, file)
	if err != nil {
		return Fingerprint{}, []Problem{{File: file, Msg: err.Error()}}, false
	}
	return parseFile(name, body, m)
}

// notOurs warns of files that were probably meant as fingerprints.
func notOurs(file string) []Problem {
	if path.Ext(file) != ".yml" {
		return nil
	}
	return []Problem{{File: file, Warning: true, Msg: "not read: the name of a fingerprint file ends in .yaml"}}
}

// checkName holds a fingerprint's name to what is safe in reviews, on IRC and
// in URLs.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("a fingerprint's name has 1 to %d characters", maxName)
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r) {
			return fmt.Errorf("a fingerprint's name may not hold %q", r)
		}
	}
	return nil
}

// readFile reads a regular file (links are followed) up to MaxFile.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("is not a regular file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if len(body) > MaxFile {
		return nil, fmt.Errorf("is larger than %d KiB", MaxFile>>10)
	}
	return body, nil
}
