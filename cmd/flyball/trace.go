package main

import (
	"time"

	"github.com/spf13/pflag"
)

// traceFlags adds the flags that say what the trace is, and what the world is like in which policies are run on it.
func (b *backtestFlags) traceFlags(fs *pflag.FlagSet) {
	fs.StringVar(&b.trace, "trace", "", "CSV file of the demand")
	fs.StringVar(&b.column, "column", "", "column of the demand (default: the second)")
	fs.StringVar(&b.unit, "unit", "", "unit of the demand: rpm, rps, count or percent (default: by the column's name, else rpm)")
	fs.Float64Var(&b.scale, "scale", 1, "multiply the demand")
	fs.Float64Var(&b.capacity, "capacity", 0, "requests a minute that one replica can do")
	lengthVar(fs, &b.startDelay, "start-delay", 30*time.Second, "from the order of a replica until it serves")
	fs.Float64Var(&b.noise, "noise", 0, "standard deviation of what is measured, in percent of it")
	fs.StringArrayVar(&b.faults, "fault", nil, "metrics@1h+10m, start@1h+10m or crash@1h: what goes wrong, when and for how long")
	fs.StringArrayVar(&b.constants, "metric", nil, "NAME=VALUE: what a metric reads that is not simulated")
	fs.Uint64Var(&b.seed, "seed", 1, "of noise")
}
