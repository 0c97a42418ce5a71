package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/spf13/pflag"
)

// lengthVar adds a flag that takes a length of time, in days too.
func lengthVar(fs *pflag.FlagSet, to *time.Duration, name string, otherwise time.Duration, usage string) {
	*to = otherwise
	fs.Var((*lengthFlag)(to), name, usage)
}

// lengthFlag is the value of such a flag.
type lengthFlag time.Duration

var _ pflag.Value = (*lengthFlag)(nil)

func (l *lengthFlag) Set(text string) error {
	long, err := engine.ParseLength(text)
	*l = lengthFlag(long)
	return err
}

func (l *lengthFlag) String() string {
	d := time.Duration(*l)
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", days)
	}
	return d.String()
}

func (l *lengthFlag) Type() string { return "duration" }

// flagError words what is wrong with the value of a flag as this program words it elsewhere.
func flagError(err error) error {
	wrong := (*pflag.InvalidValueError)(nil)
	if !errors.As(err, &wrong) {
		return err
	}
	if _, is := wrong.GetFlag().Value.(*lengthFlag); !is {
		return err
	}
	return fmt.Errorf("--%s is %q; %w", wrong.GetFlag().Name, wrong.GetValue(), errors.Unwrap(wrong))
}
