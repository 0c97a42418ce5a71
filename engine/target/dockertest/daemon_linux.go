package dockertest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The shell is the first process of the namespaces: it takes everything with it when it ends. The file kill announces
// that dockerd will be killed; the file down answers that it was, and once that is removed dockerd starts again.
const script = `
mount --make-rprivate / && mount -t proc proc /proc && ip link set lo up || exit 1
while :; do
	rm -f "$DIR/pid"
	dockerd --log-level warn --data-root "$DIR/data" --exec-root "$DIR/exec" --pidfile "$DIR/pid" -H "unix://$DIR/sock"
	mv "$DIR/kill" "$DIR/down" || exit 1
	while [ -e "$DIR/down" ]; do sleep 0.05; done
done
`

// namespaced is a dockerd in namespaces of its own.
type namespaced struct {
	dir   string
	shell *exec.Cmd
	done  chan struct{} // closed when the shell has ended
}

func (d *namespaced) socket() string { return filepath.Join(d.dir, "sock") }
func (d *namespaced) down() string   { return filepath.Join(d.dir, "down") }
func (d *namespaced) host() string   { return "unix://" + d.socket() }

func (d *namespaced) revive() error { return os.Remove(d.down()) }

func startDaemon() (daemon, error) {
	if os.Getuid() != 0 {
		return nil, missing("no Docker engine for live tests: starting one takes root; or name a running one in FLYBALL_TEST_DOCKER_HOST")
	}
	for _, program := range []string{"dockerd", "containerd", "runc", "iptables", "ip", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, missing(fmt.Sprintf("no Docker engine for live tests: %s is not installed; or name a running engine in FLYBALL_TEST_DOCKER_HOST", program))
		}
	}
	removeStale()
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	d := &namespaced{dir: dir, done: make(chan struct{})}
	const longest = 107 // bytes of a socket's path on Linux
	if len(d.socket()) > longest {
		os.Remove(dir)
		return nil, fmt.Errorf("socket path %s is longer than %d bytes: set TMPDIR to a shorter one", d.socket(), longest)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()

	d.shell = exec.Command("sh", "-c", script)
	d.shell.Env = append(os.Environ(), "DIR="+dir)
	d.shell.Stdout, d.shell.Stderr = log, log
	d.shell.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true, // an interrupt at the terminal is the test's, not dockerd's
		Pdeathsig:  syscall.SIGKILL,
	}
	started := make(chan error)
	go func() {
		// The kernel sends Pdeathsig when the thread ends that started the child: keep it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := d.shell.Start()
		started <- err
		if err == nil {
			d.shell.Wait()
		}
		close(d.done)
	}()
	if err := <-started; err != nil {
		removeEngineDir(dir)
		return nil, missing(fmt.Sprintf("no Docker engine for live tests: namespaces can't be made here: %v", err))
	}
	return d, nil
}

func (d *namespaced) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// kill ends dockerd and leaves the containers alone.
func (d *namespaced) kill() error {
	if err := os.WriteFile(filepath.Join(d.dir, "kill"), nil, 0o600); err != nil {
		return err
	}
	pid := d.shell.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return err
	}
	for field := range strings.FieldsSeq(string(children)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		// The shims of containers are children of the shell too: containerd lets them go.
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child))
		if string(bytes.TrimSpace(name)) == "dockerd" {
			if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
				return err
			}
			return d.wait(func() bool { _, err := os.Stat(d.down()); return err == nil })
		}
	}
	return fmt.Errorf("dockerd is not among the children of process %d", pid)
}

// wait returns once the condition holds.
func (d *namespaced) wait(holds func() bool) error {
	for end := time.Now().Add(startDeadline); !holds(); time.Sleep(20 * time.Millisecond) {
		if d.ended() || time.Now().After(end) {
			return fmt.Errorf("dockerd did not do as it was told:\n%s", d.log())
		}
	}
	return nil
}

// stop ends the first process of the process namespace, and with it every other one; mounts and network go with them.
func (d *namespaced) stop() {
	d.shell.Process.Kill()
	<-d.done
	removeEngineDir(d.dir)
}

// log is the last part of what dockerd printed.
func (d *namespaced) log() string {
	text, _ := os.ReadFile(filepath.Join(d.dir, "log"))
	return string(text[max(0, len(text)-4096):])
}

// removeEngineDir removes an ended engine's files, and the empty cgroups that its containers left.
func removeEngineDir(dir string) {
	containers, _ := os.ReadDir(filepath.Join(dir, "data", "containers"))
	for _, c := range containers {
		left, _ := filepath.Glob("/sys/fs/cgroup/*/docker/" + c.Name())
		for _, cgroup := range append(left, "/sys/fs/cgroup/docker/"+c.Name()) {
			os.Remove(cgroup)
		}
	}
	os.RemoveAll(dir)
}

// removeStale removes what earlier test processes left behind when they were killed.
func removeStale() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	for _, dir := range dirs {
		_, owner, _ := strings.Cut(filepath.Base(dir), dirPrefix)
		pid, _, _ := strings.Cut(owner, "-")
		n, err := strconv.Atoi(pid)
		if err == nil && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			removeEngineDir(dir)
		}
	}
}
