// Package config reads the program's TOML file: defaults, strict reading,
// validation, secrets. All that is wrong with a file is told at once, each
// problem with its row and column. Only bot and cli may import it; everyone
// else takes plain options. It may read the file and the secrets that it names
// and nothing else: it opens no connection and checks no other file.
//
// The schema is config.go alone: what a key is called, its default and its
// bounds are struct tags there, and everything else (reading, messages, the
// test of config.example.toml) follows them.
//
//	toml:"name"      the key
//	default:"v"      taken when the key is absent; lists are split at " "
//	need:"yes"       the key must be there (and not be empty)
//	min:"v" max:"v"  bounds of a number, duration or size, inclusive
//	enum:"a|b"       the words allowed
//	form:"f"         a check of form.go
//	path:"yes"       a path: "~/" is the home folder, relative means to the config file
package config
