package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/joho/godotenv"
	"github.com/spf13/cobra"
)

var (
	defaultPolicies = filepath.Join("config", "autoscaling")
	defaultEnvFile  = filepath.Join("config", "autoscaling", ".env.autoscaling")
)

// settings joins flags, environment and env file, in that order of weight.
func (f *flags) settings(cmd *cobra.Command) (app.Options, error) {
	env, err := f.environment(cmd.Flags().Changed("env-file"), cmd.ErrOrStderr())
	if err != nil {
		return app.Options{}, err
	}
	o := app.Options{
		Policies: f.policies, Read: reader(), Store: f.store, Socket: f.socket, Version: version(), Actor: actor(),
		DockerHost: f.dockerHost, ComposeProject: env("COMPOSE_PROJECT_NAME"), Env: env, Webhook: env("SCALING_WEBHOOK_URL"),
	}
	var errs []error
	o.Remote, err = f.remoteOf(env)
	errs = append(errs, err)
	o.Enabled, err = boolOf(env, "AUTOSCALING_ENABLED")
	errs = append(errs, err)
	o.DryRun, err = boolOf(env, "AUTOSCALING_DRY_RUN")
	errs = append(errs, err)
	if env("SCALING_NOTIFICATIONS_ENABLED") != "" {
		on, err := boolOf(env, "SCALING_NOTIFICATIONS_ENABLED")
		o.Silent, errs = !on, append(errs, err)
	}
	if !strings.HasPrefix(o.Webhook, "https://") && !strings.HasPrefix(o.Webhook, "http://") && o.Webhook != "" {
		errs = append(errs, errors.New("SCALING_WEBHOOK_URL does not begin with https:// or http://")) // it may be a secret
	}
	if n, given, err := intOf(env, "MAX_TOTAL_REPLICAS", 1); err != nil || given {
		o.MaxReplicas, errs = n, append(errs, err)
	}
	if n, given, err := intOf(env, "MIN_AVAILABLE_MEMORY_MB", 0); err != nil || given {
		o.MinMemoryMB, errs = &n, append(errs, err)
	}
	listen := "--listen"
	if o.Listen = f.listen; o.Listen == "" {
		listen, o.Listen = "AUTOSCALING_LISTEN", env("AUTOSCALING_LISTEN")
	}
	if o.Listen != "" && !app.Listens(o.Listen) {
		errs = append(errs, fmt.Errorf("%s is %q; allowed is an address such as 127.0.0.1:5001 or :5001, or none", listen, o.Listen))
	}
	level := new(slog.LevelVar)
	format := new(app.Format)
	o.Log = app.NewLog(cmd.ErrOrStderr(), level, format)
	if text := env("AUTOSCALING_LOG_LEVEL"); text == "" {
		o.Level = level
	} else if level.UnmarshalText([]byte(text)) != nil {
		errs = append(errs, fmt.Errorf("AUTOSCALING_LOG_LEVEL is %q; allowed is debug, info, warn or error", text))
	}
	errs = append(errs, f.formatOf(&o, format, env("AUTOSCALING_LOG_FORMAT")))
	if err := errors.Join(errs...); err != nil {
		return o, coded{exitUsage, err}
	}
	return o, nil
}

// remoteOf is the daemon elsewhere that is to be asked. A socket or a store that is named wins over AUTOSCALING_URL.
func (f *flags) remoteOf(env func(string) string) (api.Remote, error) {
	r := f.remote
	if r.URL == "" && f.socket == "" && f.store == "" {
		r.URL = env("AUTOSCALING_URL")
	}
	if r.Token = env("AUTOSCALING_TOKEN"); f.tokenFile != "" {
		text, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return r, fmt.Errorf("read the token: %w", err)
		}
		r.Token = strings.TrimSpace(string(text))
	}
	return r, nil
}

// bare says that a token would go over the network as it is.
func bare(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	at, err := netip.ParseAddr(u.Hostname())
	return err != nil || !at.IsLoopback()
}

// formatOf sets how log lines are written, where that is said outside; else the author's config may.
func (f *flags) formatOf(o *app.Options, format *app.Format, fromEnv string) error {
	name, from := f.logFormat, "--log-format"
	if name == "" {
		name, from = fromEnv, "AUTOSCALING_LOG_FORMAT"
	}
	if name == "" {
		o.Form = format
		return nil
	}
	if format.Set(name) != nil {
		return fmt.Errorf("%s is %q; allowed is %s", from, name, join(app.Formats))
	}
	return nil
}

// environment looks a variable up in the process, then in the env file. The default file may be absent.
func (f *flags) environment(named bool, errs io.Writer) (func(string) string, error) {
	text, err := os.ReadFile(f.envFile)
	if err != nil && (named || !errors.Is(err, os.ErrNotExist)) {
		return nil, fmt.Errorf("read env file %s: %w", f.envFile, err)
	}
	file, err := godotenv.UnmarshalBytes(text)
	if err != nil { // which quotes the file, and what is secret in it
		return nil, fmt.Errorf("%s%s is no env file; allowed is NAME=value, a line each, with letters, digits and underscores in a name, and comments after #", f.envFile, wrongLine(text))
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		// Others may be the author's, who keeps secrets of sources there.
		if near := engine.Nearest(name, variables()); near != name && slip(name, near) {
			fmt.Fprintf(errs, "warning: %s sets %s; did you mean %s?\n", f.envFile, name, near)
		}
	}
	return func(name string) string {
		return cmp.Or(os.Getenv(name), file[name])
	}, nil
}

// slip says that one name differs from another in one place, by two letters at most.
func slip(one, other string) bool {
	first := 0
	for first < min(len(one), len(other)) && one[first] == other[first] {
		first++
	}
	last := 0
	for last < min(len(one), len(other))-first && one[len(one)-1-last] == other[len(other)-1-last] {
		last++
	}
	return other != "" && max(len(one), len(other))-first-last <= 2
}

// variables are those that flyball reads by itself.
func variables() []string {
	return []string{
		"COMPOSE_PROJECT_NAME", "MAX_TOTAL_REPLICAS", "MIN_AVAILABLE_MEMORY_MB",
		"AUTOSCALING_ENABLED", "AUTOSCALING_DRY_RUN", "AUTOSCALING_LISTEN", "AUTOSCALING_LOG_FORMAT", "AUTOSCALING_LOG_LEVEL",
		"AUTOSCALING_STORE_PASSWORD", "AUTOSCALING_STORE_USERNAME", "AUTOSCALING_TOKEN", "AUTOSCALING_URL",
		"SCALING_NOTIFICATIONS_ENABLED", "SCALING_WEBHOOK_URL",
	}
}

// wrongLine is the place of the first line of an env file that can't be read, :7; nothing where that is not a line by itself.
func wrongLine(text []byte) string {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if _, err := godotenv.UnmarshalBytes(line); err != nil {
			return fmt.Sprintf(":%d", number)
		}
	}
	return ""
}

func boolOf(env func(string) string, name string) (bool, error) {
	switch value := strings.ToLower(env(name)); value {
	case "", "false", "0", "no", "off":
		return false, nil
	case "true", "1", "yes", "on":
		return true, nil
	default:
		return false, fmt.Errorf("%s is %q; allowed is true or false", name, value)
	}
}

func intOf(env func(string) string, name string, least int) (n int, given bool, err error) {
	value := env(name)
	if value == "" {
		return 0, false, nil
	}
	n, err = strconv.Atoi(value)
	if err != nil || n < least {
		return 0, true, fmt.Errorf("%s is %q; allowed is a whole number from %d", name, value, least)
	}
	return n, true, nil
}
