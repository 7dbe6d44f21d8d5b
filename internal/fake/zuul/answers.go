package zuul

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// object is a JSON object being put together.
type object map[string]any

// routes are the addresses of the API and of pages, with and without tenant.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, tenant := range []string{"/tenant/{tenant}", ""} {
		mux.HandleFunc("GET /api"+tenant+"/build/{uuid}", s.answer(buildAnswer))
		mux.HandleFunc("GET /api"+tenant+"/buildset/{uuid}", s.answer(buildsetAnswer))
		mux.HandleFunc("GET /api"+tenant+"/builds", s.list)
	}
	for _, tenant := range []string{"/t/{tenant}", ""} {
		mux.HandleFunc("GET "+tenant+"/build/{uuid}", s.webPage)
		mux.HandleFunc("GET "+tenant+"/buildset/{uuid}", s.webPage)
	}
	return mux
}

// answer wraps what is told about a buildset into a handler.
func (s *Server) answer(tell func(Buildset, Shape, string) object) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.fault(w, r) {
			return
		}
		uuid := r.PathValue("uuid")
		set, shape, ok := s.find(r.PathValue("tenant"), uuid)
		var body object
		if ok {
			body = tell(set, shape, uuid)
		}
		if body == nil {
			http.Error(w, `{"code": 404}`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		// The reader may have gone: no one is left to be told.
		_ = json.NewEncoder(w).Encode(body)
	}
}

// webPage is what a person, or a program that takes it for a log folder, gets.
func (s *Server) webPage(w http.ResponseWriter, r *http.Request) {
	if s.fault(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>Zuul</title><div id=\"root\">%s</div>\n", html.EscapeString(r.URL.Path))
}

func buildAnswer(set Buildset, shape Shape, uuid string) object {
	for _, b := range set.Builds {
		if b.UUID != uuid {
			continue
		}
		out := build(set, b, shape)
		parent := object{"uuid": set.UUID}
		if shape == Refs {
			parent["refs"] = []object{ref(set)}
		} else {
			maps.Copy(out, ref(set))
		}
		out["pipeline"], out["buildset"] = set.Pipeline, parent
		return out
	}
	return nil
}

func buildsetAnswer(set Buildset, shape Shape, uuid string) object {
	if set.UUID != uuid {
		return nil
	}
	out := object{"uuid": set.UUID, "result": text(set.Result), "message": nil, "pipeline": set.Pipeline}
	if shape == Refs {
		out["refs"] = []object{ref(set)}
	} else {
		maps.Copy(out, ref(set))
	}
	builds, retries := []object{}, []object{}
	for _, b := range set.Builds {
		if shape == Flat && b.Retry {
			retries = append(retries, build(set, b, shape))
			continue
		}
		builds = append(builds, build(set, b, shape))
	}
	if len(set.Builds) > 0 { // Zuul leaves the key out otherwise
		out["builds"] = builds
		if shape == Flat {
			out["retry_builds"] = retries
		}
	}
	return out
}

// build is a build as it stands inside a buildset.
func build(set Buildset, b Build, shape Shape) object {
	out := object{"uuid": b.UUID, "job_name": b.Job, "result": text(b.Result), "held": false,
		"start_time": stamp(b.Start), "end_time": stamp(b.End), "duration": nil, "voting": !b.NonVoting,
		"log_url": text(b.LogURL), "error_detail": text(b.ErrorDetail), "artifacts": []object{}, "provides": []object{}}
	if !b.Start.IsZero() && !b.End.IsZero() {
		out["duration"] = b.End.Sub(b.Start).Seconds()
	}
	if shape != FlatOld {
		out["final"] = !b.Retry
	}
	if shape == Refs {
		out["ref"] = ref(set)
	}
	return out
}

// ref is the change; its patchset is a text in every release.
func ref(set Buildset) object {
	return object{"project": set.Project, "branch": set.Branch, "change": set.Change,
		"patchset": strconv.Itoa(set.Patchset), "newrev": nil, "oldrev": nil,
		"ref":     fmt.Sprintf("refs/changes/%02d/%d/%d", set.Change%100, set.Change, set.Patchset),
		"ref_url": fmt.Sprintf("https://review.example.org/%d", set.Change)}
}

// text is null when empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// stamp is UTC without saying so, null when zero.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}
