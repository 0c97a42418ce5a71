package dockertest

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// The official image of HAProxy, as far as an application sees it: a user of no rights, the place of its configuration, a
// shell with wget and grep, and a stop that lets requests in flight end.
const haproxyImage = `FROM scratch
COPY root/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
STOPSIGNAL SIGUSR1
USER haproxy
WORKDIR /var/lib/haproxy
ENTRYPOINT ["/entrypoint"]
CMD ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
`

// Here too there is a master beside the worker, in the foreground.
const haproxyEntrypoint = `#!/bin/sh
[ "$1" != haproxy ] || { shift; set -- haproxy -W -db "$@"; }
exec "$@"
`

// HAProxy makes an image of this machine's haproxy, which is Debian's, for what names the official one, such as
// haproxy:3.2-alpine. Its version may be an older one.
func (e *Engine) HAProxy(tb testing.TB, tag string) {
	tb.Helper()
	haproxy, busybox := program(tb, "haproxy", "haproxy"), program(tb, "busybox", "busybox-static")
	libraries, err := linked(haproxy)
	if err != nil {
		tb.Fatal(err)
	}
	if more, err := linked(busybox); err != nil || len(more) > 0 {
		tb.Fatalf("%s is not a static binary (%v): apt-get install busybox-static", busybox, err)
	}
	contents := map[string]string{"/usr/local/sbin/haproxy": haproxy, "/bin/busybox": busybox}
	for _, library := range libraries {
		contents[library] = library
	}
	files := []file{
		{name: "root/entrypoint", mode: 0o755, data: []byte(haproxyEntrypoint)},
		{name: "root/etc/passwd", mode: 0o644, data: []byte("root:x:0:0::/:/bin/sh\nhaproxy:x:99:99::/var/lib/haproxy:/bin/false\n")},
		{name: "root/etc/group", mode: 0o644, data: []byte("root:x:0:\nhaproxy:x:99:\n")},
	}
	for _, applet := range []string{"sh", "wget", "grep", "cat", "sleep"} {
		files = append(files, file{name: "root/bin/" + applet, mode: 0o777, link: "busybox"})
	}
	for to, from := range contents {
		data, err := os.ReadFile(from)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, file{name: "root" + to, mode: 0o755, data: data})
	}
	if err := e.build(tag, haproxyImage, append(folders(files), files...)...); err != nil {
		tb.Fatalf("build image %s: %v", tag, err)
	}
}

// program finds a program of this machine.
func program(tb testing.TB, name, debianPackage string) string {
	tb.Helper()
	found, err := exec.LookPath(name)
	if err != nil {
		unavailable(tb, missing(fmt.Sprintf("%s is not installed: apt-get install %s", name, debianPackage)))
	}
	return found
}

// linked lists the shared libraries that a program needs, with the loader: none where it is static.
func linked(program string) ([]string, error) {
	text, err := exec.Command("ldd", program).CombinedOutput()
	if strings.Contains(string(text), "not a dynamic executable") {
		return nil, nil
	}
	if err != nil || strings.Contains(string(text), "not found") {
		return nil, fmt.Errorf("ldd %s: %w\n%s", program, err, text)
	}
	var found []string
	for line := range strings.Lines(string(text)) { // NAME => PATH (ADDRESS), or PATH (ADDRESS)
		for _, field := range strings.Fields(line) {
			if strings.HasPrefix(field, "/") {
				found = append(found, field)
				break
			}
		}
	}
	return found, nil
}

// folders are those that the files are in, the outer ones first: the ones nobody lists are closed to other users.
func folders(files []file) []file {
	var names []string
	for _, f := range files {
		for dir := path.Dir(f.name); dir != "."; dir = path.Dir(dir) {
			names = append(names, dir+"/")
		}
	}
	slices.Sort(names)
	var made []file
	for _, name := range slices.Compact(names) {
		made = append(made, file{name: name, mode: 0o755})
	}
	return made
}
