package cicomment

import (
	"strings"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// outcome says how a report ended: failure if any voting build failed, else what
// the vote or the site's own words say, else Zuul's own rule (every voting build
// must have succeeded). A job's own message counts last, by its words.
func outcome(r report, vote int) Outcome {
	if anyVoting(r.builds, func(b Build) bool { return !b.Custom && b.Result.Failed() }) {
		return Failure
	}
	switch {
	case vote < 0:
		return Failure
	case vote > 0:
		return Success
	}
	if o := headMood(r.head); o != "" {
		return o
	}
	return buildsMood(r)
}

func buildsMood(r report) Outcome {
	if anyVoting(r.builds, func(b Build) bool {
		return !b.Custom && b.Result != ci.Success && b.Result != ci.Skipped
	}) {
		return Failure
	}
	o := Outcome("")
	if len(r.builds) > 0 || r.short {
		o = Success
	}
	for _, b := range r.builds {
		if !b.Voting || !b.Custom {
			continue
		}
		switch mood(string(b.Result)) {
		case Failure:
			return Failure
		case "":
			o = ""
		}
	}
	return o
}

func anyVoting(builds []Build, is func(Build) bool) bool {
	for _, b := range builds {
		if b.Voting && is(b) {
			return true
		}
	}
	return false
}

// headMood reads the site's words: the first line, then the others.
func headMood(head []string) Outcome {
	const maxHeadLines = 30
	for _, l := range head[:min(len(head), maxHeadLines)] {
		if o := mood(l); o != "" {
			return o
		}
	}
	return ""
}

var (
	// badWords and goodWords are beginnings of words (and signs) that sites put
	// into their own messages.
	badWords = []string{"fail", "broke", "error", "unstable", "abort", "decreas", "worse", "slow", "reject",
		"problem", "wrong", "regress", "timed out", "not ok", "unsuccessful", "✘", "✗", "❌", "✖", "👎", "⛔",
		"fehl", "éch", "не удал", "ошибк", "провал"}
	goodWords = []string{"succe", "pass", "ok", "good", "better", "same", "green", "fine", "great", "increas",
		"ready", "✔", "✓", "✅", "👍", "🎉", "erfolg", "réuss", "прошл", "успе"}
)

// mood tells good words from bad ones. "Build failed" and its like decide before
// a pipeline's name can.
func mood(s string) Outcome {
	l := lower(s)
	if _, after, ok := strings.Cut(l, "build "); ok {
		switch {
		case strings.HasPrefix(after, "fail"), strings.HasPrefix(after, "unstable"), strings.HasPrefix(after, "abort"):
			return Failure
		case strings.HasPrefix(after, "succe"):
			return Success
		}
	}
	if i := strings.Index(l, "://"); i >= 0 {
		l = l[:i]
	}
	if holdsWord(l, badWords) {
		return Failure
	}
	if holdsWord(l, goodWords) {
		return Success
	}
	return ""
}

// holdsWord finds a beginning of a word; within a word it does not count.
func holdsWord(s string, words []string) bool {
	for _, w := range words {
		at := 0
		for {
			i := strings.Index(s[at:], w)
			if i < 0 {
				break
			}
			if i += at; i == 0 || !isLetter(s[i-1]) {
				return true
			}
			at = i + len(w)
		}
	}
	return false
}
