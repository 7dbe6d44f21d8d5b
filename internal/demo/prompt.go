package demo

import (
	"bufio"
	"context"
	"io"
	"os"

	"golang.org/x/term"
)

// prompt is where a person types, and where the story is told so that it does
// not run through what is being typed.
type prompt struct {
	lines chan string
	out   io.Writer
	close func() error
}

// openPrompt reads lines until ctx ends. On a terminal they can be edited, and
// its end (Ctrl-C, Ctrl-D) is the line "quit"; the end of anything else only
// means that nobody types any more.
func openPrompt(ctx context.Context, in io.Reader, out io.Writer) (*prompt, error) {
	p := &prompt{lines: make(chan string), out: out, close: func() error { return nil }}
	keys, ok := in.(*os.File)
	screen, onScreen := out.(*os.File)
	if ok && onScreen && term.IsTerminal(int(keys.Fd())) && term.IsTerminal(int(screen.Fd())) {
		return p, p.edit(ctx, keys, screen)
	}
	if in != nil {
		go p.scan(ctx, in)
	}
	return p, nil
}

// edit takes over the terminal until close.
func (p *prompt) edit(ctx context.Context, keys, screen *os.File) error {
	old, err := term.MakeRaw(int(keys.Fd()))
	if err != nil {
		return err
	}
	p.close = func() error { return term.Restore(int(keys.Fd()), old) }
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{keys, screen}, "> ")
	if width, height, err := term.GetSize(int(screen.Fd())); err == nil {
		_ = t.SetSize(width, height) // it is only the look of long lines
	}
	p.out = t
	go func() {
		for {
			line, err := t.ReadLine()
			if err != nil {
				line = "quit"
			}
			if !p.give(ctx, line) || err != nil {
				return
			}
		}
	}()
	return nil
}

// scan reads lines from what is no terminal.
func (p *prompt) scan(ctx context.Context, in io.Reader) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if !p.give(ctx, lines.Text()) {
			return
		}
	}
}

func (p *prompt) give(ctx context.Context, line string) bool {
	select {
	case p.lines <- line:
		return true
	case <-ctx.Done():
		return false
	}
}
