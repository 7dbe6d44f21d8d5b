package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"
)

// The bounds of what visitors can take.
const (
	maxConns   = 64
	askWithin  = 5 * time.Second // for one page's questions
	stopWithin = 2 * time.Second
	maxHeader  = 16 << 10
)

// Options are what the pages are made of.
type Options struct {
	Listen  string                                 // host:port; port 0 takes a free one
	Health  func() []Step                          // never blocks
	Trouble func(ctx context.Context) []string     // why the bot does not hear or cannot work; empty: it is ready
	Numbers func(context.Context) (Numbers, error) // for the metrics
	Logger  *slog.Logger
}

// Step is how one part of the program is.
type Step struct {
	Name     string    `json:"name"`
	Stuck    bool      `json:"stuck"`
	Moved    time.Time `json:"moved"`
	Failures int       `json:"failures"`
	Error    string    `json:"error,omitempty"`
}

// Server serves the pages.
type Server struct {
	o   Options
	log *slog.Logger
	ln  net.Listener

	patience time.Duration // with a visitor who says nothing
}

// Listen takes the address; nothing is served before Run.
func Listen(o Options) (*Server, error) {
	ln, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{o: o, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), ln: netutil.LimitListener(ln, maxConns), patience: askWithin}
	return s, nil
}

// Addr is where the pages are.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close gives the address back, also when the server never ran.
func (s *Server) Close() error {
	if err := s.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

// Run serves until ctx ends, which is the error it returns.
func (s *Server) Run(ctx context.Context) error {
	srv := &http.Server{
		Handler: s.Handler(), MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: s.patience, ReadTimeout: s.patience, WriteTimeout: 2 * askWithin, IdleTimeout: 2 * s.patience,
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(s.ln) }()
	s.log.Info("web pages", "addr", s.Addr())
	select {
	case err := <-ended:
		return fmt.Errorf("web: %w", err)
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := srv.Shutdown(bye); err != nil {
		return errors.Join(ctx.Err(), srv.Close())
	}
	return ctx.Err()
}

// Handler is all pages.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /metrics", s.metrics())
	return mux
}

// healthz is 503 when a step is stuck, and says which.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	steps, stuck := s.o.Health(), []string{}
	for _, st := range steps {
		if st.Stuck {
			stuck = append(stuck, st.Name)
		}
	}
	s.answer(w, len(stuck) == 0, map[string]any{"ok": len(stuck) == 0, "stuck": stuck, "steps": steps})
}

// readyz is 503 while the bot does not hear or cannot work, and says why.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), askWithin)
	defer cancel()
	why := append([]string{}, s.o.Trouble(ctx)...)
	s.answer(w, len(why) == 0, map[string]any{"ready": len(why) == 0, "why": why})
}

func (s *Server) answer(w http.ResponseWriter, well bool, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.log.Debug("web: answer not sent", "error", err)
	}
}

// metrics is the page for Prometheus, with a registry of its own.
func (s *Server) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&collector{numbers: s.o.Numbers, log: s.log})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: 4, Timeout: 2 * askWithin,
	})
}
