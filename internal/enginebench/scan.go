package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
	"github.com/recheckbot/recheckbot/internal/joblog"
	"github.com/recheckbot/recheckbot/internal/logsearch"
	"github.com/recheckbot/recheckbot/internal/logsearch/scan"
	"github.com/recheckbot/recheckbot/internal/lucene"
)

// job is one scan with our engine.
type job struct {
	queries   string
	everyByte bool
	packed    bool
	cpu       int
	profile   string
}

// scan does what the command `scan --lines` does, and prints how many hits.
func (j job) scan(dir string) error {
	runtime.GOMAXPROCS(j.cpu)
	if j.profile != "" {
		f, err := os.Create(j.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	known, err := manifest(dir)
	if err != nil {
		return err
	}
	set, err := readQueries(j.queries)
	if err != nil {
		return err
	}
	engine := scan.New(scan.Options{Workers: j.cpu, EveryByte: j.everyByte, Lines: true,
		Local:      joblog.Options{MaxUnpacked: 1 << 40, MaxTotal: 1 << 40},
		FileFields: func(name string) ci.Fields { return known[strings.TrimSuffix(name, ".gz")] }})
	s, _, err := engine.Compile(context.Background(), set)
	if err != nil {
		return err
	}
	logs := filepath.Join(dir, "corpus")
	if j.packed {
		logs = filepath.Join(dir, "packed")
	}
	a, err := s.SearchLocal(context.Background(), logs, nil)
	if err != nil {
		return err
	}
	if a.Why != "" {
		return errors.New(a.Why)
	}
	hits := int64(0)
	for _, m := range a.Matches {
		hits += m.Count
	}
	fmt.Println("hits:", hits)
	return nil
}

// manifest is what is known of each file.
func manifest(dir string) (map[string]ci.Fields, error) {
	known := map[string]ci.Fields{}
	err := eachLine(filepath.Join(dir, "corpus", "manifest.jsonl"), func(line map[string]any) error {
		fields := ci.Fields{}
		for k, v := range line {
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, e := range list {
				fields[k] = append(fields[k], fmt.Sprint(e))
			}
		}
		known[fmt.Sprint(line["file"])] = fields
		return nil
	})
	return known, err
}

func readQueries(name string) (set logsearch.Set, err error) {
	err = eachLine(name, func(line map[string]any) error {
		f := logsearch.Fingerprint{Name: fmt.Sprint(line["id"]), Query: fmt.Sprint(line["query"])}
		f.Tree, err = lucene.Parse(f.Query, lucene.Historical())
		set.Items = append(set.Items, f)
		return err
	})
	return set, err
}

func eachLine(name string, do func(map[string]any) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var line map[string]any
		err := d.Decode(&line)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(line)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// pack makes the gzipped logs where they are not there yet.
func pack(dir string) error {
	to := filepath.Join(dir, "packed")
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "corpus", "*.txt"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := packOne(name, filepath.Join(to, filepath.Base(name)+".gz")); err != nil {
			return err
		}
	}
	return nil
}

func packOne(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	return errors.Join(err, z.Close(), out.Close())
}
