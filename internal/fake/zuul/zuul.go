// Package zuul is a Zuul on a real socket for tests and the demo: its REST API
// in both shapes of JSON, its build pages, and faults on demand. It is never
// part of the running bot, and it runs no job: it tells what it was given.
package zuul

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Buildset is what the server tells. Zero times and empty texts become null.
type Buildset struct {
	UUID, Result, Pipeline string
	Tenant                 string // "": found under every tenant, and without one
	Project, Branch        string
	Change, Patchset       int
	Builds                 []Build
}

// Build is one of a buildset's builds; Retry marks one that another superseded.
type Build struct {
	UUID, Job, Result, LogURL, ErrorDetail string
	NonVoting, Retry                       bool
	Start, End                             time.Time
}

// Shape is which of the API's JSON shapes the server speaks.
type Shape int

// The shapes, oldest first.
const (
	Refs     Shape = iota // Zuul 10 and later: "ref" is an object, buildsets have "refs"
	Flat                  // before: flat, superseded builds apart as "retry_builds"
	FlatOld               // long before: flat, and no "final"
	numerous              // bound of the list
)

// Server is a running Zuul.
type Server struct {
	http     *http.Server
	root     string
	mu       sync.Mutex
	shape    Shape
	sets     map[string]Buildset // by uuid
	order    []string            // their uuids, oldest first
	owners   map[string]string   // build's uuid to buildset's
	requests []string
	statuses []int          // what the next requests get
	hidden   map[string]int // uuid to how many requests find nothing yet
	delay    time.Duration
	redirect string
	done     chan struct{}
}

// Start listens on addr, such as "127.0.0.1:0".
func Start(addr string) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("fake zuul: %w", err)
	}
	s := &Server{root: "http://" + listener.Addr().String(), sets: map[string]Buildset{},
		owners: map[string]string{}, hidden: map[string]int{}, done: make(chan struct{})}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		// It ends by Close alone, and then its error says only that.
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// Close stops the server at once, slow answers too.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// URL is the root, without a slash at its end.
func (s *Server) URL() string { return s.root }

// BuildURL is the address of a build's page; tenant "" for a white-label root.
func (s *Server) BuildURL(tenant, uuid string) string { return s.page(tenant, "build", uuid) }

// BuildsetURL is the address of a buildset's page.
func (s *Server) BuildsetURL(tenant, uuid string) string { return s.page(tenant, "buildset", uuid) }

func (s *Server) page(tenant, what, uuid string) string {
	if tenant == "" {
		return s.root + "/" + what + "/" + uuid
	}
	return s.root + "/t/" + tenant + "/" + what + "/" + uuid
}

// Add makes a buildset known, or replaces it.
func (s *Server) Add(b Buildset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.sets[b.UUID]; !known {
		s.order = append(s.order, b.UUID)
	}
	s.sets[b.UUID] = b
	for _, build := range b.Builds {
		s.owners[build.UUID] = b.UUID
	}
}

// Speak chooses the shape of answers; Refs is that of a new server.
func (s *Server) Speak(shape Shape) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shape = min(shape, numerous-1)
}

// Fail makes the next requests end with these HTTP statuses, one after another.
func (s *Server) Fail(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, statuses...)
}

// Hide makes the next n requests for a uuid find nothing, as in the moments
// before Zuul's database has it.
func (s *Server) Hide(uuid string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[uuid] = n
}

// Slow delays every answer until it is called with 0.
func (s *Server) Slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Redirect sends every request of the API to a root elsewhere; "" ends it.
func (s *Server) Redirect(root string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redirect = root
}

// Requests are "PATH" of all requests so far, in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// fault notes a request and reports whether it was answered with a fault.
func (s *Server) fault(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.Path)
	status, delay, redirect := 0, s.delay, s.redirect
	if len(s.statuses) > 0 {
		status, s.statuses = s.statuses[0], s.statuses[1:]
	}
	s.mu.Unlock()
	if !wait(r.Context(), delay) {
		return true
	}
	if redirect != "" && strings.HasPrefix(r.URL.Path, "/api/") {
		http.Redirect(w, r, redirect+r.URL.Path, http.StatusFound)
		return true
	}
	if status != 0 {
		http.Error(w, "fault on demand", status)
	}
	return status != 0
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// find is the buildset that a uuid of its own or of a build of it names, unless
// it is hidden or another tenant's.
func (s *Server) find(tenant, uuid string) (Buildset, Shape, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hidden[uuid] > 0 {
		s.hidden[uuid]--
		return Buildset{}, s.shape, false
	}
	owner := uuid
	if set, isBuild := s.owners[uuid]; isBuild {
		owner = set
	}
	b, ok := s.sets[owner]
	return b, s.shape, ok && (b.Tenant == "" || b.Tenant == tenant)
}
