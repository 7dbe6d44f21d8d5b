package lucene

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// needOracle skips a test unless there is a Lucene to compare with.
func needOracle(t *testing.T) []string {
	t.Helper()
	command := strings.Fields(os.Getenv("ORACLE"))
	if len(command) == 0 {
		t.Skip("ORACLE is not set: no Lucene to compare with")
	}
	return command
}

// oracleCommand runs the oracle, a program that answers as testdata/README.md
// says: ORACLE is its command line, such as "java -cp … Oracle".
func oracleCommand(t *testing.T, stdin string, args ...string) []byte {
	t.Helper()
	command := needOracle(t)
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, stderr.String())
	}
	return out
}

// pick joins n random members of list.
func pick(r *rand.Rand, n int, sep string, list ...string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = list[r.IntN(len(list))]
	}
	return strings.Join(parts, sep)
}

var (
	randomWords = []string{"a", "b", "c", "A", "ab", "abc", "a_b", "a.b", "b:c", "x-y", "1", "10", "1,0", "a's", "é", "中文", "ไทย", "😀", "_", "don’t"}
	randomParts = []string{"a", "b", "c", "ab", "B", "a_b", "tags:a", "tags:ab", "message:b", "voting:1", "AND", "AND", "OR", "OR", "NOT", "-", "+", "!",
		"(", ")", "(", ")", "tags:(", "a*", "?b", "*b*", "a~", "ab~1", `"a b"`, `"b a"~2`, `"a b a"~3`, `"a a b"~1`, `"-"`, "[a TO b]", "tags:{a TO *}", "/a.?/", "a^2", "*", "_exists_:tags", "&&", "||", "- ", "*:*", ">a", `a\:b`, `tags:"a b"`, "x-y", "中文", "~1"}
)

func randomQuery(r *rand.Rand) string {
	return pick(r, 1+r.IntN(7), []string{" ", " ", ""}[r.IntN(3)], randomParts...)
}

func randomDoc(r *rand.Rand, id int) map[string]any {
	doc := map[string]any{"id": fmt.Sprint(id)}
	if r.IntN(8) > 0 {
		doc["message"] = pick(r, r.IntN(8), " ", randomWords...)
	}
	if r.IntN(3) > 0 {
		doc["tags"] = strings.Split(pick(r, 1+r.IntN(2), "|", "a", "ab", "A", "a b", "b", "c"), "|")
	}
	if r.IntN(2) > 0 {
		doc["voting"] = r.IntN(3)
	}
	return doc
}

func writeLines[T any](t *testing.T, name string, list []T) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, v := range list {
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRandomQueriesAgreeWithOracle(t *testing.T) {
	needOracle(t)
	r := rand.New(rand.NewPCG(1, uint64(os.Getpid())))
	m := oracleMapping()
	var docs []map[string]any
	for i := range 150 {
		docs = append(docs, randomDoc(r, i))
	}
	var queries []map[string]string
	for i := range 10000 {
		queries = append(queries, map[string]string{"id": fmt.Sprint(i), "query": randomQuery(r)})
	}
	docFile, queryFile := writeLines(t, "docs", docs), writeLines(t, "queries", queries)
	keyword := "tags,build_name,loglevel,module,filename,voting,level"
	hits := oracleCommand(t, "", "match", "--queries", queryFile, "--docs", docFile, "--keyword", keyword)
	trees := oracleCommand(t, "", "parse", "--queries", queryFile, "--keyword", keyword)
	hitFile, treeFile := filepath.Join(t.TempDir(), "h"), filepath.Join(t.TempDir(), "t")
	_ = os.WriteFile(hitFile, hits, 0o600)
	_ = os.WriteFile(treeFile, trees, 0o600)
	wantHits := readLines[struct {
		Hits  []string
		Error string
	}](t, hitFile)
	wantTrees := readLines[struct{ Tree json.RawMessage }](t, treeFile)
	ids, parsed := oracleDocs(t, docFile, m)
	bad, matched := 0, 0
	for i, q := range queries {
		n, err := Parse(q["query"], m)
		if refusedOnPurpose(err) {
			continue
		}
		if (err != nil) != (wantHits[i].Error != "") {
			t.Errorf("%q: %v, oracle %.100s", q["query"], err, wantHits[i].Error)
		} else if err == nil {
			got := hitsOf(n, ids, parsed)
			if !slices.Equal(got, wantHits[i].Hits) || !sameJSON(t, string(DumpJSON(n)), string(wantTrees[i].Tree)) {
				t.Errorf("%q: %v %s\noracle %v %s", q["query"], got, string(DumpJSON(n)), wantHits[i].Hits, wantTrees[i].Tree)
			} else {
				matched++
				continue
			}
		} else {
			continue
		}
		if bad++; bad > 10 {
			t.FailNow()
		}
	}
	t.Logf("%d queries agree over %d documents", matched, len(docs))
}

// refusedOnPurpose tells errors where the oracle finds a meaning that nobody
// wants.
func refusedOnPurpose(err error) bool {
	if err == nil {
		return false
	}
	for _, why := range []string{"field patterns", "holds numbers", "needs the name of one field", "regular expression", "a range needs"} {
		if strings.Contains(err.Error(), why) {
			return true
		}
	}
	return false
}

func TestRandomTextTokensAgreeWithOracle(t *testing.T) {
	needOracle(t)
	r := rand.New(rand.NewPCG(2, uint64(os.Getpid())))
	var lines []string
	for c := rune(0x20); c <= 0x10ffff; c++ { // every code point, alone and among letters and digits
		if c == 0x85 || c == 0x2028 || c == 0x2029 || c >= 0xd800 && c < 0xe000 {
			continue
		}
		if c < 0x3000 || c%7 == 0 || c >= 0x1f000 && c < 0x20000 {
			lines = append(lines, fmt.Sprintf("%c a%cb 1%c2 a%c1 %c\u0301x _%c_ %c%c \u0e01%c \u30ab%c\u30ab \U0001f600%c", c, c, c, c, c, c, c, c, c, c, c))
		}
	}
	pieces := []string{"a", "b1", "1", "_", ".", ",", "'", "\"", ":", ";", "-", " ", "\u00ad", "\u0301", "\u200d", "\ufe0f", "\u20e3", "#", "*", "ก", "า", "中", "ひ", "カ", "한", "ש", "\U0001f468", "\U0001f3fd", "\U0001f1e9", "\U0001f1ea", "❤", "©", "\U000e0067", "\U000e007f", "\U0001f3f4", "，", strings.Repeat("x", 120), strings.Repeat("9", 64)}
	for range 20000 {
		lines = append(lines, pick(r, 1+r.IntN(14), "", pieces...))
	}
	got := strings.Split(strings.TrimSpace(string(oracleCommand(t, strings.Join(lines, "\n")+"\n", "tokens"))), "\n")
	if len(got) != len(lines) {
		t.Fatalf("%d answers for %d lines", len(got), len(lines))
	}
	bad := 0
	for i, line := range lines {
		var want []string
		if err := json.Unmarshal([]byte(got[i]), &want); err != nil {
			t.Fatal(err)
		}
		have := []string{}
		for _, tok := range Tokens(line) {
			have = append(have, tok.Text)
		}
		if !slices.Equal(have, want) {
			t.Errorf("%q (%x):\n%q, oracle\n%q", line, []rune(line)[0], have, want)
			if bad++; bad > 15 {
				t.FailNow()
			}
		}
	}
	t.Logf("%d lines agree", len(lines))
}
