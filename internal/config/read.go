package config

import (
	"encoding"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// reader fills a Config from a document's tables and goes on after each
// problem, so that all are told at once.
type reader struct {
	at       map[string]place
	dir      string // of the config file: relative paths begin there
	problems []Problem
}

func (r *reader) problem(path, format string, args ...any) {
	p := find(r.at, path)
	r.problems = append(r.problems, Problem{p.row, p.col, path, fmt.Sprintf(format, args...)})
}

// table fills a struct; a key that no field has is a problem.
func (r *reader) table(v reflect.Value, in map[string]any, path string) {
	known := map[string]bool{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("toml")
		if field.Type == reflect.TypeFor[Secret]() {
			known[key], known[key+"_file"], known[key+"_env"] = true, true, true
			r.secret(v.Field(i), in, path, key)
			continue
		}
		known[key] = true
		r.field(v.Field(i), field.Tag, in[key], join(path, key))
	}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if !known[key] {
			r.problem(join(path, key), "unknown key%s", nearest(key, known))
		}
	}
}

// field fills one field. An empty text is the same as no key at all.
func (r *reader) field(v reflect.Value, tag reflect.StructTag, raw any, path string) {
	if raw == nil || raw == "" {
		r.absent(v, tag, path)
		return
	}
	before := len(r.problems)
	r.value(v, tag, raw, path)
	if tag.Get("need") != "" && v.Kind() == reflect.Slice && v.Len() == 0 && len(r.problems) == before {
		r.problem(path, "must not be empty")
	}
}

// absent takes the default of a field; tables have theirs inside.
func (r *reader) absent(v reflect.Value, tag reflect.StructTag, path string) {
	if tag.Get("need") != "" {
		r.problem(path, "is missing")
		return
	}
	def, has := tag.Lookup("default")
	switch {
	case v.Kind() == reflect.Struct && !isText(v):
		r.table(v, nil, path)
	case !has:
	case v.Kind() == reflect.Slice:
		for i, word := range strings.Fields(def) {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			r.leaf(v.Index(i), tag, fromDefault(v.Index(i), word), path)
		}
	default:
		r.leaf(v, tag, fromDefault(v, def), path)
	}
}

// fromDefault turns a tag's text into what a file would have held.
func fromDefault(v reflect.Value, text string) any {
	if v.Kind() == reflect.Bool {
		return text == "true"
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && v.Kind() == reflect.Int {
		return n
	}
	return text
}

// value fills lists and tables element by element, and leaves as they are.
func (r *reader) value(v reflect.Value, tag reflect.StructTag, raw any, path string) {
	switch {
	case isText(v) || v.Kind() == reflect.Pointer:
		r.leaf(v, tag, raw, path)
	case v.Kind() == reflect.Struct:
		if in, ok := raw.(map[string]any); ok {
			r.table(v, in, path)
			return
		}
		r.problem(path, "must be a table")
	case v.Kind() == reflect.Slice:
		r.list(v, tag, raw, path)
	case v.Kind() == reflect.Map:
		r.lists(v, tag, raw, path)
	default:
		r.leaf(v, tag, raw, path)
	}
}

// list fills a slice.
func (r *reader) list(v reflect.Value, tag reflect.StructTag, raw any, path string) {
	in, ok := raw.([]any)
	if !ok {
		r.problem(path, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(in), len(in)))
	for i, item := range in {
		r.value(v.Index(i), tag, item, element(path, i+1))
	}
}

// lists fills a map of lists; its form tag says which keys it may have.
func (r *reader) lists(v reflect.Value, tag reflect.StructTag, raw any, path string) {
	in, ok := raw.(map[string]any)
	if !ok {
		r.problem(path, "must be a table")
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if err := form(tag.Get("form"), key); err != nil {
			r.problem(join(path, key), "%s", err)
		}
		item := reflect.New(v.Type().Elem()).Elem()
		r.value(item, "", in[key], join(path, key))
		v.SetMapIndex(reflect.ValueOf(key), item)
	}
}

// leaf fills one value and checks it.
func (r *reader) leaf(v reflect.Value, tag reflect.StructTag, raw any, path string) {
	if err := setLeaf(v, raw); err != nil {
		r.problem(path, "%s", err)
		return
	}
	if err := checkLeaf(v, tag); err != nil {
		r.problem(path, "%s", err)
		return
	}
	if tag.Get("path") != "" {
		v.SetString(r.path(v.String()))
	}
}

// setLeaf sets a text, truth, whole number or a type that reads itself.
func setLeaf(v reflect.Value, raw any) error {
	text, isString := raw.(string)
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if isText(v) {
		if !isString {
			return fmt.Errorf("must be a text in quotes")
		}
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	switch n, isInt := raw.(int64); {
	case v.Kind() == reflect.String && isString:
		v.SetString(text)
	case v.Kind() == reflect.Int && isInt:
		v.SetInt(n)
	case v.Kind() == reflect.Bool && reflect.TypeOf(raw) == v.Type():
		v.Set(reflect.ValueOf(raw))
	default:
		return fmt.Errorf("must be %s", typeName(v.Kind()))
	}
	return nil
}

func typeName(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a text in quotes"
	case reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// isText reports whether v's type reads itself from a text.
func isText(v reflect.Value) bool {
	return reflect.PointerTo(v.Type()).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// path makes a path of the file usable from any working directory.
func (r *reader) path(p string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

// secret fills a Secret from the file or the environment variable named.
func (r *reader) secret(v reflect.Value, in map[string]any, path, key string) {
	if _, literal := in[key]; literal {
		r.problem(join(path, key), "a secret does not belong into this file: use %s_file or %s_env", key, key)
	}
	file, env := join(path, key+"_file"), join(path, key+"_env")
	var fromFile, fromEnv string
	r.field(reflect.ValueOf(&fromFile).Elem(), `path:"yes"`, in[key+"_file"], file)
	r.field(reflect.ValueOf(&fromEnv).Elem(), `form:"env"`, in[key+"_env"], env)
	var s Secret
	var err error
	at := file
	switch {
	case fromFile != "" && fromEnv != "":
		err = fmt.Errorf("either %s_file or %s_env, not both", key, key)
	case fromFile != "":
		s, err = secretFromFile(fromFile)
	case fromEnv != "":
		at = env
		s, err = secretFromEnv(fromEnv)
	}
	if err != nil {
		r.problem(at, "%s", err)
	}
	v.Set(reflect.ValueOf(s))
}
