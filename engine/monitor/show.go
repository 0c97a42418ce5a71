package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine/api"
)

// Options say who watches, and where.
type Options struct {
	Daemon Daemon
	Actor  string // who is on record for what is asked for; over the Unix socket alone
	In     io.Reader
	Out    io.Writer
	Colors bool
}

// newest asks for what is yet to come.
const newest = -1

// Show fills the terminal until somebody quits, or ctx ends. The error says why the daemon does not let one listen.
func Show(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	screen := New(ctx, o, time.Now(), time.Local)
	program := tea.NewProgram(screen, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler())
	listened := make(chan struct{})
	go func() {
		defer close(listened)
		listen(ctx, o.Daemon, program.Send)
	}()
	_, err := program.Run()
	stop()
	<-listened
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic) {
		err = nil // told to stop
	}
	return errors.Join(err, screen.ended)
}

// New is the screen as it is before anything was heard.
func New(ctx context.Context, o Options, now time.Time, zone *time.Location) *Screen {
	return &Screen{desk: desk{ctx, o.Daemon, o.Actor}, paint: paint{o.Colors}, now: now, zone: zone}
}

// listen sends what happens on, all of a moment together: a thousand services that are evaluated at once are one picture.
func listen(ctx context.Context, d Daemon, send func(tea.Msg)) {
	const moment = 50 * time.Millisecond
	told := make(chan api.Happening, 256)
	ended := make(chan error, 1)
	go func() {
		defer close(told)
		ended <- d.Listen(ctx, newest, func(h api.Happening) {
			select {
			case told <- h:
			case <-ctx.Done():
			}
		})
	}()
	for first := range told {
		all, late := heard{first}, time.After(moment)
		for more := true; more; {
			select {
			case h, open := <-told:
				if more = open; open {
					all = append(all, h)
				}
			case <-late:
				more = false
			}
		}
		send(all)
	}
	if err := <-ended; ctx.Err() == nil {
		send(parted{err})
	}
}

// Tell writes a line for each thing that happens, until ctx ends or nobody reads on. The error says why the daemon does not let
// one listen, or why nothing can be written.
func Tell(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lines := Lines{Zone: time.Local}
	err := o.Daemon.Listen(ctx, newest, func(h api.Happening) {
		for _, line := range lines.Of(h, time.Now()) {
			if _, err := fmt.Fprintln(o.Out, line); err != nil {
				stop(err)
				return
			}
		}
	})
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return nil // told to stop
	}
	return errors.Join(context.Cause(ctx), err)
}
