package joblog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Local are logs on this machine, for a person with a failed log in hand.
type Local struct {
	root *os.Root // keeps links from leading out of the folder
	max  limits
	list Listing
}

// OpenDir lists a folder's regular files, those in folders below it too.
// Symbolic links that lead out of it are left out.
func OpenDir(dir string, o Options) (*Local, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("joblog: %w", err)
	}
	l := newLocal(root, o, HowFolder)
	maxFiles := New(o).o.MaxFiles
	err = fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			l.list.Short = err.Error()
			return nil
		case len(l.list.Files) >= maxFiles:
			l.list.Short = tooMany(maxFiles)
			return fs.SkipAll
		}
		l.add(name)
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("joblog: %w", err), root.Close())
	}
	return l, nil
}

// OpenFile is a folder that holds the one file at path.
func OpenFile(path string, o Options) (*Local, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("joblog: %w", err)
	}
	l := newLocal(root, o, HowFile)
	info, err := root.Stat(filepath.Base(path))
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("joblog: %w", err), root.Close())
	}
	l.list.Files = []FileInfo{{Name: filepath.Base(path), Size: info.Size()}}
	return l, nil
}

func newLocal(root *os.Root, o Options, how How) *Local {
	o = New(o).o
	return &Local{root: root, list: Listing{How: how},
		max: limits{fetched: o.MaxFetched, unpacked: o.MaxUnpacked, total: newBudget(o.MaxTotal)}}
}

func (l *Local) add(name string) {
	if info, err := l.root.Stat(filepath.FromSlash(name)); err == nil && info.Mode().IsRegular() {
		l.list.Files = append(l.list.Files, FileInfo{Name: name, Size: info.Size()})
	}
}

// Listing is what was found.
func (l *Local) Listing() Listing { return l.list }

// Close gives the folder back.
func (l *Local) Close() error { return l.root.Close() }

// Open gives a listed file as plain text, as Source.Open does.
func (l *Local) Open(_ context.Context, f FileInfo) (io.ReadCloser, error) {
	file, err := l.root.Open(filepath.FromSlash(f.Name))
	if err != nil {
		return nil, fmt.Errorf("joblog: %w", err)
	}
	why := fmt.Sprintf("over %d bytes unpacked", l.max.unpacked)
	opened := &localFile{file: file, name: f.Name, part: f.part, bound: bound{left: l.max.unpacked, why: why, total: l.max.total}}
	if err := opened.begin(); err != nil {
		file.Close()
		return nil, opened.explain(err)
	}
	return opened, nil
}

// localFile is an open file, unpacked and bounded.
type localFile struct {
	file      *os.File
	name      string
	bound     bound
	plain     bool    // its bytes are the text, and can be mapped
	part      *part   // nil: all of it
	from      int64   // where its text begins
	size      int64   // and ends, as it was when it was opened
	low, high uintptr // where the piece was that was mapped last
}

// begin looks at what the file is.
func (l *localFile) begin() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	var head [4]byte
	n, err := l.file.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	l.size = info.Size()
	if packed(head[:n]) || byteOrder(head[:n]) != nil || bytes.HasPrefix(head[:n], []byte{0, 0, 0xfe, 0xff}) {
		l.bound.r, err = unpack(l.file, nil)
		return err
	}
	l.bound.r, l.plain = l.file, canMap && l.size > 0
	if l.part != nil {
		l.from, l.size = l.part.from, l.part.to
		l.bound.r = io.NewSectionReader(l.file, l.from, l.size-l.from)
	}
	return nil
}

func (l *localFile) Read(p []byte) (int, error) {
	n, err := l.bound.Read(p)
	if err != io.EOF {
		err = l.explain(err)
	}
	return n, err
}

// explain says of which file an error is.
func (l *localFile) explain(err error) error {
	if err == nil {
		return nil
	}
	return &IncompleteError{URL: l.name, Why: err.Error(), Again: err == errShrunk, Err: err}
}

// Close gives the file back.
func (l *localFile) Close() error { return l.file.Close() }
