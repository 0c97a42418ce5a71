package main

import (
	"io"

	"github.com/flyball-dev/flyball/engine/backtest"
)

// page writes the report as one HTML page.
func page(out io.Writer, said told, r backtest.Result) error {
	return nil
}
