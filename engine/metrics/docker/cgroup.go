package docker

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// groups is where the kernel shows its cgroups.
const groups = "sys/fs/cgroup"

// fromFiles reads a container from the kernel's files on this machine. The error says what could not be read; then there is
// the engine to ask. A container that has ended may leave its cgroup behind: one without processes is not read.
func fromFiles(machine fs.FS, id, parent string) (reading, error) {
	if !full(id) {
		return reading{}, errors.New("not the id of a container")
	}
	var errs []error
	for _, folder := range folders(id, parent) {
		for _, version := range []func(fs.FS, string) (reading, error){v2, v1} {
			now, err := version(machine, folder)
			if err == nil {
				return now, nil
			}
			errs = append(errs, err)
		}
	}
	return reading{}, errors.Join(errs...)
}

// full says whether an id is a container's whole one: nothing shorter may name a folder to trust.
func full(id string) bool {
	return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == ""
}

// folders is where a container's cgroup may be, as the two drivers name it: cgroupfs PARENT/ID, docker being the default
// parent, and systemd SLICE/docker-ID.scope, system.slice being the default.
func folders(id, parent string) []string {
	parent = strings.TrimPrefix(path.Clean("/"+parent), "/") // rooted, so that no .. leads out
	switch {
	case parent == "":
		return []string{path.Join("docker", id), path.Join("system.slice", scope(id))}
	case strings.HasSuffix(parent, ".slice"):
		return []string{path.Join(slice(parent), scope(id)), path.Join(parent, id)}
	}
	return []string{path.Join(parent, id)}
}

// slice is the folder of a systemd slice: a-b.slice is in a.slice. See systemd.slice(5).
func slice(name string) string {
	name = strings.TrimSuffix(name, ".slice")
	folder := ""
	for i, c := range name {
		if c == '-' && i > 0 {
			folder = path.Join(folder, name[:i]+".slice")
		}
	}
	if name == "-" {
		return folder
	}
	return path.Join(folder, name+".slice")
}

// v1 reads a cgroup whose controllers have a hierarchy each.
func v1(machine fs.FS, folder string) (reading, error) {
	f := &files{machine: machine}
	memory, cpu := path.Join(groups, "memory", folder), path.Join(groups, "cpu", folder)
	f.inhabited(f.number(groups, "pids", folder, "pids.current") > 0) // cgroup.procs hides those of other namespaces
	now := reading{way: cgroupV1, at: ours(time.Now()), cpu: f.number(groups, "cpuacct", folder, "cpuacct.usage")}
	now.paused = frozen(f.perhaps(groups, "freezer", folder, "freezer.state"))
	now.throttle(f.text(cpu, "cpu.stat"))
	now.quota = quota(f.perhaps(cpu, "cpu.cfs_quota_us"), f.perhaps(cpu, "cpu.cfs_period_us"))
	now.usage = f.number(memory, "memory.usage_in_bytes")
	now.inactive = f.entry(f.text(memory, "memory.stat"), "total_inactive_file")
	now.limit = f.number(memory, "memory.limit_in_bytes")
	f.host(&now)
	return now, f.err
}

// v2 reads a cgroup of the one hierarchy of all controllers.
func v2(machine fs.FS, folder string) (reading, error) {
	f := &files{machine: machine}
	group := path.Join(groups, folder)
	events := f.text(group, "cgroup.events")
	f.inhabited(f.entry(events, "populated") == 1)
	now := reading{way: cgroupV2, at: ours(time.Now())}
	paused, _ := entry(events, "frozen") // since Linux 5.2; before, nothing can be paused
	now.paused = paused == 1
	stat := f.text(group, "cpu.stat")
	now.cpu = f.entry(stat, "usage_usec") * 1000
	now.throttle(stat)
	limit, period, _ := strings.Cut(f.perhaps(group, "cpu.max"), " ")
	now.quota = quota(limit, period)
	now.usage = f.number(group, "memory.current")
	now.inactive = f.entry(f.text(group, "memory.stat"), "inactive_file")
	now.limit = f.number(group, "memory.max")
	f.host(&now)
	return now, f.err
}

// fromProcess reads a container's traffic from the kernel's table for its first process. Its id may be of another
// namespace or taken anew, so that the process counts only if it is in the container's cgroup.
func fromProcess(machine fs.FS, id string, of settings) (uint64, error) {
	if !full(id) || of.pid == 0 || of.network == "host" || strings.HasPrefix(of.network, "container:") {
		return 0, errors.New("no process whose traffic is the container's own")
	}
	f := &files{machine: machine}
	process := path.Join("proc", strconv.Itoa(of.pid))
	table := f.text(process, "net/dev")
	if !member(f.text(process, "cgroup"), id) {
		return 0, errors.Join(f.err, errors.New("the process is not in the container's cgroup"))
	}
	return traffic(table)
}

// throttle takes the CFS periods from the text of cpu.stat, which lacks them where the kernel can't limit the cgroup.
func (r *reading) throttle(stat string) {
	r.periods, _ = entry(stat, "nr_periods")
	r.throttled, _ = entry(stat, "nr_throttled")
}

// files reads the kernel's files up to the first that can't be read; without one all that it answered is good.
type files struct {
	machine fs.FS
	err     error
}

func (f *files) text(parts ...string) string {
	if f.err != nil {
		return ""
	}
	text, err := fs.ReadFile(f.machine, path.Join(parts...))
	f.err = err
	return string(text)
}

// perhaps reads a file that some kernels don't have; then it is empty.
func (f *files) perhaps(parts ...string) string {
	text, _ := fs.ReadFile(f.machine, path.Join(parts...)) // not being there is an answer
	return string(text)
}

func (f *files) number(parts ...string) uint64 {
	text := f.text(parts...)
	if f.err != nil {
		return 0
	}
	n, err := number(text)
	f.err = err
	return n
}

func (f *files) entry(text, key string) uint64 {
	n, found := entry(text, key)
	if f.err == nil && !found {
		f.err = errors.New("no " + key)
	}
	return n
}

func (f *files) inhabited(yes bool) {
	if f.err == nil && !yes {
		f.err = errors.New("no process is in the cgroup")
	}
}

// host adds what the container shares with its machine. No more memory is allowed than there is, as the engine has it.
func (f *files) host(now *reading) {
	now.online = float64(cpus(f.text("sys/devices/system/cpu/online")))
	text := f.text("proc/meminfo")
	if f.err != nil {
		return
	}
	var total uint64
	total, f.err = meminfo(text, "MemTotal")
	now.limit = min(now.limit, total)
}
