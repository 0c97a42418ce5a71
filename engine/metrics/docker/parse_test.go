package docker

import (
	"math"
	"os"
	"strings"
	"testing"
)

func recorded(tb testing.TB, path string) string {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]uint64{"23725541\n": 23725541, "0\n": 0, "max\n": math.MaxUint64, "9223372036854771712\n": 9223372036854771712} {
		if got, err := number(text); err != nil || got != want {
			t.Errorf("%q reads %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "\n", "-1", "1.5", "1 2", "18446744073709551616", "maximum"} {
		if got, err := number(text); err == nil {
			t.Errorf("%q reads %d, want an error", text, got)
		}
	}
}

func TestEntry(t *testing.T) {
	const text = "nr_periods 30\nnr_throttled 3\ntotal_inactive_file 4096\nbad x\nnone\n"
	for key, want := range map[string]uint64{"nr_periods": 30, "nr_throttled": 3, "total_inactive_file": 4096} {
		if got, found := entry(text, key); !found || got != want {
			t.Errorf("%s is %d, %v; want %d", key, got, found, want)
		}
	}
	for _, key := range []string{"inactive_file", "nr", "bad", "none", "", "nr_periods 30"} {
		if got, found := entry(text, key); found {
			t.Errorf("%q is %d, want none", key, got)
		}
	}
}

func TestMeminfo(t *testing.T) {
	const text = "MemTotal:       24000000 kB\nMemFree:          100000 kB\nMemAvailable:   20000000 kB\nBuffers: 1 kB\n"
	for key, want := range map[string]uint64{"MemAvailable": 20_000_000 * 1024, "MemTotal": 24_000_000 * 1024} {
		if got, err := meminfo(text, key); err != nil || got != want {
			t.Errorf("%s is %d, %v; want %d", key, got, err, want)
		}
	}
	for _, text := range []string{"", "MemTotal: 1 kB\n", "MemAvailable: many kB\n", "MemAvailable: 18446744073709551615 kB\n"} {
		if _, err := meminfo(text, "MemAvailable"); err == nil {
			t.Errorf("%q gives no error", text)
		}
	}
}

func TestTraffic(t *testing.T) {
	head := "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n"
	for _, c := range []struct {
		name, text string
		want       uint64
	}{
		{"lo does not count", recorded(t, "v1/proc/161/net/dev"), 1042 + 458 + 100_000 + 200_000},
		{"no interface", head, 0},
		{"no space after the name", head + "eth0:7 0 0 0 0 0 0 0 5 0\n", 12},
	} {
		if got, err := traffic(c.text); err != nil || got != c.want {
			t.Errorf("%s: %d bytes, %v; want %d", c.name, got, err, c.want)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no heading": "eth0: 1 0 0 0 0 0 0 0 1\n", "columns missing": head + "eth0: 1 0 0 0 0 0 0 0\n",
		"not a number": head + "eth0: x 0 0 0 0 0 0 0 1\n", "negative": head + "eth0: 1 0 0 0 0 0 0 0 -1\n",
	} {
		if got, err := traffic(text); err == nil {
			t.Errorf("%s: %d bytes, want an error", name, got)
		}
	}
}

func TestMember(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"cgroup v1", recorded(t, "v1/proc/161/cgroup"), true},
		{"cgroup v2, systemd", recorded(t, "v2/proc/161/cgroup"), true},
		{"below a parent", "0::/shop/web/" + id + "\n", true},
		{"another container", strings.ReplaceAll(recorded(t, "v1/proc/161/cgroup"), id, "f"+id[1:]), false},
		{"the start of the id", "0::/docker/" + id[:12] + "\n", false},
		{"more than the id", "0::/docker/" + id + "0\n", false},
		{"a container inside the container", "0::/docker/" + id + "/docker/f" + id[1:] + "\n", false},
		{"a process of the machine", "0::/init.scope\n", false},
		{"the id as a controller", "1:" + id + ":/\n", false},
		{"nothing", "", false},
	} {
		if got := member(c.text, id); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"23725541\n", "max\n", "-1\n", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := number(text); err != nil && n != 0 && n != math.MaxUint64 {
			t.Errorf("%q is %d beside the error %v", text, n, err)
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add("nr_periods 30\nnr_throttled 3\n", "nr_throttled")
	f.Add("nr_periods", "nr_periods")
	f.Fuzz(func(t *testing.T, text, key string) {
		if n, found := entry(text, key); found && !strings.Contains(text, key+" ") || !found && n != 0 && n != math.MaxUint64 {
			t.Errorf("%q of %q is %d, %v", key, text, n, found)
		}
	})
}

func FuzzMeminfo(f *testing.F) {
	f.Add("MemTotal: 24684084 kB\n")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := meminfo(text, "MemTotal"); int64(n) < 0 || err != nil && n != 0 {
			t.Errorf("%q is %d, %v", text, n, err)
		}
	})
}

func FuzzTraffic(f *testing.F) {
	f.Add(recorded(f, "v1/proc/161/net/dev"))
	f.Fuzz(func(t *testing.T, text string) {
		n, err := traffic(text)
		if err != nil && n != 0 {
			t.Errorf("%d bytes beside the error %v", n, err)
		}
		if err != nil || !strings.HasSuffix(text, "\n") {
			return
		}
		if more, err := traffic(text + "lo: 1 0 0 0 0 0 0 0 1\n"); err != nil || more != n {
			t.Errorf("with lo %d bytes, %v; want %d as without", more, err, n)
		}
		if more, err := traffic(text + "eth9: 1 0 0 0 0 0 0 0 2\n"); err != nil || more != n+3 {
			t.Errorf("with 3 bytes more %d, %v; want %d", more, err, n+3)
		}
	})
}

func FuzzMember(f *testing.F) {
	f.Add(recorded(f, "v1/proc/161/cgroup"))
	f.Add("0::/docker/" + id + "/init.scope\n")
	f.Fuzz(func(t *testing.T, text string) {
		if member(text, id) && !strings.Contains(text, id) {
			t.Errorf("%q names the container", text)
		}
	})
}

func FuzzCPUs(f *testing.F) {
	for _, set := range []string{"0-3,6", "0", "", "3-1", "0-9223372036854775807"} {
		f.Add(set)
	}
	f.Fuzz(func(t *testing.T, set string) {
		if n := cpus(set); n < 0 || n > mostCPUs*(1+strings.Count(set, ","))+len(set) {
			t.Errorf("%q are %d CPUs", set, n)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	stat := recorded(b, "v1/sys/fs/cgroup/memory/docker/"+id+"/memory.stat")
	table, group := recorded(b, "v1/proc/161/net/dev"), recorded(b, "v1/proc/161/cgroup")
	for name, parse := range map[string]func(){
		"memory.stat": func() { entry(stat, "total_inactive_file") },
		"net dev":     func() { _, _ = traffic(table) },
		"cgroup":      func() { member(group, id) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parse()
			}
		})
	}
}
