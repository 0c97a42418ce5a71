package docker

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// number reads a file that holds one number. A limit that is none reads max in cgroup v2.
func number(text string) (uint64, error) {
	text = strings.TrimSpace(text)
	if text == "max" {
		return math.MaxUint64, nil
	}
	return strconv.ParseUint(text, 10, 64)
}

// entry finds a number in a file of lines such as "nr_periods 12".
func entry(text, key string) (uint64, bool) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, " ")
		if name != key {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// quota is the CPUs' worth of time that a cgroup may use, from the texts of its limit and of the period that this is for,
// both in µs: +Inf where nothing limits it, 0 where the texts don't tell.
func quota(limit, period string) float64 {
	limit = strings.TrimSpace(limit)
	if limit == "max" || limit == "-1" {
		return math.Inf(1)
	}
	part, err := strconv.ParseUint(limit, 10, 64)
	whole, err2 := strconv.ParseUint(strings.TrimSpace(period), 10, 64)
	if err != nil || err2 != nil || whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// frozen reads the text of freezer.state: THAWED, FREEZING or FROZEN; empty where there is no freezer.
func frozen(state string) bool { return strings.HasPrefix(strings.TrimSpace(state), "FR") }

// meminfo finds a size in the text of /proc/meminfo, in bytes.
func meminfo(text, key string) (uint64, error) {
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, key+":")
		if !found {
			continue
		}
		kilobytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 53)
		if err != nil {
			return 0, fmt.Errorf("read /proc/meminfo: %w", err)
		}
		return kilobytes * 1024, nil
	}
	return 0, fmt.Errorf("read /proc/meminfo: no %s", key)
}

// received and sent are the columns of /proc/net/dev that count bytes.
const received, sent = 0, 8

// traffic adds up the bytes that all interfaces but lo received and sent, in the text of /proc/net/dev.
func traffic(text string) (uint64, error) {
	var total uint64
	head := 0
	for line := range strings.Lines(text) {
		name, counts, found := strings.Cut(line, ":")
		if !found {
			head++
			continue
		}
		columns := strings.Fields(counts)
		if len(columns) <= sent {
			return 0, fmt.Errorf("read /proc/net/dev: %d columns, want more than %d", len(columns), sent)
		}
		in, err := strconv.ParseUint(columns[received], 10, 64)
		out, err2 := strconv.ParseUint(columns[sent], 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return 0, fmt.Errorf("read /proc/net/dev: %w", err)
		}
		if strings.TrimSpace(name) != "lo" {
			total += in + out
		}
	}
	if head != 2 {
		return 0, fmt.Errorf("read /proc/net/dev: %d lines of heading, want 2", head)
	}
	return total, nil
}

// member says whether the text of /proc/PID/cgroup, of lines such as "4:memory:/docker/ID", is of a process that is in a
// container's own cgroup, not in one further down.
func member(text, id string) bool {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && owns(path.Base(parts[2]), id) {
			return true
		}
	}
	return false
}

// owns says whether a folder of cgroups is the container's, as either driver names it.
func owns(folder, id string) bool { return folder == id || folder == scope(id) }

// scope is how the systemd driver calls the cgroup of a container.
func scope(id string) string { return "docker-" + id + ".scope" }
