package lucene

import (
	"strings"
	"testing"
)

// TestDates holds rounding against Elasticsearch's rules: what is left out of a
// date stands for all of it, so that > and <= look at its end and >= and < at
// its begin.
func TestDates(t *testing.T) {
	for _, c := range []struct {
		query string
		yes   string // instants that match
		no    string // and that do not
	}{
		{`@timestamp:"2014-01-31"`, "2014-01-31T00:00:00.000Z 2014-01-31T23:59:59.999Z", "2014-01-30T23:59:59.999Z 2014-02-01T00:00:00.000Z"},
		{`@timestamp:[2014-01-31 TO 2014-02]`, "2014-01-31T00:00:00.000Z 2014-02-28T23:59:59.999Z", "2014-01-30T23:59:59.999Z 2014-03-01"},
		{`@timestamp:{2014-01-31 TO 2014-02}`, "", "2014-02-01 2014-01-31T23:59:59.999+01:00"},
		{`@timestamp:{2014-01-31 TO 2014-03}`, "2014-02-01 2014-02-28T23:59:59.999Z", "2014-01-31T23:59:59.999Z 2014-03-01"},
		{`@timestamp:>2014`, "2015", "2014-12-31T23:59:59.999Z"},
		{`@timestamp:>=2014`, "2014", "2013-12-31T23:59:59.999Z"},
		{`@timestamp:<2014`, "2013-12-31T23:59:59.999Z", "2014"},
		{`@timestamp:<=2014`, "2014-12-31T23:59:59.999Z", "2015"},
		{`@timestamp:["2014-01-31T12:00" TO *]`, "2014-01-31T12:00:00Z 1391169600000", "2014-01-31T11:59:59.999Z 1391169599999"},
		{`@timestamp:["2014-01-31T12:00:00,5+02:00" TO "2014-01-31T10:00:00.500Z"]`, "2014-01-31T10:00:00.500Z", "2014-01-31T10:00:00.499Z 2014-01-31T10:00:00.501Z"},
		{`@timestamp:"2014-01-31||+1M"`, "2014-02-28T00:00:00Z", "2014-03-01T00:00:00Z 2014-02-27T23:59:59.999Z"},
		{`@timestamp:["2014-01-31||-1d/d" TO "2014-01-31||/M"]`, "2014-01-30 2014-01-31T23:59:59.999Z", "2014-01-29T23:59:59.999Z 2014-02"},
		{`@timestamp:"2014-01-31T10:20:30||/h"`, "2014-01-31T10:00:00Z 2014-01-31T10:59:59.999Z", "2014-01-31T11:00:00Z"},
		{`@timestamp:"2014-01-31||/w"`, "2014-01-27 2014-02-02T23:59:59.999Z", "2014-01-26T23:59:59.999Z 2014-02-03"},
		{`@timestamp:["2014-01-31||+1h+1m-1s" TO "2014-01-31||+1y/y"]`, "2014-01-31T01:00:59Z 2015-12-31T23:59:59.999Z", "2014-01-31T01:00:58Z 2016"},
		{`@timestamp:["2014-01-31T10:20:30||/m" TO "2014-01-31T10:20:30.5||/s"]`, "2014-01-31T10:20:00Z 2014-01-31T10:20:30.999Z", "2014-01-31T10:19:59.999Z 2014-01-31T10:20:31Z"},
		{`@timestamp:["2014-01-31||+1w" TO *]`, "2014-02-07", "2014-02-06T23:59:59.999Z nonsense"},
		{`@timestamp:*`, "2014 nonsense", ""},
	} {
		n := parse(t, c.query)
		again := parse(t, n.String())
		for want, list := range map[Truth]string{Yes: c.yes, No: c.no} {
			for instant := range strings.FieldsSeq(list) {
				d := NewDoc(Historical())
				d.Set("@timestamp", instant)
				if Eval(n, d) != want || Eval(again, d) != want {
					t.Errorf("%s of %s is not %v (%s)", c.query, instant, want, n)
				}
			}
		}
	}
	for _, bad := range []string{`now`, `"2014-02-30"`, `"2014-1-1"`, `[2014 TO now]`, `"2014-01-01T24"`, `"2014-01-01||+1x"`, `"2014-01-01||1d"`, `2014*`, `2014~`, `99999999999999999999`} {
		if n, err := Parse("@timestamp:"+bad, Historical()); err == nil {
			t.Errorf("@timestamp:%s is read as %v", bad, n)
		}
	}
}

func TestDynamicMapping(t *testing.T) {
	long := strings.Repeat("x", 256)
	d := NewDoc(Dynamic())
	d.SetAll(map[string][]string{
		"message": {"The Disk"}, "build_name": {"tempest-full"}, "tags": {"console", long, long + "y"}, "voting": {"1"}, "@timestamp": {"2014-01-31T00:00:00Z"},
	})
	for query, want := range map[string]Truth{
		`build_name:tempest`:                 Yes,
		`build_name.keyword:tempest`:         No,
		`build_name.keyword:"tempest-full"`:  Yes,
		`build_name.keyword:tempest*`:        Yes,
		`build_name.keyword:"Tempest-full"`:  No,
		`build_name:"Tempest FULL"`:          Yes,
		`message.keyword:"The Disk"`:         Yes,
		`tags.keyword:` + long:               Yes,
		`tags.keyword:` + long + "y":         No,
		`voting:1 AND @timestamp:2014-01-31`: Yes,
		`_exists_:build_name.keyword`:        Yes,
		`build_queue.keyword:gate`:           Maybe,
		`NOT build_queue.keyword:gate`:       Maybe,
	} {
		n, err := Parse(query, Dynamic())
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got := Eval(n, d); got != want {
			t.Errorf("%.60s: %v, want %v", query, got, want)
		}
	}
	if _, err := MappingNamed("other"); err == nil {
		t.Error("there is a mapping called other")
	}
	h := NewDoc(Historical())
	h.Set("build_name", "x")
	if Eval(parse(t, "build_name.keyword:x"), h) != Maybe {
		t.Error("the historical mapping has keyword fields")
	}
}
