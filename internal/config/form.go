package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"time"
	"unicode"

	"github.com/recheckbot/recheckbot/internal/cicomment"
)

// checkLeaf checks a value against its field's enum, bounds and form.
func checkLeaf(v reflect.Value, tag reflect.StructTag) error {
	if words := tag.Get("enum"); words != "" && !slices.Contains(strings.Split(words, "|"), v.String()) {
		return fmt.Errorf("%q is none of %s", v.String(), strings.ReplaceAll(words, "|", ", "))
	}
	if err := checkBounds(v, tag); err != nil {
		return err
	}
	if v.Kind() == reflect.String {
		return form(tag.Get("form"), v.String())
	}
	return nil
}

// checkBounds reads the bounds with the value's own type.
func checkBounds(v reflect.Value, tag reflect.StructTag) error {
	for _, name := range []string{"min", "max"} {
		text, has := tag.Lookup(name)
		if !has {
			continue
		}
		bound := reflect.New(v.Type()).Elem()
		if err := setLeaf(bound, fromDefault(bound, text)); err != nil {
			return err
		}
		if name == "min" && number(v) < number(bound) {
			return fmt.Errorf("must be at least %s", text)
		}
		if name == "max" && number(v) > number(bound) {
			return fmt.Errorf("must be at most %s", text)
		}
	}
	return nil
}

// number is the count behind a whole number, a size or a duration.
func number(v reflect.Value) int64 {
	if d, ok := v.Interface().(Duration); ok {
		return int64(d.Duration / time.Nanosecond)
	}
	return v.Int()
}

// phraseKinds are the kinds of comments that phrases can be given for: those of
// a CI that are told by words.
func phraseKinds() []string {
	var kinds []string
	for _, k := range cicomment.Kinds() {
		if k != cicomment.KindRecheck && k != cicomment.KindOther {
			kinds = append(kinds, string(k))
		}
	}
	return kinds
}

// form checks a text against a named form.
func form(name, s string) error {
	switch name {
	case "url":
		return formURL(s)
	case "bug-url":
		return formBugURL(s)
	case "addr":
		return formAddr(s)
	case "listen":
		return formListen(s)
	case "template":
		return formTemplate(s)
	case "phrases":
		if !slices.Contains(phraseKinds(), s) {
			return fmt.Errorf("is none of %s", strings.Join(phraseKinds(), ", "))
		}
		return nil
	}
	pattern, why := formPattern(name)
	if !regexp.MustCompile(pattern).MatchString(s) {
		return fmt.Errorf("%q %s", s, why)
	}
	return nil
}

// formPattern has the forms that one expression can check.
func formPattern(name string) (pattern, why string) {
	switch name {
	case "name":
		return `^[\pL\pN][\pL\pN._+-]*$`, "is no name: letters, digits and . _ + - only"
	case "host":
		return `^(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`,
			`is no host: "logs.example.org", "*.example.org" or an address, with ":port" if wanted, without scheme and path`
	case "hostkey":
		return `^SHA256:[A-Za-z0-9+/]{43}=?$`, `is no host key: "SHA256:" and 43 characters, as "ssh-keygen -lf" shows it`
	case "channel":
		return `^[#&+!][^\s,\x00-\x1f\x7f]{1,63}$`, `is no channel, such as "#example"`
	case "nick":
		return `^[^\s:#&@!,\x00-\x1f\x7f]{1,64}$`, "cannot be sent as an IRC name"
	case "env":
		return `^[A-Za-z_][A-Za-z0-9_]*$`, "is no name of an environment variable"
	case "line":
		return `^[\x20-\x7e]{0,200}$`, "must be one line of plain ASCII, at most 200 characters"
	default:
		return ``, ""
	}
}

// formURL wants an absolute http(s) address. A password in it would get into
// logs, so its messages do not show the text.
func formURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New(`is no address such as "https://example.org/path"`)
	}
	if u.User != nil {
		return errors.New("must not hold a user or a password")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must not hold ? or #")
	}
	return nil
}

// bugRef is the placeholder in a tracker's url.
const bugRef = "{ref}"

func formBugURL(s string) error {
	if !strings.Contains(s, bugRef) {
		return fmt.Errorf("has no %s", bugRef)
	}
	u, err := url.Parse(strings.ReplaceAll(s, bugRef, "1"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return errors.New(`is no address such as "https://bugs.example.org/` + bugRef + `"`)
	}
	return nil
}

// formAddr wants host or host:port.
func formAddr(s string) error {
	host, port := splitAddr(s)
	n, err := strconv.ParseUint(cmp.Or(port, "1"), 10, 16)
	if host == "" || err != nil || n == 0 || strings.ContainsFunc(host, badInHost) {
		return fmt.Errorf("%q is neither host nor host:port", s)
	}
	return nil
}

// formListen wants an address to listen at: host:port, ":port" for all.
func formListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || strings.ContainsFunc(host, badInHost) {
		return fmt.Errorf("%q is no address to listen at, such as 127.0.0.1:9180", s)
	}
	return nil
}

func badInHost(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("/@?#", c) }

// splitAddr splits host:port; port is "" when there is none.
func splitAddr(s string) (host, port string) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return strings.Trim(s, "[]"), ""
	}
	if port == "" {
		return "", "" // "host:" is a mistake, not a default
	}
	return host, port
}

// formTemplate checks syntax alone: data and functions are the composer's.
func formTemplate(s string) error {
	t := parse.New("template")
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(s, "", "", map[string]*parse.Tree{})
	return err
}
