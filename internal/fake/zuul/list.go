package zuul

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// list answers a question for builds: result (several), limit. The newest are
// first; those that run have no result. An answer has an ETag, which one that
// asks again may show.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if s.fault(w, r) {
		return
	}
	limit, err := strconv.Atoi(cmp.Or(r.FormValue("limit"), "50"))
	if err != nil {
		http.Error(w, "limit is no number", http.StatusBadRequest)
		return
	}
	found := s.matching(r.PathValue("tenant"), r.Form["result"])
	body, err := json.Marshal(found[:min(limit, len(found))])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body) // the reader may have gone
}

// matching are the builds with one of the results, any when none is asked for.
func (s *Server) matching(tenant string, results []string) []object {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []object{}
	for _, uuid := range slices.Backward(s.order) {
		set := s.sets[uuid]
		if set.Tenant != "" && set.Tenant != tenant {
			continue
		}
		for _, b := range slices.Backward(set.Builds) {
			if len(results) == 0 || slices.Contains(results, b.Result) {
				found = append(found, buildAnswer(set, s.shape, b.UUID))
			}
		}
	}
	return found
}
