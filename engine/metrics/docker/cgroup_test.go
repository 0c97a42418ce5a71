package docker

import (
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// id is of the container whose files are in testdata.
const id = "675a483146d69e2c6548d365ed5e7e95c5afbf65e57b59f9ef46cbe1d6c1041f"

// tree is the files of a folder in testdata, each path changed as told: old, new, old, new.
func tree(tb testing.TB, folder string, moved ...string) fstest.MapFS {
	tb.Helper()
	all := fstest.MapFS{}
	from := os.DirFS("testdata/" + folder)
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, path)
		all[strings.NewReplacer(moved...).Replace(path)] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// write changes a file, named by its base name.
func write(tb testing.TB, files fstest.MapFS, base, text string) {
	tb.Helper()
	for path := range files {
		if filepath.Base(path) == base {
			files[path] = &fstest.MapFile{Data: []byte(text)}
			return
		}
	}
	tb.Fatalf("there is no file %s", base)
}

func remove(tb testing.TB, files fstest.MapFS, base string) {
	tb.Helper()
	for path := range files {
		if filepath.Base(path) == base {
			delete(files, path)
			return
		}
	}
	tb.Fatalf("there is no file %s", base)
}

func TestFromFiles(t *testing.T) {
	scope := "system.slice/docker-" + id + ".scope"
	for _, c := range []struct {
		name   string
		tree   string
		moved  []string
		parent string
	}{
		{"v1, cgroupfs", "v1", nil, ""},
		{"v1, systemd", "v1", []string{"docker/" + id, scope}, ""},
		{"v1, below a parent", "v1", []string{"docker/" + id, "shop/web/" + id}, "/shop/web"},
		{"v1, below a slice", "v1", []string{"docker/" + id, "a.slice/a-b.slice/docker-" + id + ".scope"}, "a-b.slice"},
		{"v2, systemd", "v2", nil, ""},
		{"v2, cgroupfs", "v2", []string{scope, "docker/" + id}, ""},
		{"v2, below a parent", "v2", []string{scope, "shop/" + id}, "shop"},
		{"v2, below a parent that only looks like a slice", "v2", []string{scope, "a-b.slice/" + id}, "a-b.slice"},
		{"v2, below the root slice", "v2", []string{scope, "docker-" + id + ".scope"}, "-.slice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := reading{way: cgroupV1, cpu: 23725541, periods: 30, throttled: 3, online: 2, quota: 0.5, usage: 40 << 20, inactive: 8 << 20, limit: 64 << 20}
			if c.tree == "v2" {
				want.way, want.cpu, want.inactive, want.limit = cgroupV2, 23725000, 4<<20, 24684084<<10
			}
			got, err := fromFiles(tree(t, c.tree, c.moved...), id, c.parent)
			if age := time.Since(got.at.read); age < 0 || age > time.Minute || got.at != ours(got.at.read) {
				t.Errorf("read at %v", got.at)
			}
			got.at = moment{}
			if err != nil || got != want {
				t.Errorf("%+v, %v\nwant %+v", got, err, want)
			}
		})
	}
}

func TestLimitsInFiles(t *testing.T) {
	const total = 24684084 << 10
	for _, c := range []struct {
		tree, file, text string
		want             uint64
	}{
		{"v1", "memory.limit_in_bytes", "1048576\n", 1 << 20},
		{"v1", "memory.limit_in_bytes", "9223372036854771712\n", total}, // none
		{"v1", "memory.limit_in_bytes", "25276502017\n", total},         // a byte more than the machine has
		{"v2", "memory.max", "1048576\n", 1 << 20},
		{"v2", "memory.max", "max\n", total},
	} {
		files := tree(t, c.tree)
		write(t, files, c.file, c.text)
		if now, err := fromFiles(files, id, ""); err != nil || now.limit != c.want {
			t.Errorf("%s %q: a limit of %d, %v; want %d", c.tree, c.text, now.limit, err, c.want)
		}
	}
}

// A kernel that can't limit CPU time counts no periods.
func TestNoPeriods(t *testing.T) {
	for version, stat := range map[string]string{"v1": "", "v2": "usage_usec 1\nuser_usec 1\nsystem_usec 0\n"} {
		files := tree(t, version)
		write(t, files, "cpu.stat", stat)
		if now, err := fromFiles(files, id, ""); err != nil || now.periods != 0 || now.throttled != 0 {
			t.Errorf("%s: %+v, %v; want none", version, now, err)
		}
	}
}

func TestPausedInFiles(t *testing.T) {
	for _, c := range []struct {
		version, file, text string
		want                bool
	}{
		{"v1", "freezer.state", "THAWED\n", false},
		{"v1", "freezer.state", "FREEZING\n", true},
		{"v1", "freezer.state", "FROZEN\n", true},
		{"v2", "cgroup.events", "populated 1\nfrozen 0\n", false},
		{"v2", "cgroup.events", "populated 1\nfrozen 1\n", true},
		{"v2", "cgroup.events", "populated 1\n", false}, // before Linux 5.2
	} {
		files := tree(t, c.version)
		write(t, files, c.file, c.text)
		if now, err := fromFiles(files, id, ""); err != nil || now.paused != c.want {
			t.Errorf("%s %q: paused is %v, %v", c.version, c.text, now.paused, err)
		}
	}
	files := tree(t, "v1")
	remove(t, files, "freezer.state")
	if now, err := fromFiles(files, id, ""); err != nil || now.paused {
		t.Errorf("without a freezer: %+v, %v", now, err)
	}
}

func TestQuotaInFiles(t *testing.T) {
	for _, c := range []struct {
		version, file, text string
		want                float64
	}{
		{"v1", "cpu.cfs_quota_us", "20000\n", 0.2},
		{"v1", "cpu.cfs_quota_us", "-1\n", math.Inf(1)},
		{"v1", "cpu.cfs_period_us", "25000\n", 2},
		{"v1", "cpu.cfs_period_us", "0\n", 0},
		{"v1", "cpu.cfs_quota_us", "much\n", 0},
		{"v2", "cpu.max", "150000 100000\n", 1.5},
		{"v2", "cpu.max", "max 100000\n", math.Inf(1)},
		{"v2", "cpu.max", "150000\n", 0},
	} {
		files := tree(t, c.version)
		write(t, files, c.file, c.text)
		if now, err := fromFiles(files, id, ""); err != nil || now.quota != c.want {
			t.Errorf("%s %s %q: %v cores, %v; want %v", c.version, c.file, c.text, now.quota, err, c.want)
		}
		remove(t, files, c.file)
		if now, err := fromFiles(files, id, ""); err != nil || now.quota != 0 {
			t.Errorf("%s without %s: %v cores, %v; want that it is not known", c.version, c.file, now.quota, err)
		}
	}
}

// Where anything is missing or odd the files say nothing at all, so that the engine is asked.
func TestFilesThatCanNotBeRead(t *testing.T) {
	v1 := []string{"pids.current", "cpuacct.usage", "cpu.stat", "memory.usage_in_bytes", "memory.stat", "memory.limit_in_bytes", "online", "meminfo"}
	v2 := []string{"cgroup.events", "cpu.stat", "memory.current", "memory.stat", "memory.max", "online", "meminfo"}
	for version, names := range map[string][]string{"v1": v1, "v2": v2} {
		for _, name := range names {
			files := tree(t, version)
			remove(t, files, name)
			if now, err := fromFiles(files, id, ""); err == nil {
				t.Errorf("%s without %s: %+v, want an error", version, name, now)
			}
		}
	}
	for _, c := range []struct{ version, file, text, says string }{
		{"v1", "pids.current", "0\n", "no process"},
		{"v2", "cgroup.events", "populated 0\n", "no process"},
		{"v1", "cpuacct.usage", "many\n", "many"},
		{"v2", "cpu.stat", "nr_periods 3\n", "usage_usec"},
		{"v1", "memory.stat", "inactive_file 3\n", "total_inactive_file"},
	} {
		files := tree(t, c.version)
		write(t, files, c.file, c.text)
		if now, err := fromFiles(files, id, ""); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s with %s %q: %+v, %v; want an error with %q", c.version, c.file, c.text, now, err, c.says)
		}
	}
}

// What the engine, or who configures a container, can say must not lead to files that are not this container's.
func TestPathsThatAreNotTrusted(t *testing.T) {
	for _, other := range []string{"", id[:12], id[:63], id + "0", strings.ToUpper(id), "../" + id[3:], id[:31] + "/" + id[32:]} {
		files := tree(t, "v1", "docker/"+id, path.Join("docker", other)) // there, were it asked for
		if now, err := fromFiles(files, other, ""); err == nil {
			t.Errorf("the id %q gives %+v, want an error", other, now)
		}
	}
	for _, parent := range []string{"../../..", "..", "/../../proc", ".", "a/../../b", "..slice", "-.slice", "a-.slice", "-a.slice", "--.slice", ".slice", "\x00", "docker/" + id} {
		for _, folder := range folders(id, parent) {
			base := filepath.Base(folder)
			if !fs.ValidPath(folder) || base != id && base != "docker-"+id+".scope" {
				t.Errorf("the parent %q gives the folder %q", parent, folder)
			}
		}
	}
}

func TestSlice(t *testing.T) {
	for name, want := range map[string]string{
		"system.slice": "system.slice", "user-1000.slice": "user.slice/user-1000.slice",
		"a-b-c.slice": "a.slice/a-b.slice/a-b-c.slice", "-.slice": "",
	} {
		if got := slice(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestFromProcess(t *testing.T) {
	const want = 1042 + 458 + 100_000 + 200_000
	for _, version := range []string{"v1", "v2"} {
		if got, err := fromProcess(tree(t, version), id, settings{pid: 161, network: "bridge"}); err != nil || got != want {
			t.Errorf("%s: %d bytes, %v; want %d", version, got, err, want)
		}
	}
	for name, of := range map[string]settings{
		"no process": {network: "bridge"}, "no such process": {pid: 162}, "the host's network": {pid: 161, network: "host"},
		"another container's network": {pid: 161, network: "container:" + id},
	} {
		if got, err := fromProcess(tree(t, "v1"), id, of); err == nil {
			t.Errorf("%s: %d bytes, want an error", name, got)
		}
	}
	files := tree(t, "v1")
	write(t, files, "cgroup", "0::/user.slice\n")
	if got, err := fromProcess(files, id, settings{pid: 161}); err == nil {
		t.Errorf("the same pid in another namespace: %d bytes, want an error", got)
	}
}

func BenchmarkFiles(b *testing.B) {
	for _, version := range []string{"v1", "v2"} {
		b.Run(version, func(b *testing.B) {
			files := tree(b, version)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fromFiles(files, id, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
