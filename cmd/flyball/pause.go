package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newPause(f *flags) *cobra.Command {
	var length time.Duration
	var until, reason string
	cmd := &cobra.Command{
		Use:   "pause [SERVICE] --reason TEXT [--for DURATION | --until TIME]",
		Short: "Have nothing begun for a while, of a service or of all",
		Long: `Have policies begin nothing, neither up nor down, and not put back what somebody took away. Without SERVICE that goes
for all services. Decisions go on being recorded, a change under way is finished, and flyball scale still works.

Give an end: the pause is over by itself then, where one without lasts until somebody thinks of flyball resume. It survives a
restart of the daemon. --for counts on when somebody sets the clock; --until is over when the clock says so. A service that is
paused, while all are, is paused until both have ended. A new pause takes the place of the one that the service had.`,
		Example: `  flyball pause --for 2h --reason "Docker is updated"
  flyball pause backend --until 2026-11-28T06:00:00+01:00 --reason "load test"`,
		Args: takes(0, 1, "one service at most", `flyball pause backend --for 2h --reason "load test"`),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := api.PauseAsk{Reason: reason, Actor: actor(), Seconds: length.Seconds()}
			usage := func(format string, args ...any) error { return coded{exitUsage, fmt.Errorf(format, args...)} }
			switch {
			case strings.TrimSpace(reason) == "":
				return usage("--reason is missing; say why, for whoever finds it paused")
			case cmd.Flags().Changed("for") && until != "":
				return usage("--for and --until are both given; one of them says when the pause ends")
			case cmd.Flags().Changed("for") && length <= 0:
				return usage("--for is %s; allowed is a length of time above 0, such as 90m", length)
			case until != "":
				var err error
				if ask.Until, err = time.Parse(time.RFC3339, until); err != nil {
					return usage("--until is %q; allowed is a time in RFC 3339, such as %s", until, time.Now().Add(time.Hour).Format(time.RFC3339))
				}
			}
			if len(args) > 0 {
				ask.Service = args[0]
			}
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			paused, err := flyball.Pause(cmd.Context(), ask)
			if err != nil {
				return refused(byFlag(err, ask, length))
			}
			fmt.Fprintln(cmd.ErrOrStderr(), pauseText(paused))
			wrote(cmd, flyball, "the pause")
			return nil
		},
	}
	lengthVar(cmd.Flags(), &length, "for", 0, "how long, such as 90m, 24h or 7d")
	cmd.Flags().StringVar(&until, "until", "", "when it ends, in RFC 3339")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever finds it paused")
	f.reachFlags(cmd)
	return cmd
}

func newResume(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resume [SERVICE]",
		Short: "End a pause",
		Long: `End the pause of a service, or without SERVICE the one of all services. The pauses of single services, and the one of all
when a single one is resumed, hold on.`,
		Example: `  flyball resume backend`,
		Args:    takes(0, 1, "one service at most", "flyball resume backend"),
		RunE: func(cmd *cobra.Command, args []string) error {
			service := ""
			if len(args) > 0 {
				service = args[0]
			}
			flyball, err := f.openToWrite(cmd)
			if err != nil {
				return err
			}
			resumed, err := flyball.Resume(cmd.Context(), service, actor())
			if err != nil {
				return refused(err)
			}
			fmt.Fprintln(cmd.ErrOrStderr(), resumedText(service, resumed))
			if resumed.Ended != nil {
				wrote(cmd, flyball, "that")
			}
			return nil
		},
	}
	f.reachFlags(cmd)
	return cmd
}

// byFlag names in a refusal the flag that was given, where it names the field of the API.
func byFlag(err error, ask api.PauseAsk, length time.Duration) error {
	refusal := api.Refusal{}
	if !errors.As(err, &refusal) {
		return err
	}
	for field, flag := range map[string]string{
		fmt.Sprintf("seconds is %g;", ask.Seconds): fmt.Sprintf("--for is %s;", length),
		"until is ":   "--until is ",
		"reason has ": "--reason has ",
	} {
		if rest, found := strings.CutPrefix(refusal.Detail, field); found {
			refusal.Detail = flag + rest
			return refusal
		}
	}
	return err
}

func pauseText(p api.Paused) string {
	text := whose(p.Pause.Service) + " paused"
	again := strings.TrimSpace("flyball resume " + p.Pause.Service)
	if at := p.Pause.Until; at != nil {
		text += fmt.Sprintf(" until %s, for %s; %s ends it sooner", at.Local().Format(time.DateTime), span(seconds(p.Pause.Seconds)), again)
	} else {
		text += " without an end: until " + again
	}
	if p.Before != nil {
		text += "\nin the place of the pause " + pauseLine(*p.Before)
	}
	return text
}

func resumedText(service string, r api.Resumed) string {
	lines := []string{whose(service) + " resumed"}
	switch {
	case r.Ended == nil && service == "":
		lines[0] = "there is no pause of all services"
	case r.Ended == nil:
		lines[0] = service + " has no pause of its own"
	}
	for _, p := range r.Still {
		lines = append(lines, fmt.Sprintf("%s still paused %s", whose(p.Service), pauseLine(p)))
	}
	return strings.Join(lines, "\n")
}

func whose(service string) string {
	if service == "" {
		return "all services are"
	}
	return service + " is"
}

// pauseLine says who, how long and why.
func pauseLine(p api.Pause) string {
	left := "until resumed"
	if p.Until != nil {
		left = span(seconds(p.Seconds)) + " left"
	}
	return fmt.Sprintf("by %s, %s: %s", p.Actor, left, p.Reason)
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// span is a length of time as people read it.
func span(d time.Duration) string { return engine.FormatLength(d) }
