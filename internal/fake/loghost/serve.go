package loghost

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	f, page := s.find(r, path)
	switch {
	case f != nil:
		f.serve(w, r)
	case page != nil:
		w.Header().Set("Content-Type", page.kind)
		_, _ = w.Write(page.body)
	default:
		http.NotFound(w, r)
	}
}

// find notes the request and looks up what answers it: a copy of the file, or a
// listing.
func (s *Server) find(r *http.Request, path string) (*file, *page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: path,
		UserAgent: r.UserAgent(), AcceptEncoding: r.Header.Get("Accept-Encoding")})
	f := s.files[path]
	if f == nil {
		return nil, s.page(path)
	}
	f.asked++
	if f.asked <= f.o.Missing || time.Now().Before(f.o.ReadyAt) {
		return nil, nil
	}
	c := *f
	return &c, nil
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), f.o.Header)
	switch {
	case f.o.Redirect != "":
		http.Redirect(w, r, f.o.Redirect, http.StatusFound)
		return
	case f.o.Status != 0:
		w.WriteHeader(f.o.Status)
		return
	}
	kind := f.o.Type
	if kind == "" {
		kind = "text/plain"
	}
	w.Header().Set("Content-Type", kind)
	if f.o.Bomb > 0 {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zeros{}, f.o.Bomb) // the reader may well go away
		_ = z.Close()
		return
	}
	body := Pack(f.o.Encoding, f.body)
	if f.o.Encoding != "" {
		w.Header().Set("Content-Encoding", strings.TrimPrefix(f.o.Encoding, "raw-"))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	f.write(w, r, body)
}

// write sends the body in pieces; cut and slow are done here.
func (f *file) write(w http.ResponseWriter, r *http.Request, body []byte) {
	if f.o.CutAfter > 0 && f.o.CutAfter < len(body) {
		defer panic(http.ErrAbortHandler) // the server cuts the connection
		body = body[:f.o.CutAfter]
	}
	for len(body) > 0 {
		n := min(len(body), 4<<10)
		if f.o.Slow == 0 {
			n = len(body)
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(f.o.Slow):
		}
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		body = body[n:]
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Pack packs body as a content coding: "gzip", "deflate", "raw-deflate"; else
// it is returned as it is.
func Pack(encoding string, body []byte) []byte {
	var out bytes.Buffer
	var z io.WriteCloser
	switch encoding {
	case "gzip":
		z = gzip.NewWriter(&out)
	case "deflate":
		z = zlib.NewWriter(&out)
	case "raw-deflate":
		z, _ = flate.NewWriter(&out, flate.DefaultCompression) // fails for unknown levels only
	default:
		return body
	}
	_, _ = z.Write(body) // into memory: cannot fail
	_ = z.Close()
	return out.Bytes()
}
