package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/flyball-dev/flyball/engine/app"
)

// watch runs the tests again whenever a file changes, until ctx ends. What can't be read now may be there again soon.
func (t testRun) watch(ctx context.Context, out, errs io.Writer) {
	again := false
	app.Follow(ctx, t.path, func() {
		switch {
		case terminal(out):
			fmt.Fprint(out, "\x1b[H\x1b[2J")
		case again:
			fmt.Fprintln(out)
		}
		again = true
		said, err := t.run(ctx, out)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !errors.Is(err, no):
			said = err.Error()
		}
		fmt.Fprintf(errs, "%s %s\n", time.Now().Format(time.TimeOnly), said)
	})
}

// terminal says whether somebody looks at what is written.
func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
