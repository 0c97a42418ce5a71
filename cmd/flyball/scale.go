package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newScale(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scale SERVICE REPLICAS",
		Short: "Scale a service by hand",
		Long: `Ask the daemon for a number of replicas. The policy's bounds, the budget and a change under way hold; --force goes
beyond the bounds and the budget. A replica whose drain fails stays, with --force too: mend the drain, or take it out of the
policy. Cooldowns and the back-off do not hold, and the cooldowns start anew: until they end the policy leaves the service
alone, unless it is under its minimum. The service needs a policy that is enabled and live; autoscaling may be off, or paused:
both bind the policies, and not the people who know why.`,
		Example: `  flyball scale backend 3`,
		Args:    takes(2, 2, "a service and a number of replicas", "flyball scale web 4"),
	}
	f.askFlags(cmd, func(ctx context.Context, flyball api.Flyball, args []string, ask api.Ask) (api.Begun, error) {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return api.Begun{}, coded{exitUsage, fmt.Errorf("REPLICAS is %q; allowed is a whole number from 1 to %d", args[1], engine.MostReplicas)}
		}
		ask.Replicas = n
		return flyball.Scale(ctx, args[0], ask)
	})
	return cmd
}

func newRollback(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollback SERVICE",
		Short: "Take a service back to the replicas it had before the last change",
		Long: `Ask the daemon for as many replicas as there were before the last event that changed their number. It is an event
itself: a second rollback undoes the first. The limits are those of flyball scale.`,
		Example: `  flyball rollback backend`,
		Args:    takes(1, 1, "a service", "flyball rollback web"),
	}
	f.askFlags(cmd, func(ctx context.Context, flyball api.Flyball, args []string, ask api.Ask) (api.Begun, error) {
		return flyball.Rollback(ctx, args[0], ask)
	})
	return cmd
}

// askFlags makes a verb of something that a person asks for: ask it, say what was decided, wait for the end.
func (f *flags) askFlags(cmd *cobra.Command, do func(context.Context, api.Flyball, []string, api.Ask) (api.Begun, error)) {
	force := cmd.Flags().Bool("force", false, "beyond the bounds of the policy and the budget")
	noWait := cmd.Flags().Bool("no-wait", false, "return once it has begun")
	f.reachFlags(cmd)
	f.outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		flyball, err := f.openDaemon(cmd)
		if err != nil {
			return err
		}
		begun, err := do(cmd.Context(), flyball, args, api.Ask{Force: *force, Actor: actor()})
		if err != nil {
			return refused(err)
		}
		service, d := args[0], begun.Decision
		if begun.Event == nil {
			if f.output == "json" {
				err = printJSON(cmd.OutOrStdout(), begun)
			}
			return errors.Join(err, held(cmd, service, d))
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d → %d%s\n", service, d.From, d.To, cut(d))
		event := *begun.Event
		if !*noWait {
			if event, err = end(cmd.Context(), flyball, event); err != nil {
				return unreachable(err)
			}
		}
		return errors.Join(printEnd(cmd, f.output, api.Begun{Decision: d, Event: &event}), failed(event))
	}
}

// refused gives what the daemon refused its exit code.
func refused(err error) error {
	var c coded
	if refusal := (api.Refusal{}); errors.As(err, &refusal) && refusal.Status < 500 {
		return coded{exitNo, err}
	}
	if errors.As(err, &c) {
		return err
	}
	return unreachable(err)
}

// held says why nothing is done: because it is so already, or because something is in the way.
func held(cmd *cobra.Command, service string, d engine.Decision) error {
	if d.Reason == "Requested" || d.Reason == "Rollback" {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s has %s already\n", service, count(d.From, "replica", "replicas"))
		return nil
	}
	if d.Reason == "RolloutInProgress" {
		return coded{exitNo, fmt.Errorf("%s is being changed, and nothing else is begun: %s", service, because(d))}
	}
	return coded{exitNo, fmt.Errorf("%s stays at %d: %s", service, d.From, because(d))}
}

// cut says why it is not what was asked for.
func cut(d engine.Decision) string {
	if d.Reason == "Requested" || d.Reason == "Rollback" {
		return ""
	}
	return " (" + because(d) + ")"
}

func because(d engine.Decision) string {
	text := d.Reason + ": " + d.Message
	switch d.Reason {
	case "AtMaximum", "AtMinimum", "BelowMinimum", "AboveMaximum", "BudgetExhausted", "BudgetUnknown":
		text += "; --force goes beyond"
	}
	return text
}

// end waits until an event has ended. It goes on in the daemon when nobody waits.
func end(ctx context.Context, flyball api.Flyball, e engine.Event) (engine.Event, error) {
	const newest = 20
	for {
		events, err := flyball.History(ctx, e.Service, newest)
		if err != nil {
			return e, fmt.Errorf("%w; whether %s has ended is not known: see flyball history", err, e.ID)
		}
		for _, seen := range events {
			if seen.ID == e.ID && seen.Result != "" {
				return seen, nil
			}
		}
		select {
		case <-ctx.Done():
			return e, fmt.Errorf("not waited for: the daemon goes on with %s", e.ID)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func printEnd(cmd *cobra.Command, output string, b api.Begun) error {
	switch e := b.Event; {
	case output == "json":
		return printJSON(cmd.OutOrStdout(), b)
	case e.Result == "":
		fmt.Fprintf(cmd.OutOrStdout(), "%s: begun as %s\n", e.Service, e.ID)
	default:
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s with %s after %s\n", e.Service, e.Result, count(e.Reached, "replica", "replicas"), e.Ended.Sub(e.Started).Round(10*time.Millisecond))
	}
	return nil
}

// failed is the error of an event that did not do what it was to.
func failed(e engine.Event) error {
	if e.Result == "" || e.Result == engine.Succeeded {
		return nil
	}
	text := e.Error
	if e.Log != "" {
		text += "\n" + e.Log
	}
	return coded{exitNo, errors.New(text)}
}
