package zuul

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/recheckbot/recheckbot/internal/ci"
)

// seen is what the last answer of one address can be known again by.
type seen struct {
	mu       sync.Mutex
	address  string
	tag      string // ETag
	modified string // Last-Modified
	sum      [sha256.Size]byte
}

// Failures asks for the newest builds that failed and may have logs, limit at
// most, those of buildsets that still run among them. When the answer is the
// same as the one before, by its ETag, its time or its text, same is true and
// builds is empty. An item that cannot be read is left out.
//
// Zuul lists builds by when they were queued, not by when they ended, and takes
// several results.
func (c *Client) Failures(ctx context.Context, limit int) (builds []Build, same bool, err error) {
	what := "builds?" + failuresQuery(limit)
	c.last.mu.Lock()
	defer c.last.mu.Unlock()
	header := http.Header{}
	if c.last.address == what {
		setHeader(header, "If-None-Match", c.last.tag)
		setHeader(header, "If-Modified-Since", c.last.modified)
	}
	a, err := c.fetch(ctx, what, "failures", "", header)
	if err != nil {
		return nil, false, err
	}
	if sum := sha256.Sum256(a.body); a.same || c.last.address == what && c.last.sum == sum {
		return nil, true, nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(a.body, &items); err != nil {
		return nil, false, fmt.Errorf("zuul: failures: %w", err)
	}
	c.last.address, c.last.tag, c.last.modified = what, a.header.Get("ETag"), a.header.Get("Last-Modified")
	c.last.sum = sha256.Sum256(a.body)
	return c.readBuilds(items[:min(len(items), limit)]), false, nil
}

func (c *Client) readBuilds(items []json.RawMessage) (builds []Build) {
	for _, item := range items {
		var in wireBuild
		if err := json.Unmarshal(item, &in); err != nil || !validUUID(in.UUID) || bytes.Equal(item, []byte("null")) {
			c.log.Info("a build that zuul lists cannot be read", "error", err)
			continue
		}
		b := in.build(c.web)
		if !validUUID(b.Buildset) {
			b.Buildset = ""
		}
		builds = append(builds, b)
	}
	return builds
}

func failuresQuery(limit int) string {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	for _, r := range ci.FailedWithLogs() {
		q.Add("result", string(r))
	}
	return q.Encode()
}

func setHeader(h http.Header, key, value string) {
	if value != "" {
		h.Set(key, value)
	}
}
