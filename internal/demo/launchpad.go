package demo

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// bug is one that Launchpad knows.
type bug struct{ title, status string }

// Launchpad answers as https://api.launchpad.net/devel does, as far as titles
// and states of bugs go.
type Launchpad struct {
	root string
	http *http.Server
	bugs map[string]bug // by number

	mu   sync.Mutex
	told map[string]bool
}

func startLaunchpad(bugs map[string]bug) (*Launchpad, error) {
	l, err := net.Listen("tcp", anyPort)
	if err != nil {
		return nil, fmt.Errorf("launchpad: %w", err)
	}
	p := &Launchpad{root: "http://" + l.Addr().String(), bugs: bugs, told: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bugs/{bug}", p.answer(p.head))
	mux.HandleFunc("GET /bugs/{bug}/bug_tasks", p.answer(p.tasks))
	p.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.http.Serve(l) }() // ends with Close, and its error says only that
	return p, nil
}

// Close ends the server.
func (p *Launchpad) Close() error { return p.http.Close() }

// URL is the root of the API.
func (p *Launchpad) URL() string { return p.root }

// Told reports whether somebody was told all of a bug.
func (p *Launchpad) Told(number string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told[number]
}

func (p *Launchpad) answer(tell func(number string, b bug) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number := r.PathValue("bug")
		b, ok := p.bugs[number]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// The reader may have gone: no one is left to be told.
		_ = json.NewEncoder(w).Encode(tell(number, b))
	}
}

func (p *Launchpad) head(number string, b bug) any {
	return map[string]any{"id": number, "title": b.title, "private": false, "duplicate_of_link": nil}
}

func (p *Launchpad) tasks(number string, b bug) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[number] = true
	task := map[string]any{"bug_target_name": "nova", "status": b.status, "importance": "High"}
	return map[string]any{"total_size": 1, "entries": []any{task}}
}
