package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds a configuration, in bytes.
const maxFile = 1 << 20

// Finding is a problem that a Check found: the dotted key, such as
// "report.template" or "ci[2].recheck_hint" (numbers from 1), and what is wrong.
type Finding struct{ Key, Msg string }

// Check is a check of someone who knows more than this package, such as the
// composer of its template. It is given a configuration that is valid otherwise.
type Check func(Config) []Finding

// Load reads and checks a file. If anything is wrong with what it holds, the
// error is an *Error with all of it, and the Config is empty.
func Load(path string, checks ...Check) (Config, error) {
	body, err := readFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	c, problems := read(body, filepath.Dir(path), checks)
	if len(problems) > 0 {
		return Config{}, &Error{path, sorted(problems)}
	}
	return c, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(body) > maxFile {
		err = fmt.Errorf("%s: longer than %d bytes", path, maxFile)
	}
	return body, err
}

// read makes a Config of a document; dir is where relative paths begin.
func read(body []byte, dir string, checks []Check) (Config, []Problem) {
	var doc map[string]any
	if err := toml.Unmarshal(body, &doc); err != nil {
		return Config{}, []Problem{syntaxProblem(err)}
	}
	var c Config
	r := &reader{at: findPlaces(body), dir: dir}
	r.table(reflect.ValueOf(&c).Elem(), doc, "")
	r.finish(&c)
	if len(r.problems) > 0 {
		return Config{}, r.problems
	}
	for _, check := range checks {
		for _, f := range check(c) {
			r.problem(f.Key, "%s", f.Msg)
		}
	}
	return c, r.problems
}

// syntaxProblem tells where a document is no TOML. The library's long form
// would quote the file, and what stands there may be a secret.
func syntaxProblem(err error) Problem {
	p := Problem{Row: 1, Col: 1, Msg: strings.TrimPrefix(err.Error(), "toml: ")}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		p.Row, p.Col = at.Position()
	}
	return p
}
