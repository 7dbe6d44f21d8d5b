package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
)

// attack is what logs hold that a terminal would obey: colours, the title, the
// clipboard, C1 controls, backspaces, the direction of writing, hidden text.
const attack = "\x1b[31mred\x1b]0;title\x07\x1b]52;c;ZWNobw==\x07 \u009b2J \b\b\r \u202eevil\u2066 \u200b\u00ad\U000e0041 \xff\xfe end"

// obeyed are the characters of text that a terminal obeys.
func obeyed(text string) (bad []rune) {
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
			bad = append(bad, r)
		}
	}
	return bad
}

// TestScanPrintsNothingThatATerminalObeys: lines, names of files, errors and
// JSON.
func TestScanPrintsNothingThatATerminalObeys(t *testing.T) {
	dir, fingerprints := t.TempDir(), t.TempDir()
	line := "E: Failed to fetch " + attack + "\n"
	name := "log\x1b[31m\u202e.txt"
	for path, body := range map[string]string{
		filepath.Join(dir, name):                        line,
		filepath.Join(dir, "job-output.txt"):            line,
		filepath.Join(dir, "bad\x1b[2J.txt.gz"):         "\x1f\x8b no gzip",
		filepath.Join(fingerprints, "mirror.yaml"):      "query: message:\"Failed to fetch\"\n",
		filepath.Join(fingerprints, "bad\x1b[31m.yaml"): "query: message:x\n",
	} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"scan", dir}, {"scan", "--json", dir}, {"scan", filepath.Join(dir, "not there\x1b[31m\u202e")}} {
		var out, bad bytes.Buffer
		Run(append(args, "--fingerprints", fingerprints), strings.NewReader(""), &out, &bad)
		if got := obeyed(out.String() + bad.String()); len(got) > 0 {
			t.Errorf("%q: %q in:\n%q", args[:1], got, out.String()+bad.String())
		}
		if args[1] == "--json" {
			var s scanned
			if err := json.Unmarshal(out.Bytes(), &s); err != nil || len(s.Matches) != 1 || !strings.Contains(s.Matches[0].Hits[0].Text, "\u202eevil") {
				t.Errorf("the values are not as they were: %v %+v", err, s)
			}
		} else if len(args) == 2 && args[1] == dir && !strings.Contains(out.String(), "Failed to fetch") {
			t.Errorf("no hit: %s%s", out.String(), bad.String())
		}
	}
}

// TestScannedTextIsWhole: of many hits, whatever buffer's end they meet.
func TestScannedTextIsWhole(t *testing.T) {
	dir := t.TempDir()
	log, queries := filepath.Join(dir, "job-output.txt"), filepath.Join(dir, "q.jsonl")
	line := "boom " + strings.Repeat("中", 99)
	for path, text := range map[string]string{log: strings.Repeat(line+"\n", 1000), queries: `{"id":"q","query":"boom"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, bad bytes.Buffer
	Run([]string{"scan", "--jsonl", "--fingerprints", queries, log}, strings.NewReader(""), &out, &bad)
	if n := strings.Count(out.String(), `"text":"`+line+`"`); n != 1000 {
		t.Errorf("%d of 1000 hits have their text: %s", n, bad.String())
	}
}

// TestTablesPrintNothingThatATerminalObeys: job names and titles are other
// people's words.
func TestTablesPrintNothingThatATerminalObeys(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	a.printTable(table.Row{"job"}, []table.Row{{attack}})
	a.printLines([]string{attack})
	if err := a.code(exitCode{exitNo, attack}); err == 0 || len(obeyed(out.String())) > 0 || !strings.Contains(out.String(), "end") {
		t.Errorf("%q", out.String())
	}
}
