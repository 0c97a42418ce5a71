// Command flyball scales Docker Compose services by policies that are code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name time zones, and an image made FROM scratch has no database of them

	_ "golang.org/x/crypto/x509roots/fallback" // nor has it authorities to trust; those of the system come first, where there are any
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks, a second one kills
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
