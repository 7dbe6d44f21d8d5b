package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// build builds the bot.
func build(ctx context.Context, to string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", to, ".").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the bot: %w\n%s", err, out)
	}
	return nil
}

// logFile is where the bot's log goes, in the world's folder; every life is
// appended to it.
const logFile = "bot.log"

// life is one life of the bot.
type life interface {
	ended() (bool, error)
	kill()
	stop() error
}

// child is a life as a process of its own.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // after done
}

// launch starts the bot; env is added to its environment.
func (a *arena) launch(env ...string) (*child, error) {
	log, err := os.OpenFile(filepath.Join(a.Dir, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := &child{cmd: exec.Command(a.o.binary, "run", "-v"), done: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = a.Dir, append(os.Environ(), env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the bot: %w", err)
	}
	go func() {
		defer close(c.done)
		c.err = c.cmd.Wait()
	}()
	a.life = c
	a.born++
	return c, nil
}

// kill ends the bot at once, as the kernel does when memory is short.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended by itself, which done tells
	<-c.done
}

// ended reports whether the bot has ended, and how.
func (c *child) ended() (bool, error) {
	select {
	case <-c.done:
		return true, c.err
	default:
		return false, nil
	}
}

// stopWithin is how long a bot may take to stop.
const stopWithin = 3 * time.Minute

// stop asks the bot to stop, and kills it if it does not.
func (c *child) stop() error {
	if ended, err := c.ended(); ended {
		return fmt.Errorf("the bot ended by itself: %v", err)
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	select {
	case <-c.done:
		if c.err != nil {
			return fmt.Errorf("the bot stopped badly: %w", c.err)
		}
		return nil
	case <-late.C:
		c.kill()
		return errors.New("the bot did not stop")
	}
}

// stop asks the bot to stop. One that a slow machine keeps from it longer than its
// own few seconds says so and ends; that costs nothing, as the next start shows,
// and is no failure of a row.
func (a *arena) stop() error {
	before := a.soFar()
	err := a.life.stop()
	if err == nil {
		return nil
	}
	log, lerr := a.loggedAfter(before)
	for _, slow := range []string{": hangs", "these steps do not end"} {
		if strings.Contains(log+err.Error(), slow) {
			a.note("stopped late")
			return nil
		}
	}
	return errors.Join(err, lerr)
}

// soFar is the place in the bot's log at which it ends now.
func (a *arena) soFar() int64 {
	st, err := os.Stat(filepath.Join(a.Dir, logFile))
	if err != nil {
		return 0 // there is none yet
	}
	return st.Size()
}

// loggedAfter is the bot's log after a place, of all its lives; at most its last
// 64 MiB.
func (a *arena) loggedAfter(place int64) (string, error) {
	f, err := os.Open(filepath.Join(a.Dir, logFile))
	if err != nil {
		return "", err
	}
	defer f.Close()
	const most = 64 << 20
	if st, err := f.Stat(); err == nil {
		place = max(place, st.Size()-most)
	}
	if _, err := f.Seek(place, io.SeekStart); err != nil {
		return "", err
	}
	b, err := io.ReadAll(f)
	return string(b), err
}
