// Package zuul asks Zuul's REST API what a comment does not say: where a
// build's logs are, how it really ended, when it ran, and which builds a cut
// comment left out. It only reads, and only below the root it was made with: a
// comment gives it nothing but a uuid. It knows neither store nor config.
//
// The API is that of zuul-web: /api/tenant/TENANT/build/UUID and
// /api/tenant/TENANT/buildset/UUID, or /api/build/UUID where a white-label root
// stands for one tenant, and the list builds?result=…. Both shapes of its JSON are read: before Zuul 10 a
// build's change was flat in it, since then it is an object "ref".
package zuul

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

const (
	maxBody      = 16 << 20 // bytes of one answer; a buildset of 1,000 builds has about 2 MiB
	maxKept      = 1000     // finished buildsets and builds that are remembered, of each
	maxRedirects = 3
	userAgent    = "recheckbot (+https://github.com/recheckbot/recheckbot)"
)

// Options say where a Zuul is and how gently it is asked.
type Options struct {
	Root    string        // of its web page, such as https://zuul.example.org
	Tenant  string        // "" for a white-label root
	Timeout time.Duration // of one request, 30 s when 0
	Every   time.Duration // least time between two requests, 0 for none
	Contact string        // an address that the User-Agent names; may be empty
	Logger  *slog.Logger  // nil: silent
	Client  *http.Client  // nil: one of its own
}

// Client asks one Zuul. Its methods may be called from anywhere at once.
type Client struct {
	api, web  string // both end in "/"
	timeout   time.Duration
	agent     string
	http      http.Client
	pace      *rate.Limiter
	flights   singleflight.Group
	buildsets *kept[Buildset]
	builds    *kept[Build]
	last      seen // the list of failures
	log       *slog.Logger
}

// New makes a client; it asks nothing yet.
func New(o Options) *Client {
	root := strings.TrimRight(o.Root, "/") + "/"
	c := &Client{api: root + "api/", web: root, agent: userAgent, pace: pace(o.Every),
		timeout: cmp.Or(o.Timeout, 30*time.Second), log: o.Logger,
		buildsets: newKept[Buildset](maxKept), builds: newKept[Build](maxKept)}
	if o.Tenant != "" {
		c.api += "tenant/" + url.PathEscape(o.Tenant) + "/"
		c.web += "t/" + url.PathEscape(o.Tenant) + "/"
	}
	if o.Contact != "" {
		c.agent += " " + o.Contact
	}
	if o.Client != nil {
		c.http = *o.Client
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.http.CheckRedirect = sameHost
	return c
}

func pace(every time.Duration) *rate.Limiter {
	if every <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Every(every), 1)
}

// sameHost follows redirects within the host alone: what the config allows is
// that host, and an answer may not send the program elsewhere.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects {
		return fmt.Errorf("zuul: more than %d redirects", maxRedirects)
	}
	upgrade := first.Scheme == "http" && req.URL.Scheme == "https" && req.URL.Port() == "" && first.Port() == ""
	if req.URL.Hostname() == first.Hostname() && (upgrade || req.URL.Host == first.Host && req.URL.Scheme == first.Scheme) {
		return nil
	}
	return fmt.Errorf("zuul: refused a redirect to another host, %s", req.URL.Host)
}

// Buildset asks for a buildset with all its builds. A finished one is asked for
// once and remembered.
func (c *Client) Buildset(ctx context.Context, uuid string) (Buildset, error) {
	return once(ctx, c, "buildset", uuid, c.buildsets, func(b []byte) (Buildset, error) {
		var in wireBuildset
		if err := json.Unmarshal(b, &in); err != nil {
			return Buildset{}, err
		}
		return in.buildset(c.web), sameUUID(in.UUID, uuid)
	})
}

// Build asks for one build. A finished one is asked for once and remembered.
func (c *Client) Build(ctx context.Context, uuid string) (Build, error) {
	return once(ctx, c, "build", uuid, c.builds, func(b []byte) (Build, error) {
		var in wireBuild
		if err := json.Unmarshal(b, &in); err != nil {
			return Build{}, err
		}
		return in.build(c.web), sameUUID(in.UUID, uuid)
	})
}

// PageURL is the address of a build's page, for people.
func (c *Client) PageURL(uuid string) string { return c.web + "build/" + uuid }

// once answers from memory, else joins or begins a request.
func once[T finished](ctx context.Context, c *Client, what, uuid string, memory *kept[T],
	decode func([]byte) (T, error)) (T, error) {
	var none T
	if !validUUID(uuid) {
		return none, &BadUUIDError{uuid}
	}
	if v, ok := memory.get(uuid); ok {
		return v, nil
	}
	v, err := c.join(ctx, what+"/"+uuid, func() (any, error) {
		body, err := c.get(ctx, what, uuid)
		if err != nil {
			return none, err
		}
		v, err := decode(body)
		if err != nil {
			return none, fmt.Errorf("zuul: %s %s: %w", what, uuid, err)
		}
		if v.Finished() {
			memory.put(uuid, v)
		}
		return v, nil
	})
	if err != nil {
		return none, err
	}
	return v.(T), nil
}

// join lets one request answer all who ask the same at the same time. The one
// who began may give up: then another of them begins anew.
func (c *Client) join(ctx context.Context, key string, ask func() (any, error)) (any, error) {
	for {
		mine := false
		answer := c.flights.DoChan(key, func() (any, error) {
			mine = true
			return ask()
		})
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("zuul: %s: %w", key, ctx.Err())
		case r := <-answer:
			if r.Err != nil && !mine && gaveUp(r.Err) && ctx.Err() == nil {
				continue
			}
			return r.Val, r.Err
		}
	}
}

// get asks for one thing by its uuid.
func (c *Client) get(ctx context.Context, what, uuid string) ([]byte, error) {
	a, err := c.fetch(ctx, what+"/"+uuid, what, uuid, nil)
	return a.body, err
}

// answered is what a request came to; same: 304, there is no body then.
type answered struct {
	body   []byte
	header http.Header
	same   bool
}

// fetch makes one paced and bounded request for a path below the API; what and
// uuid name it in errors.
func (c *Client) fetch(ctx context.Context, path, what, uuid string, header http.Header) (answered, error) {
	fail := func(err error) (answered, error) {
		if ctx.Err() != nil {
			return answered{}, &waitError{err}
		}
		return answered{}, fmt.Errorf("zuul: %s %s: %w", what, uuid, err)
	}
	if err := c.pace.Wait(ctx); err != nil {
		return answered{}, &waitError{err}
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, c.api+path, nil)
	if err != nil {
		return fail(err)
	}
	maps.Copy(req.Header, header)
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	c.log.Debug("asking zuul", "url", req.URL.String())
	resp, err := c.http.Do(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && len(header) > 0 {
		return answered{header: resp.Header, same: true}, nil
	}
	if err := statusError(resp, what, uuid); err != nil {
		return answered{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the answer is longer than %d bytes", maxBody)
	}
	if err != nil {
		return fail(err)
	}
	return answered{body: body, header: resp.Header}, nil
}
