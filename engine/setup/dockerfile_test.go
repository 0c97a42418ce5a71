package setup

import (
	"strings"
	"testing"
)

func TestDockerfile(t *testing.T) {
	for _, test := range []struct {
		name, text, target string
		args               map[string]string
		want               image
	}{
		{"plain", "FROM node:22\nEXPOSE 3000\nCMD [\"node\", \"x.js\"]\n", "", nil, image{name: "node:22", port: 3000, command: `["node", "x.js"]`}},
		{"last stage", "FROM golang AS build\nHEALTHCHECK CMD true\nFROM scratch\n", "", nil, image{name: "scratch"}},
		{"target", "FROM a AS one\nEXPOSE 1\nFROM b AS two\nEXPOSE 2\n", "ONE", nil, image{name: "a", port: 1}},
		{"inherits", "FROM a AS one\nEXPOSE 1\nHEALTHCHECK --interval=5s CMD true\nCMD x\nFROM one\nCMD y\n", "", nil, image{name: "a", port: 1, checked: true, command: "y"}},
		{"check taken back", "FROM a\nHEALTHCHECK CMD true\nHEALTHCHECK NONE\n", "", nil, image{name: "a"}},
		{"platform and case", "from --platform=$BUILDPLATFORM a as one\nfrom ONE\nexpose 5/tcp\n", "", nil, image{name: "a", port: 5}},
		{"default of ARG", "ARG V=3\nFROM python:${V}-slim\n", "", nil, image{name: "python:3-slim"}},
		{"build argument", "ARG V=3\nFROM python:$V\n", "", map[string]string{"V": "4"}, image{name: "python:4"}},
		{"fallback", "FROM ${BASE:-a}\n", "", nil, image{name: "a"}},
		{"continuation with a comment", "FROM a\nHEALTHCHECK \\\n# why\n  CMD true\n", "", nil, image{name: "a", checked: true}},
		{"escape", "# escape=`\nFROM a\nCMD x `\n  y\n", "", nil, image{name: "a", command: "x  y"}},
		{"here-document", "FROM a\nRUN <<'EOT'\nFROM b\nHEALTHCHECK CMD x\nEOT\nEXPOSE 7\n", "", nil, image{name: "a", port: 7}},
		{"here-document with a dash", "FROM a\nCOPY <<-X /f\nFROM b\n\tX\n", "", nil, image{name: "a"}},
		{"UDP is no port for us", "FROM a\nEXPOSE 53/udp 80\n", "", nil, image{name: "a", port: 80}},
		{"CRLF", "FROM a\r\nEXPOSE 80\r\n", "", nil, image{name: "a", port: 80}},
		{"an ENTRYPOINT forgets CMD", "FROM a\nCMD x\nENTRYPOINT [\"y\"]\n", "", nil, image{name: "a", command: `["y"]`}},
		{"values in values", "ARG A=" + strings.Repeat("x", 2048) + strings.Repeat("\nARG A=$A$A", 64) + "\nFROM a\n", "", nil, image{name: "a"}},
		{"nothing", "", "", nil, image{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.built = true
			if got := scan(test.text, test.target, test.args); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func TestImages(t *testing.T) {
	for _, test := range []struct {
		image string
		list  []string
		want  string
	}{
		{"postgres:16", stores, "postgres"},
		{"docker.io/bitnami/postgresql:16@sha256:aa", stores, "postgresql"},
		{"redislabs/redismod", stores, "redismod"},
		{"registry.example.com:5000/team/redis", stores, "redis"},
		{"mcr.microsoft.com/mssql/server:2022-latest", stores, "mssql/server"},
		{"docker.elastic.co/elasticsearch/elasticsearch:8.14.0", stores, "elasticsearch"},
		{"quay.io/prometheus/node-exporter", stores, ""},
		{"acme/postgres-backup", stores, ""},
		{"grafana/grafana-oss:11", tools, "grafana"},
		{"nginxinc/nginx-unprivileged:alpine", proxies, "nginx-unprivileged"},
		{"", stores, ""},
	} {
		t.Run(test.image, func(t *testing.T) {
			if got := (image{name: test.image}).known(test.list); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestShell(t *testing.T) {
	for _, test := range []struct {
		image image
		want  bool
	}{
		{image{name: "python:3.13-slim"}, true},
		{image{name: "acme/app"}, false}, // nobody knows
		{image{name: "acme/base", built: true}, true},
		{image{name: "scratch", built: true}, false},
		{image{name: "gcr.io/distroless/static", built: true}, false},
		{image{name: "cgr.dev/chainguard/node", built: true}, false},
		{image{built: true}, false},
	} {
		t.Run(test.image.name, func(t *testing.T) {
			if got := test.image.hasShell(); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// Whatever a Dockerfile says, reading it ends, and no more comes out than went in.
func FuzzDockerfile(f *testing.F) {
	f.Add("ARG A=1\nFROM a:${A:-2} AS b\nRUN <<X\nX\nFROM b\nEXPOSE $A/tcp\nHEALTHCHECK --interval=1s CMD x\n", "b")
	f.Add("# escape=`\nFROM a `\n", "")
	f.Add("ARG A=aaaaaaaa\nARG A=$A$A\nARG A=$A$A\nFROM $A\n", "")
	f.Add("FROM --platform=$\nARG A=$A${A\n", "0")
	f.Fuzz(func(t *testing.T, text, target string) {
		got := scan(text, target, nil)
		if got.port < 0 || got.port > 65535 {
			t.Errorf("port %d", got.port)
		}
		if !strings.Contains(text, "$") && len(got.name) > len(text) {
			t.Errorf("image %q of %q", got.name, text)
		}
		got.known(stores)
		got.hasShell()
	})
}
