package gerritstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// newHTTP makes a client that follows no redirect: it would carry the password
// elsewhere, and Gerrit's REST has none.
func newHTTP() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// restMessage is ChangeMessageInfo, restComment CommentInfo of Gerrit's REST.
type restMessage struct {
	ID       text        `json:"id"`
	Tag      text        `json:"tag"`
	Author   wireAccount `json:"author"`
	Real     wireAccount `json:"real_author"`
	Date     restTime    `json:"date"`
	Message  text        `json:"message"`
	Patchset number      `json:"_revision_number"`
}

type restComment struct {
	MessageID text     `json:"change_message_id"`
	Message   text     `json:"message"`
	Updated   restTime `json:"updated"`
}

// restTime is Gerrit's "2006-01-02 15:04:05.000000000", always UTC.
type restTime struct{ time.Time }

func (t *restTime) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return nil
	}
	if v, err := time.Parse("2006-01-02 15:04:05.999999999", s); err == nil {
		t.Time = v
	}
	return nil
}

// restMessages is Messages by REST.
func (c *Client) restMessages(ctx context.Context, change int64) ([]Comment, error) {
	path := "/changes/" + strconv.FormatInt(change, 10)
	var messages []restMessage
	if err := c.get(ctx, path+"/messages", &messages); err != nil {
		return nil, err
	}
	files := map[string][]restComment{}
	if err := c.get(ctx, path+"/comments", &files); err != nil {
		return nil, err
	}
	return assemble(messages, files), nil
}

// assemble joins messages and comments by the message's id.
func assemble(messages []restMessage, files map[string][]restComment) []Comment {
	texts := map[string][]string{}
	level := files[patchsetLevel]
	// Gerrit sorts by text; their own times are the better order.
	slices.SortStableFunc(level, func(a, b restComment) int { return a.Updated.Compare(b.Updated.Time) })
	for _, m := range level {
		texts[string(m.MessageID)] = append(texts[string(m.MessageID)], m.Message.body())
	}
	var out []Comment
	for _, m := range messages {
		msg := m.Message.body()
		ps := m.Patchset.small()
		if ps == 0 {
			ps = readEnvelope(msg).patchset
		}
		out = append(out, Comment{
			Time: m.Date.Truncate(time.Second), Author: m.Author.account(), Message: msg, Patchset: ps,
			MessageID: m.ID.name(), Tag: m.Tag.name(), PatchsetLevel: texts[string(m.ID)],
			ServiceUser: slices.Contains(m.Author.Tags, "SERVICE_USER"),
		})
	}
	slices.SortStableFunc(out, func(a, b Comment) int { return a.Time.Compare(b.Time) })
	share(out)
	return out
}

// share mends what Gerrit does to equal posts within one second: the texts of
// all of them carry the first one's message id. They are dealt out in turn.
func share(comments []Comment) {
	for i := range comments {
		c := &comments[i]
		if len(c.PatchsetLevel) < 2 || readEnvelope(c.Message).comments == 0 {
			continue
		}
		twins := []*Comment{c}
		for j := i + 1; j < len(comments) && comments[j].Time.Equal(c.Time); j++ {
			if d := &comments[j]; d.Author == c.Author && d.Message == c.Message && len(d.PatchsetLevel) == 0 {
				twins = append(twins, d)
			}
		}
		if len(twins) == 1 || len(c.PatchsetLevel)%len(twins) != 0 {
			continue
		}
		all := c.PatchsetLevel
		c.PatchsetLevel = nil
		for k, t := range all {
			d := twins[k%len(twins)]
			d.PatchsetLevel = append(d.PatchsetLevel, t)
		}
	}
}

// get reads one JSON answer. No error holds the password or the body.
func (c *Client) get(ctx context.Context, path string, into any) error {
	prefix := ""
	if c.o.HTTPUser != "" {
		prefix = "/a"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.o.HTTPURL+prefix+path, nil)
	if err != nil {
		return fmt.Errorf("gerrit rest %s: %w", path, withoutURL(err))
	}
	req.Header.Set("Accept", "application/json")
	if c.o.HTTPUser != "" {
		req.SetBasicAuth(c.o.HTTPUser, c.o.HTTPPassword)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("gerrit rest %s: %w", path, withoutURL(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("gerrit rest %s: %w", path, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("gerrit rest %s: %s", path, resp.Status)
	case len(body) > maxAnswer:
		return fmt.Errorf("gerrit rest %s: the answer is over %d bytes", path, maxAnswer)
	}
	// Gerrit's guard against being read as a script.
	body = bytes.TrimPrefix(body, []byte(")]}'"))
	if err := lenient(json.Unmarshal(body, into)); err != nil {
		return fmt.Errorf("gerrit rest %s: %w", path, err)
	}
	return nil
}

// withoutURL leaves the address out of an HTTP error: a proxy's may hold a
// password.
func withoutURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(ue.Op), ue.Err)
	}
	return err
}
