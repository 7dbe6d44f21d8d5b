// Package loghost is an HTTP server of CI logs for tests and the demo: folders
// with a Zuul manifest, a directory index or neither, packed in all the ways
// that real hosts pack, and faults on demand. It may not be imported by anything
// but tests and the demo.
package loghost

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Listing says how a folder shows what it holds.
type Listing int

// The listings. A folder is of the kind of the nearest folder above it that
// has one; None where there is none.
const (
	None     Listing = iota // 404 for the folder itself
	Manifest                // zuul-manifest.json
	Apache                  // an index as apache's mod_autoindex writes it
	Nginx                   // an index as nginx writes it
)

// Options say how a file is served.
type Options struct {
	Type     string        // Content-Type; default text/plain
	Encoding string        // Content-Encoding: "", "gzip", "deflate", "raw-deflate" (without zlib's header)
	Missing  int           // so many first requests are answered 404
	ReadyAt  time.Time     // 404 before
	Status   int           // answered instead of the body, when not 0
	CutAfter int           // the connection is cut after so many bytes of the body, when not 0
	Slow     time.Duration // waited before each 4 KiB
	Bomb     int64         // the body is so many NUL bytes, packed
	Redirect string        // answered 302 with this location
	Header   http.Header   // further headers
}

// Request is one request that came.
type Request struct {
	Method, Path, UserAgent, AcceptEncoding string
}

// Server is a running log host. It is safe for concurrent use.
type Server struct {
	listener net.Listener
	http     *http.Server

	mu       sync.Mutex
	files    map[string]*file
	folders  map[string]Listing
	requests []Request
}

type file struct {
	body  []byte
	o     Options
	asked int
}

// Start listens on addr, such as "127.0.0.1:0".
func Start(addr string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("loghost: %w", err)
	}
	s := &Server{listener: l, files: map[string]*file{}, folders: map[string]Listing{}}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with an error in any case, once closed
	return s, nil
}

// Close stops the server and cuts its connections.
func (s *Server) Close() error { return s.http.Close() }

// URL is the server's root, with a slash at its end.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/" }

// Put serves body at path ("a/b.txt", without a leading slash), from now on.
func (s *Server) Put(path string, body []byte, o Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = &file{body: body, o: o}
}

// Delete takes a file away: it is never there.
func (s *Server) Delete(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, path)
}

// List sets how the folder dir ("a/b/", or "" for the root) and those below it
// are listed.
func (s *Server) List(dir string, l Listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders[dir] = l
}

// Requests are the requests so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Asked tells how often path was asked for, by any method.
func (s *Server) Asked(path string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Path == path {
			n++
		}
	}
	return n
}

// listing is the nearest folder's kind, and that folder.
func (s *Server) listing(dir string) (Listing, string) {
	for {
		if l, ok := s.folders[dir]; ok {
			return l, dir
		}
		if dir == "" {
			return None, ""
		}
		dir = dir[:strings.LastIndexByte(strings.TrimSuffix(dir, "/"), '/')+1]
	}
}
