package joblog

import (
	"strings"
	"testing"
)

func TestFileFields(t *testing.T) {
	for name, want := range map[string]string{
		"job-output.txt":                  "console console.html job-output.txt | job-output.txt",
		"job-output.txt.gz":               "console console.html job-output.txt job-output.txt.gz | job-output.txt job-output.txt.gz",
		"console.html":                    "console console.html | console.html",
		"consoleText":                     "console console.html consoleText | consoleText",
		"logs/grenade.sh.txt.gz":          "console console.html grenade.sh.txt grenade.sh.txt.gz | logs/grenade.sh.txt logs/grenade.sh.txt.gz",
		"logs/devstacklog.txt":            "console console.html devstacklog.txt | logs/devstacklog.txt",
		"devstack-gate-setup-host.txt":    "console console.html devstack-gate-setup-host.txt | devstack-gate-setup-host.txt",
		"logs/screen-n-cpu.txt":           "screen oslofmt screen-n-cpu.txt | logs/screen-n-cpu.txt",
		"logs/screen-dstat.txt":           "screen-dstat.txt | logs/screen-dstat.txt",
		"controller/logs/tempest.txt":     "screen oslofmt tempest.txt | controller/logs/tempest.txt",
		"logs/syslog.txt":                 "syslog syslog.txt | logs/syslog.txt",
		"logs/apache/horizon_error.txt":   "apacheerror horizon_error.txt | logs/apache/horizon_error.txt",
		"logs/apache/keystone.txt":        "screen oslofmt keystone.txt | logs/apache/keystone.txt",
		"logs/postci.txt":                 "console postci postci.txt | logs/postci.txt",
		"undercloud/var/log/syslog.txt.1": "syslog syslog.txt.1 | undercloud/var/log/syslog.txt.1",
		"some/file.bin":                   "file.bin | some/file.bin",
	} {
		tags, filename := FileFields(name)
		if got := strings.Join(tags, " ") + " | " + strings.Join(filename, " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		if Document(name) != (len(tags) > len(filename)) {
			t.Errorf("%s: document %v", name, Document(name))
		}
	}
}

func TestKnownTagsAndNames(t *testing.T) {
	for tag, want := range map[string]bool{"console": true, "oslofmt": true, "screen-n-cpu.txt": true, "own.log": true, "consoleText": true, "messages": true,
		"consol": false, "": false, "logs/screen-n-cpu.txt": false} {
		if KnownTag(tag) != want {
			t.Errorf("KnownTag(%q) is not %v", tag, want)
		}
	}
	for name, want := range map[string]bool{"logs/screen-n-cpu.txt": true, "consoleText": true, "a/own.log": true, "console": false, "/logs/x.txt": false} {
		if KnownName(name) != want {
			t.Errorf("KnownName(%q) is not %v", name, want)
		}
	}
}
