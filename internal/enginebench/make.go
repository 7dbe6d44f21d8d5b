package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// The words that made logs and made queries are of.
var logWords = strings.Fields(`instance network volume compute neutron cinder glance keystone tempest devstack Failed
	timeout waiting for the a to server image status active error build connection refused request response
	GET POST 200 404 500 api v2 details detach attach 10.0.0.1 192.168.1.12 /opt/stack/new req-4f1c Took seconds`)

// makeSet makes a set of about n bytes of logs.
func makeSet(dir string, n int) error {
	r := rand.New(rand.NewPCG(1, 2))
	if err := os.Mkdir(filepath.Join(dir, "corpus"), 0o755); err != nil {
		return err
	}
	rare := rareWords(r, 10000)
	for _, count := range []int{86, 1000, 10000} {
		if err := makeQueries(dir, count, rare); err != nil {
			return err
		}
	}
	return makeLogs(r, dir, n, rare)
}

// rareWords are the identifiers that queries look for.
func rareWords(r *rand.Rand, n int) (list []string) {
	part := func() string { return strings.Trim(logWords[r.IntN(len(logWords))], "/.") }
	for range n {
		list = append(list, fmt.Sprintf("%.7s_%.9s%d", part(), part(), r.IntN(100)))
	}
	return list
}

func makeQueries(dir string, n int, rare []string) error {
	var queries, texts strings.Builder
	for i, word := range rare[:n] {
		text := logWords[i%11] + " " + word
		q := fmt.Sprintf(`message:"%s" AND tags:"%s"`, text, []string{"console", "screen-n-cpu.txt", "screen-q-svc.txt"}[i%3])
		line, err := json.Marshal(map[string]string{"id": fmt.Sprint(i), "query": q})
		if err != nil {
			return err
		}
		fmt.Fprintf(&queries, "%s\n", line)
		fmt.Fprintln(&texts, text)
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, fmt.Sprintf("queries-%d.jsonl", n)), []byte(queries.String()), 0o600),
		os.WriteFile(filepath.Join(dir, fmt.Sprintf("lit-%d.txt", n)), []byte(texts.String()), 0o600))
}

// makeLogs writes 64 files, and all of them in one.
func makeLogs(r *rand.Rand, dir string, n int, rare []string) error {
	all, err := os.Create(filepath.Join(dir, "all.txt"))
	if err != nil {
		return err
	}
	defer all.Close()
	var manifest strings.Builder
	for i := range 64 {
		name := []string{"job-output.txt", "screen-n-cpu.txt", "screen-q-svc.txt"}[i%3]
		file := fmt.Sprintf("b%02d__%s", i, name)
		text := logOf(r, n/64, rare)
		tag := []string{"console", name, name}[i%3]
		fmt.Fprintf(&manifest, `{"file":%q,"filename":%q,"tags":[%q],"voting":1,"bytes":%d}`+"\n", file, name, tag, len(text))
		if err := os.WriteFile(filepath.Join(dir, "corpus", file), []byte(text), 0o600); err != nil {
			return err
		}
		if _, err := all.WriteString(text); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "corpus", "manifest.jsonl"), []byte(manifest.String()), 0o600)
}

// logOf is one log, with a hit now and then.
func logOf(r *rand.Rand, n int, rare []string) string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	for line := 0; b.Len() < n; line++ {
		fmt.Fprintf(w, "2024-01-02 03:%02d:%02d.%03d %d INFO nova.compute [req-%08x]", r.IntN(60), r.IntN(60), r.IntN(1000), r.IntN(30000), r.Uint32())
		for range 4 + r.IntN(16) {
			w.WriteByte(' ')
			w.WriteString(logWords[r.IntN(len(logWords))])
		}
		if r.IntN(20000) == 0 {
			i := r.IntN(len(rare))
			fmt.Fprintf(w, " %s %s", logWords[i%11], rare[i])
		}
		w.WriteByte('\n')
	}
	w.Flush()
	return b.String()
}
