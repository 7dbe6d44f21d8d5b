package testresults

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const traceRun = `2019-01-02 03:04:05.678901 | controller | {1} tempest.api.T.test_ok [1.234567s] ... ok
2019-01-02 03:04:05.678901 | controller | {0} tempest.api.T.test_bad[compute,id-1] [0.5s] ... FAILED
2019-01-02 03:04:05.678901 | controller | Traceback: {0} not.a.Result ... FAILED
2019-01-02 03:04:05.678901 | controller | {2} setUpClass (tempest.api.U) [0.000000s] ... FAILED
2019-01-02 03:04:05.678901 | controller | {3} tempest.api.T.test_skip ... SKIPPED: needs [a] ... FAILED
2019-01-02 03:04:05.678901 | controller | Totals
2019-01-02 03:04:05.678901 | controller | ======
2019-01-02 03:04:05.678901 | controller | Ran: 4 tests in 12.0000 sec.
2019-01-02 03:04:05.678901 | controller |  - Passed: 1
2019-01-02 03:04:05.678901 | controller |  - Unexpected Success: 0
2019-01-02 03:04:05.678901 | controller |  - Failed: 2
2019-01-02 03:04:05.678901 | controller | Sum of execute time for each test: 1.0 sec.
`

var traceFailed = []string{"tempest.api.T.test_bad", "setUpClass (tempest.api.U)"}

func unittestRun(id, last string) string {
	return fmt.Sprintf("%s\nFAIL: %s\ntags: worker-0\n%s\nTraceback\n\nRan 3 tests in 1.2s\n\n%s\n", rule, id, strings.Repeat("-", 70), last)
}

const junitDoc = `<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="s" tests="3">
<testcase classname="a.B" name="test_ok" time="1"/><testcase classname="a.B" name="test_bad[x]"><failure>F: &lt;</failure></testcase>
<testcase name="alone"><error message="e"/></testcase><testcase classname="a.B" name="test_s"><skipped/></testcase>
</testsuite></testsuites>`

const surefireDoc = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="org.x.FooTest" tests="3" errors="0" failures="1">
  <properties><property name="error" value="failure"/></properties>
  <testcase name="good" classname="org.x.FooTest" time="0.1"><system-out><![CDATA[<testcase name="forged"><failure/>]]></system-out></testcase>
  <testcase name="flaky" classname="org.x.FooTest"><flakyFailure type="E">once</flakyFailure></testcase>
  <testcase name="bad" classname="org.x.FooTest"><failure message="a &lt; b" type="E"><![CDATA[at <init>]]></failure><rerunFailure type="E"/></testcase>
</testsuite>`

const htmlDoc = `<?xml version="1.0"?><html><body><table>
<tr class='errorClass'><td class="testname">a.b.C: its docstring</td><td class="small">2</td></tr>
<tr id='ft1.1' class='none'><td class='failCase'><div class='testcase'>test_bad[smoke]</div></td><td>fail <pre>a &lt;td class='failCase'> b <b></pre></td></tr>
<tr id='ft1.2' class='none'><td class='errorCase'><div class='testcase'>test_err: says what</div></td></tr>
<tr id='pt1.3' class='hiddenRow'><td class='none'><div class='testcase'>test_ok</div></td></tr>
<tr id='total_row'><td>Total</td></tr></table></body></html>`

func TestFailed(t *testing.T) {
	cut := traceRun[:strings.Index(traceRun, "Totals")]
	for _, c := range []struct {
		what, name, text string
		want             []string
		known            bool
	}{
		{"stestr", "job-output.txt", traceRun, traceFailed, true},
		{"stestr, gzipped name, folder", "logs/console.html.gz", traceRun, traceFailed, true},
		{"stestr, CR LF and colours", "console.txt", strings.ReplaceAll(strings.ReplaceAll(traceRun, "\n", "\r\n"), "... FAILED", "... \x1b[31;1mFAILED\x1b[0m"), traceFailed, true},
		{"stestr cut off", "job-output.txt", cut, traceFailed, false},
		{"second run cut off", "job-output.txt", traceRun + cut, traceFailed, false},
		{"two runs", "job-output.txt", traceRun + traceRun, traceFailed, true},
		{"more failed than was listed", "job-output.txt", strings.Replace(traceRun, "Failed: 2", "Failed: 3", 1), traceFailed, false},
		{"in progress when it ended", "job-output.txt", "{0} a.b [] ... inprogress\n" + traceRun, traceFailed, false},
		{"all passed", "job-output.txt", "{0} a.b [1s] ... ok\nRan: 1 tests in 1.0 sec.\n - Passed: 1\n - Failed: 0\n", nil, true},
		{"no tests", "job-output.txt", "make: *** [all] Error 1\nFAILED (failures=1)\nOK\n", nil, false},
		{"testr", "console.html", unittestRun("a.B.test[gate]", "FAILED (id=0, failures=1, skips=2)"), []string{"a.B.test"}, true},
		{"testr, old", "console.html", unittestRun("a.B.test", "FAILED (failures=1, skipped=10)"), []string{"a.B.test"}, true},
		{"testr, some not listed", "console.html", unittestRun("a.B.test", "FAILED (failures=2)"), []string{"a.B.test"}, false},
		{"testr, no count", "console.html", "Ran 3 tests in 1s\nFAILED\n", nil, false},
		{"unittest", "console.html", unittestRun("test_x (a.B)", "FAILED (errors=1)"), []string{"a.B.test_x"}, true},
		{"unittest, unexpected success", "console.html", strings.Replace(unittestRun("test_x (a.B.test_x)", "FAILED (unexpected successes=1)"), "FAIL:", "UNEXPECTED SUCCESS:", 1), []string{"a.B.test_x"}, true},
		{"unittest 3.11", "console.html", unittestRun("test_x (a.B.test_x)", "FAILED (errors=1)"), []string{"a.B.test_x"}, true},
		{"unittest, good", "console.html", "Ran 3 tests in 1.2s\n\nOK (skipped=1)\n", nil, true},
		{"long line", "console.html", strings.Repeat("x", 3*maxLine) + "\n" + traceRun, traceFailed, true},
		{"junit", "junit.xml", junitDoc, []string{"a.B.test_bad", "alone"}, true},
		{"junit, a suite's own error", "junit.xml", `<testsuite><testcase name="good"/><error>no tests</error><testcase name="bad"><failure/></testcase></testsuite>`, []string{"bad"}, false},
		{"surefire", "TEST-org.x.FooTest.xml", surefireDoc, []string{"org.x.FooTest.bad"}, true},
		{"other xml", "test.xml", "<a><error/></a>", nil, false},
		{"subunit2html", "testr_results.html.gz", htmlDoc, []string{"a.b.C.test_bad", "a.b.C.test_err"}, true},
		{"subunit2html cut off", "stestr_results.html", htmlDoc[:len(htmlDoc)-80], []string{"a.b.C.test_bad", "a.b.C.test_err"}, false},
		{"not ours", "syslog.txt", traceRun, nil, false},
		{"empty", "job-output.txt", "", nil, false},
	} {
		ids, known, err := Failed(c.name, strings.NewReader(c.text))
		if err != nil || known != c.known || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %q, known %v, %v; want %q, %v", c.what, ids, known, err, c.want, c.known)
		}
	}
}

func TestErrorsKeepWhatWasFound(t *testing.T) {
	broken := errors.New("connection reset")
	for name, text := range map[string]string{"job-output.txt": traceRun, "junit.xml": junitDoc, "testr_results.html": htmlDoc} {
		ids, known, err := Failed(name, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || known || len(ids) != 2 {
			t.Errorf("%s: %q, known %v, %v", name, ids, known, err)
		}
	}
	cut := junitDoc[:len(junitDoc)-20]
	if ids, known, err := Failed("test_results.xml", strings.NewReader(cut)); err == nil || known || len(ids) != 2 {
		t.Errorf("JUnit's file cut off: %q, known %v, %v", ids, known, err)
	}
	for _, text := range []string{"<a b=></a>", "<testsuite></a></a>", strings.Repeat("<testsuite>", 1000), "<testsuite>&unknown;</testsuite>"} {
		if ids, known, err := Failed("junit.xml", strings.NewReader(text)); err == nil || known || ids != nil {
			t.Errorf("%.40s: %q, known %v, %v", text, ids, known, err)
		}
	}
}

func TestBounds(t *testing.T) {
	var b strings.Builder
	for i := range MaxIDs + 5 {
		fmt.Fprintf(&b, "{0} a.test_%d [1s] ... FAILED\n", i)
	}
	fmt.Fprintf(&b, "Ran: 1 tests\n - Failed: %d\n", MaxIDs+5)
	ids, known, err := Failed("job-output.txt", strings.NewReader(b.String()))
	if len(ids) != MaxIDs || known || err != nil {
		t.Errorf("%d ids, known %v, %v", len(ids), known, err)
	}
	long := "{0} " + strings.Repeat("x", maxID+1) + " [1s] ... FAILED\nRan: 1 tests\n - Failed: 1\n"
	if ids, known, _ := Failed("job-output.txt", strings.NewReader(long)); len(ids) != 0 || known {
		t.Errorf("an id that is too long: %d ids, known %v", len(ids), known)
	}
}

// endless gives its text again and again.
type endless string

func (e endless) Read(b []byte) (int, error) { return copy(b, e), nil }

// TestEndlessTexts: of what never ends only a bounded piece is kept in memory.
func TestEndlessTexts(t *testing.T) {
	for name, head := range map[string]string{
		"junit.xml":          `<testsuite><testcase name="a"><failure/><system-out><![CDATA[`,
		"test_results.xml":   `<testsuite><testcase name="a"><failure/></testcase><testcase name="`,
		"testr_results.html": `<tr><td class='failCase'><div class='testcase'>a</div></td><td>x`,
	} {
		counted := &io.LimitedReader{R: io.MultiReader(strings.NewReader(head), endless(strings.Repeat("all work ", 1000))), N: 1 << 40}
		ids, known, err := Failed(name, counted)
		if err == nil || known || !slices.Equal(ids, []string{"a"}) {
			t.Errorf("%s: %q, known %v, %v", name, ids, known, err)
		}
		if read := 1<<40 - counted.N; read > 4*maxToken {
			t.Errorf("%s: %d bytes were read", name, read)
		}
	}
}

func TestOneOf(t *testing.T) {
	failed := []string{"a.B.test_x"}
	if !OneOf(failed, []string{"other", "a.B.test_x[smoke]"}) || OneOf(failed, []string{"a.B"}) || OneOf(nil, []string{"a"}) {
		t.Error("a test is told by its whole id, tags apart")
	}
}

func FuzzFailed(f *testing.F) {
	for i, text := range []string{traceRun, junitDoc, htmlDoc, unittestRun("a.B.test[x]", "FAILED (failures=1)")} {
		f.Add(i, text)
	}
	names := []string{"job-output.txt", "junit.xml", "testr_results.html"}
	f.Fuzz(func(t *testing.T, i int, text string) {
		ids, known, err := Failed(names[uint(i)%3], strings.NewReader(text))
		if len(ids) > MaxIDs || known && err != nil {
			t.Fatalf("%d ids, known %v, %v", len(ids), known, err)
		}
		for _, id := range ids {
			if id == "" || len(id) > maxID || !OneOf(ids, []string{id}) && !strings.Contains(id, "[") {
				t.Fatalf("id %q", id)
			}
		}
	})
}
