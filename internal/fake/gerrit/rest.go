package gerrit

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// restTimeForm is Gerrit's, always UTC.
const restTimeForm = "2006-01-02 15:04:05.000000000"

type restAccount struct {
	ID       int64    `json:"_account_id"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Username string   `json:"username"`
	Tags     []string `json:"tags,omitempty"`
}

type restMessage struct {
	ID       string      `json:"id"`
	Tag      string      `json:"tag,omitempty"`
	Author   restAccount `json:"author"`
	Date     string      `json:"date"`
	Message  string      `json:"message"`
	Patchset int         `json:"_revision_number"`
}

type restComment struct {
	Author    restAccount `json:"author"`
	MessageID string      `json:"change_message_id"`
	Patchset  int         `json:"patch_set"`
	Line      int         `json:"line,omitempty"`
	Updated   string      `json:"updated"`
	Message   string      `json:"message"`
}

// startREST serves the part of Gerrit's REST that is used, for signed-in
// accounts under /a/ and for anyone without it.
func (s *Server) startREST() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("fake gerrit: %w", err)
	}
	mux := http.NewServeMux()
	for _, prefix := range []string{"", "/a"} {
		mux.HandleFunc("GET "+prefix+"/changes/{n}/messages", s.withChange(func(c *change) any { return s.restMessages(c) }))
		mux.HandleFunc("GET "+prefix+"/accounts/{name}/detail", s.accountDetail)
		mux.HandleFunc("GET "+prefix+"/changes/{n}/comments", s.withChange(func(c *change) any { return s.restComments(c) }))
	}
	s.url = "http://" + l.Addr().String()
	s.web = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.wg.Go(func() { _ = s.web.Serve(l) }) // ends with Close
	return nil
}

// withChange answers with what show makes of the change that was asked for.
func (s *Server) withChange(show func(*change) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.ParseInt(r.PathValue("n"), 10, 64)
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/a/") && !s.signedIn(r) {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		c := s.changes[n]
		if c == nil || c.Hidden {
			http.Error(w, "Not found: "+r.PathValue("n"), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		fmt.Fprint(w, ")]}'\n")
		_ = json.NewEncoder(w).Encode(show(c))
	}
}

// accountDetail answers who an account is, and whether it is a service user.
func (s *Server) accountDetail(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.PathValue("name")
	switch {
	case strings.HasPrefix(r.URL.Path, "/a/") && !s.signedIn(r):
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	case s.accounts[name] == nil:
		http.Error(w, "Not found: "+name, http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		fmt.Fprint(w, ")]}'\n")
		_ = json.NewEncoder(w).Encode(s.restAccount(name))
	}
}

func (s *Server) signedIn(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	a := s.accounts[user]
	return ok && a != nil && a.password != "" && a.password == password
}

func (s *Server) restAccount(username string) restAccount {
	a := s.accounts[username]
	if a == nil {
		return restAccount{Username: username}
	}
	r := restAccount{ID: a.id, Name: a.name, Email: a.email, Username: a.username}
	if a.service {
		r.Tags = []string{"SERVICE_USER"}
	}
	return r
}

func (s *Server) restMessages(c *change) []restMessage {
	out := []restMessage{}
	for _, p := range c.log {
		if s.indexed(p.Time) {
			out = append(out, restMessage{
				ID: p.ID, Tag: p.Tag, Author: s.restAccount(p.Author), Date: p.Time.UTC().Format(restTimeForm),
				Message: p.Shown, Patchset: p.Patchset,
			})
		}
	}
	return out
}

// restComments lists comments by file, sorted by text, as Gerrit does. Of equal
// posts in one second all carry the first one's message id.
func (s *Server) restComments(c *change) map[string][]restComment {
	out := map[string][]restComment{}
	ids := map[string]string{}
	for _, p := range c.log {
		if !s.indexed(p.Time) {
			continue
		}
		twin := fmt.Sprint(p.Author, p.Time.Unix(), p.Shown)
		if ids[twin] == "" {
			ids[twin] = p.ID
		}
		base := restComment{
			Author: s.restAccount(p.Author), MessageID: ids[twin], Patchset: p.Patchset, Updated: p.Time.UTC().Format(restTimeForm),
		}
		for i := range p.Inline {
			r := base
			r.Line, r.Message = i+1, "inline"
			out["/COMMIT_MSG"] = append(out["/COMMIT_MSG"], r)
		}
		for _, t := range p.PatchsetLevel {
			r := base
			r.Message = t
			out["/PATCHSET_LEVEL"] = append(out["/PATCHSET_LEVEL"], r)
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b restComment) int { return strings.Compare(a.Message, b.Message) })
	}
	return out
}
