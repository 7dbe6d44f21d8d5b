//go:build !linux

package store

import "errors"

func mount(string, string, bool) error { return errors.New("only Linux has a tmpfs") }

func unmount(string) error { return nil }
