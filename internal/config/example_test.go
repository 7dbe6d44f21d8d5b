package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

const example = "../../config.example.toml"

// keysOf finds every key of a type by reflection: "ci[].name". Secrets are
// their two keys.
func keysOf(t reflect.Type, path string, out map[string]reflect.StructTag) {
	for field := range fieldsOf(t) {
		key := join(path, field.Tag.Get("toml"))
		switch inner := field.Type; {
		case inner == reflect.TypeFor[Secret]():
			out[key+"_file"], out[key+"_env"] = field.Tag, field.Tag
		case isText(reflect.New(inner).Elem()):
			out[key] = field.Tag
		case inner.Kind() == reflect.Struct:
			keysOf(inner, key, out)
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct && !isText(reflect.New(inner.Elem()).Elem()):
			keysOf(inner.Elem(), key+"[]", out)
		default:
			out[key] = field.Tag
		}
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// keysIn finds every key of a document in the same form.
func keysIn(doc map[string]any, path string, out map[string]any) {
	for key, v := range doc {
		at := join(path, key)
		switch v := v.(type) {
		case map[string]any:
			if at == "ci[].phrases" { // its keys are data
				out[at] = v
				continue
			}
			keysIn(v, at, out)
		case []any:
			if len(v) > 0 && reflect.TypeOf(v[0]) == reflect.TypeFor[map[string]any]() {
				keysIn(v[0].(map[string]any), at+"[]", out)
				continue
			}
			out[at] = v
		default:
			out[at] = v
		}
	}
}

func exampleKeys(t *testing.T) (types map[string]reflect.StructTag, doc map[string]any) {
	t.Helper()
	body, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(body, &tree); err != nil {
		t.Fatal(err)
	}
	types, doc = map[string]reflect.StructTag{}, map[string]any{}
	keysOf(reflect.TypeFor[Config](), "", types)
	keysIn(tree, "", doc)
	return types, doc
}

func TestExampleLoads(t *testing.T) {
	c, err := Load(example)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("..", "..", "id_ed25519"); c.Gerrit.KeyFile != want {
		t.Errorf("key file %s, want %s", c.Gerrit.KeyFile, want)
	}
}

func TestExampleHasExactlyTheKeysOfTheTypes(t *testing.T) {
	types, doc := exampleKeys(t)
	if d := cmp.Diff(slices.Sorted(maps.Keys(types)), slices.Sorted(maps.Keys(doc))); d != "" {
		t.Errorf("types (-) and example (+) differ:\n%s", d)
	}
}

// TestExampleShowsDefaults holds the example's values against the defaults.
func TestExampleShowsDefaults(t *testing.T) {
	types, doc := exampleKeys(t)
	for key, tag := range types {
		def, has := tag.Lookup("default")
		if !has {
			continue
		}
		shown := fmt.Sprint(doc[key])
		if list, ok := doc[key].([]any); ok {
			shown = strings.Trim(fmt.Sprint(list), "[]")
		}
		if shown != def {
			t.Errorf("%s = %v in the example, %q by default", key, doc[key], def)
		}
	}
}

// TestExampleCommentsEveryKey wants a comment above or beside each key, or above
// the lines of keys that it stands in.
func TestExampleCommentsEveryKey(t *testing.T) {
	body, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	// These say all that there is to say, or share a comment with their neighbour.
	plain := regexp.MustCompile(`^(pipelines|branches|projects|tls|nick|key_file|burst|command_burst|max_unpacked|max_total|hashtags|report) =`)
	commented := false
	for n, line := range strings.Split(string(body), "\n") {
		isKey := regexp.MustCompile(`^[a-z_]+ = `).MatchString(line)
		if isKey && !commented && !strings.Contains(line, " # ") && !plain.MatchString(line) {
			t.Errorf("line %d has no comment: %s", n+1, line)
		}
		commented = strings.HasPrefix(line, "#")
	}
}
