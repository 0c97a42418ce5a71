package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/spf13/cobra"
)

func newPush(f *flags) *cobra.Command {
	var replica string
	cmd := &cobra.Command{
		Use:   "push SERVICE METRIC=VALUE...",
		Short: "Give the daemon values for metrics of a push source",
		Long: `Give the daemon values of now for metrics whose source is of type push. An application does the same by
POST /api/autoscaling/metrics/SERVICE with {"metrics": {"METRIC": VALUE}} on the daemon's socket.`,
		Example: `  flyball push backend queue_length=12`,
		Args:    takes(2, endless, "a service and values of metrics", "flyball push backend jobs=12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var samples []api.Pushed
			for _, arg := range args[1:] {
				metric, text, found := strings.Cut(arg, "=")
				value, err := strconv.ParseFloat(text, 64)
				if !found || metric == "" || err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
					return coded{exitUsage, fmt.Errorf("%q is not METRIC=VALUE with a finite number, such as queue_length=12", arg)}
				}
				samples = append(samples, api.Pushed{Metric: metric, Value: &value, Replica: replica})
			}
			flyball, err := f.openDaemon(cmd)
			if err != nil {
				return err
			}
			if err := flyball.Push(cmd.Context(), args[0], samples); err != nil {
				return refused(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&replica, "replica", "", "name or id of the replica whose value it is (default: the service as a whole)")
	f.reachFlags(cmd)
	return cmd
}
