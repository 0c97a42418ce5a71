package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const benchPolicy = `policies: web: {
	service: "web", enabled: true, target: driver: "sim", minReplicas: 1, maxReplicas: 4
	metrics: [{name: "cpu_usage", type: "cpu", source: "system"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
}`

// BenchmarkIdleDaemon starts a daemon with one policy, and measures how long it takes to answer and what it then holds
// resident in memory.
func BenchmarkIdleDaemon(b *testing.B) {
	dir := b.TempDir()
	binary, policy := filepath.Join(dir, "flyball"), filepath.Join(dir, "web.cue")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatal(err, string(out))
	}
	if err := os.WriteFile(policy, []byte(benchPolicy), 0o600); err != nil {
		b.Fatal(err)
	}
	var resident float64
	for b.Loop() {
		resident = idle(b, binary, "run", "-p", policy, "--store", filepath.Join(dir, "db"), "--socket", filepath.Join(dir, "s"))
	}
	b.ReportMetric(resident/1024, "resident-MB")
}

func idle(b *testing.B, binary string, args ...string) float64 {
	b.Helper()
	daemon := exec.CommandContext(b.Context(), binary, args...)
	daemon.Env = append(os.Environ(), "AUTOSCALING_LISTEN=none")
	if err := daemon.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	}()
	socket := args[len(args)-1]
	for deadline := time.Now().Add(10 * time.Second); ; {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(deadline) {
			b.Fatal("the daemon does not answer")
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", daemon.Process.Pid))
	if err != nil {
		b.Skip("resident memory is read from /proc: ", err)
	}
	var kB float64
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(after, &kB); err != nil {
		b.Fatal(err)
	}
	return kB
}
