// Package lucenetest is what tests hold the query language against: a Lucene of
// this machine, a plain evaluator that defines the language, and random queries
// and documents. Only tests import it.
package lucenetest

import (
	"bufio"
	_ "embed"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

//go:embed Oracle.java
var oracleSource []byte

// Oracle is a Lucene in a process of its own, for one goroutine.
type Oracle struct {
	t   testing.TB
	in  *bufio.Writer
	out *bufio.Reader
}

// Answer is what Lucene says to a query: the hits, by number in the order of
// Add, and the tree as lucene.DumpJSON writes it; or that it is refused.
type Answer struct {
	Hits []int
	Tree string
	Err  string
}

// StartOracle starts Lucene, or skips the test and says what is missing. The
// process ends with the test.
func StartOracle(t testing.TB) *Oracle {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("no java in PATH: no Lucene to compare with")
	}
	jars := jars()
	if len(jars) == 0 {
		t.Skip("no Lucene 8 in /usr/share/java (Debian: liblucene8-java) nor in LUCENE_JARS: nothing to compare with")
	}
	source := filepath.Join(t.TempDir(), "Oracle.java")
	if err := os.WriteFile(source, oracleSource, 0o600); err != nil {
		t.Fatal(err)
	}
	classes := strings.Join(jars, string(os.PathListSeparator))
	return start(t, exec.CommandContext(t.Context(), java, "-Xmx512m", "-XX:+UseSerialGC", "-cp", classes, source))
}

// jars finds Lucene's parts: in the folder LUCENE_JARS, else where Debian's
// package puts them.
func jars() []string {
	dir := os.Getenv("LUCENE_JARS")
	if dir == "" {
		dir = "/usr/share/java"
	}
	var found []string
	for _, part := range []string{"analyzers-common", "core", "memory", "queries", "queryparser", "sandbox"} {
		files, _ := filepath.Glob(filepath.Join(dir, "lucene-"+part+"-8*.jar"))
		if len(files) == 0 {
			return nil
		}
		found = append(found, files[0])
	}
	return found
}

func start(t testing.TB, cmd *exec.Cmd) *Oracle {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // killed by the test's context at the latest
	})
	return &Oracle{t: t, in: bufio.NewWriter(in), out: bufio.NewReaderSize(out, 1<<20)}
}

// In is the same Lucene for a part of the test.
func (o *Oracle) In(t testing.TB) *Oracle { return &Oracle{t: t, in: o.in, out: o.out} }

// Reset forgets all documents. The named fields are exact from now on, all
// others analysed.
func (o *Oracle) Reset(exact ...string) { o.say("reset", exact...) }

// Add adds a document.
func (o *Oracle) Add(doc map[string][]string) {
	var texts []string
	for field, values := range doc {
		for _, v := range values {
			texts = append(texts, field, v)
		}
	}
	o.say("doc", texts...)
}

// Query asks which documents match.
func (o *Oracle) Query(text string) Answer {
	o.t.Helper()
	words := o.ask("query", text)
	if words[0] == "error" {
		return Answer{Err: o.decode(words[1])}
	}
	a := Answer{Hits: []int{}, Tree: o.decode(words[2])}
	for n := range strings.SplitSeq(words[1], ",") {
		if i, err := strconv.Atoi(n); err == nil {
			a.Hits = append(a.Hits, i)
		}
	}
	return a
}

// Tokens are the standard analyser's.
func (o *Oracle) Tokens(text string) []string {
	o.t.Helper()
	tokens := []string{}
	for _, w := range o.ask("tokens", text)[1:] {
		tokens = append(tokens, o.decode(w))
	}
	return tokens
}

// say writes one line; what cannot be written shows when an answer is missing.
func (o *Oracle) say(word string, texts ...string) {
	io.WriteString(o.in, word)
	for _, s := range texts {
		io.WriteString(o.in, " "+base64.StdEncoding.EncodeToString([]byte(s)))
	}
	o.in.WriteByte('\n')
}

// ask says something and reads the answer's words.
func (o *Oracle) ask(word, text string) []string {
	o.t.Helper()
	o.say(word, text)
	if err := o.in.Flush(); err != nil {
		o.t.Fatalf("Lucene does not listen: %v", err)
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		o.t.Fatalf("Lucene does not answer to %s %q: %v", word, text, err)
	}
	return strings.Split(strings.TrimSuffix(line, "\n"), " ")
}

func (o *Oracle) decode(s string) string {
	o.t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		o.t.Fatalf("Lucene's answer %q: %v", s, err)
	}
	return string(b)
}
