package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Numbers are what the metrics tell at one moment. A zero time is left out.
type Numbers struct {
	Version string

	Stream              bool // connected
	Events              uint64
	LastEvent, LastByte time.Time
	Fresh               time.Time // up to then everything was heard
	Lag                 time.Duration
	Gaps                int

	Waiting      map[string]int // items by step
	Outbox       map[string]int // rows by state
	Dead, Aside  int
	Alarms       []string // that are raised
	Steps        []Step
	Hits, Misses uint64 // of the Gerrit client's cache

	IRC *IRC // nil: no IRC
}

// IRC is how the connection to IRC is.
type IRC struct {
	Connected        bool
	Channels, Joined int
	Dropped          uint64 // commands that nobody had time for
	Ping             time.Duration
}

// collector asks for the numbers at each scrape.
type collector struct {
	numbers func(context.Context) (Numbers, error)
	log     *slog.Logger

	mu   sync.Mutex
	told string // the trouble that was logged last; "": none
}

// Describe sends nothing: what there is depends on the moment.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks and sends all numbers. Those of the database are missing when it
// does not answer, and one says so.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	n, err := c.numbers(ctx)
	e := emitter{out}
	e.gauge("store_readable", "Whether the database answered this scrape.", truth(err == nil))
	e.gauge("build_info", "The version that runs; always 1.", 1, "version", n.Version)
	e.stream(n)
	e.steps(n.Steps)
	e.irc(n.IRC)
	c.tell(err)
	if err != nil {
		return
	}
	e.work(n)
}

// tell logs a trouble when its text changes, not at each scrape.
func (c *collector) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if text != c.told && text != "" {
		c.log.Warn("web: no numbers from the database", "error", err)
	}
	c.told = text
}

// emitter sends metrics under the program's prefix.
type emitter struct{ out chan<- prometheus.Metric }

// send takes labels as name and value in turn.
func (e emitter) send(kind prometheus.ValueType, name, help string, v float64, labels []string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	desc := prometheus.NewDesc("recheckbot_"+name, help, names, nil)
	m, err := prometheus.NewConstMetric(desc, kind, v, values...)
	if err != nil { // such as a label that is no UTF-8
		m = prometheus.NewInvalidMetric(desc, err)
	}
	e.out <- m
}

func (e emitter) gauge(name, help string, v float64, labels ...string) {
	e.send(prometheus.GaugeValue, name, help, v, labels)
}

func (e emitter) counter(name, help string, v uint64) {
	e.send(prometheus.CounterValue, name, help, float64(v), nil)
}

func (e emitter) time(name, help string, t time.Time, labels ...string) {
	if !t.IsZero() {
		e.gauge(name, help, float64(t.UnixMilli())/1000, labels...)
	}
}

func (e emitter) stream(n Numbers) {
	e.gauge("stream_connected", "Whether the event stream is connected.", truth(n.Stream))
	e.counter("stream_events_total", "Lines that the event stream brought since the start.", n.Events)
	e.time("stream_last_event_timestamp_seconds", "When the event stream last brought a line.", n.LastEvent)
	e.time("stream_last_byte_timestamp_seconds", "When the event stream last brought anything, answers to keepalives included.", n.LastByte)
	e.gauge("stream_lag_seconds", "By how much the last event was later than the promptest of the last day.", n.Lag.Seconds())
	e.counter("gerrit_cache_hits_total", "Questions about changes and accounts answered without asking Gerrit.", n.Hits)
	e.counter("gerrit_cache_misses_total", "Questions about changes and accounts for which Gerrit was asked.", n.Misses)
}

func (e emitter) steps(steps []Step) {
	for _, s := range steps {
		e.gauge("step_stuck", "Whether a step does not move any more.", truth(s.Stuck), "step", s.Name)
		e.gauge("step_failures", "Rounds of a step that failed in a row.", float64(s.Failures), "step", s.Name)
		e.time("step_moved_timestamp_seconds", "When a step last got on.", s.Moved, "step", s.Name)
	}
}

func (e emitter) irc(irc *IRC) {
	if irc == nil {
		return
	}
	e.gauge("irc_connected", "Whether IRC is connected.", truth(irc.Connected))
	e.gauge("irc_channels", "IRC channels that are configured.", float64(irc.Channels))
	e.gauge("irc_channels_joined", "IRC channels that we are in.", float64(irc.Joined))
	e.gauge("irc_ping_seconds", "How long the IRC server took to answer the last ping.", irc.Ping.Seconds())
	e.counter("irc_commands_dropped_total", "Commands on IRC that were not taken because the queue was full.", irc.Dropped)
}

func (e emitter) work(n Numbers) {
	e.time("fresh_timestamp_seconds", "Up to when everything that happened was heard.", n.Fresh)
	e.gauge("gaps_open", "Times of which something may have been missed and that are not caught up with.", float64(n.Gaps))
	for step, waiting := range n.Waiting {
		e.gauge("waiting", "Items that wait for a step.", float64(waiting), "step", step)
	}
	for state, rows := range n.Outbox {
		e.gauge("outbox_rows", "Reviews and lines in the outbox.", float64(rows), "state", state)
	}
	e.gauge("dead_letters", "Items that steps gave up on.", float64(n.Dead))
	e.gauge("lines_set_aside", "Lines of the event stream that could not be read.", float64(n.Aside))
	e.gauge("alarms_raised", "Alarms that are raised.", float64(len(n.Alarms)))
	for _, name := range n.Alarms {
		e.gauge("alarm", "An alarm that is raised; always 1.", 1, "alarm", name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
