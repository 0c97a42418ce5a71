package setup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// four is a machine of four CPUs and 8 GB.
var four = Machine{CPUs: 4, Memory: 8 << 30}

// in reads the application of a folder of testdata.
func in(t *testing.T, folder string, env ...string) Application {
	t.Helper()
	t.Chdir(filepath.Join("testdata", folder))
	a, err := Read(t.Context(), nil, env, four)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a Application) service(t *testing.T, name string) Service {
	t.Helper()
	for _, s := range a.Services {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no service %s", name)
	return Service{}
}

// What can scale in applications as others write them, and why the rest can't.
func TestWhatScales(t *testing.T) {
	for _, test := range []struct {
		folder string
		why    map[string]string // of those that can't, a part of the reason; the others can
	}{
		{"vote", map[string]string{"db": "keeps data (image postgres)", "redis": "keeps data (image redis)", "seed": "COMPOSE_PROFILES=seed"}},
		{"blog", map[string]string{"db": "image mariadb", "cache": "image memcached", "phpmyadmin": "a tool", "wordpress": "writes to the volume wp_data"}},
		{"shop", map[string]string{
			"celerybeat": "runs a schedule", "flower": "a tool", "migrate": "celerybeat waits for it to complete", "nginx": "the entrance (image nginx)",
			"postgres": "image postgis", "redis": "image redis",
		}},
		{"front", map[string]string{"proxy": "the entrance (image traefik)", "edge": "the entrance (image haproxy)"}},
		{"watch", map[string]string{"prometheus": "keeps data", "grafana": "a tool", "node-exporter": "measures something that is there once", "cadvisor": "a tool"}},
		{"mixed", map[string]string{
			"agent": "deploy.mode is global", "dns": `publish a range such as "53-62:53/udp"`, "fixed": "remove ipv4_address", "hosted": "network_mode: host",
			"mac": "remove mac_address", "named": "remove container_name", "nightly": "runs a schedule", "off": "asks for no replica",
			"sidecar": "network_mode: service:plain", "uploads": "writes to the volume files", "docker": "the socket of Docker", "upgrade": "its command is a migration",
			"narrow":  "host ports 7100-7101 have room for no further replica; publish a wider range",
			"_hidden": "a policy can't have its name",
		}},
		{"parts", map[string]string{"debug": "COMPOSE_PROFILES=debug"}},
		{"site", map[string]string{}}, // an nginx with nothing behind it is the application
	} {
		t.Run(test.folder, func(t *testing.T) {
			for _, s := range in(t, test.folder).Services {
				want, no := test.why[s.Name]
				switch {
				case no && (s.Why == "" || !strings.Contains(s.Why, want)):
					t.Errorf("%s: %q, want %q", s.Name, s.Why, want)
				case !no && s.Why != "":
					t.Errorf("%s can't scale: %s", s.Name, s.Why)
				case !no && (s.Min != max(1, s.Replicas) || s.Max <= s.Min || s.Max > max(most, s.Min+1)):
					t.Errorf("%s: %d to %d of %d", s.Name, s.Min, s.Max, s.Replicas)
				}
				delete(test.why, s.Name)
			}
			for name := range test.why {
				t.Errorf("no service %s", name)
			}
		})
	}
}

func TestLimitsAndBounds(t *testing.T) {
	vote, shop, front, mixed, parts := "vote", "shop", "front", "mixed", "parts"
	for _, test := range []struct {
		folder, service string
		cpus            float64
		memory          int64
		grant           float64
		min, max        int
		bound           string
	}{
		{vote, "vote", 0.5, 256 << 20, 0, 2, 8, "4 CPUs of this machine over 0.5 a replica"},
		{vote, "worker", 0, 0, 1, 1, 4, "4 CPUs of this machine over 1 a replica"},
		{shop, "django", 0.75, 512 << 20, 0, 1, 5, "4 CPUs of this machine over 0.75 a replica"}, // cpus and mem_limit
		{shop, "celeryworker", 1.5, 0, 0, 1, 2, "4 CPUs of this machine over 1.5 a replica"},     // cpu_quota
		{front, "web", 0.25, 1 << 30, 0, 3, 8, "8 GB of memory on this machine over 1 GB a replica"},
		{mixed, "migrated", 64, 0, 0, 1, 2, "one more than there are; by its limits this machine has room for 0"},
		{parts, "web", 0.5, 0, 0, 2, 8, "4 CPUs of this machine over 0.5 a replica"}, // extends, and the override's replicas
		{parts, "jobs", 0, 0, 1, 1, 4, "4 CPUs of this machine over 1 a replica"},    // include
	} {
		t.Run(test.folder+"/"+test.service, func(t *testing.T) {
			s := in(t, test.folder).service(t, test.service)
			if s.CPUs != test.cpus || s.Memory != test.memory || s.Grant != test.grant || s.Min != test.min || s.Max != test.max || s.Bound != test.bound {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestSmallMachine(t *testing.T) {
	for cpus, want := range map[int]float64{0: 1, 1: 0.5, 2: 0.5, 3: 0.5, 4: 1, 16: 1} {
		if g := grant(Machine{CPUs: cpus}); g != want {
			t.Errorf("a replica gets %v of %d CPUs", g, cpus)
		}
	}
	// Where nothing is known of the machine, the bound is the highest that is written.
	if n, why := bound(Service{Min: 1, Grant: 1}, Machine{}, nil); n != most || why != "plenty to begin with" {
		t.Errorf("%d, %s", n, why)
	}
}

// Each replica takes a port of each range that is published.
func TestBoundByPorts(t *testing.T) {
	ports := []types.ServicePortConfig{{Published: "8080-8085"}, {Published: "9000-9002"}, {Published: "7000"}, {}}
	if n, why := bound(Service{Min: 1, CPUs: 0.1}, four, ports); n != 3 || why != "a host port for each of the 3 in 9000-9002" {
		t.Errorf("%d, %s", n, why)
	}
}

func TestPortsAndHealth(t *testing.T) {
	for _, test := range []struct {
		folder, service string
		port            int
		health          string
		routes          []Route
		ranges          []string
	}{
		{"vote", "vote", 80, HealthPort, []Route{{"", 5000, 80, ModeHTTP}}, nil},
		{"vote", "result", 80, HealthImage, []Route{{"", 5001, 80, ModeHTTP}, {"127.0.0.1", 9229, 9229, ModeTCP}}, nil},
		{"vote", "worker", 0, HealthNone, nil, nil},
		{"shop", "django", 5000, HealthPort, nil, nil},
		{"shop", "celeryworker", 0, HealthNone, nil, nil}, // it runs another command than the one that its Dockerfile has a port for
		{"front", "debugged", 8080, HealthPort, []Route{{"", 9229, 9229, ModeTCP}, {"", 8081, 8080, ModeHTTP}}, nil},
		{"front", "web", 8000, HealthPort, nil, []string{"8000-8009:8000"}},
		{"front", "static", 80, HealthPort, []Route{{"", 3000, 80, ModeHTTP}}, nil},
		{"front", "tiny", 50051, HealthNone, []Route{{"", 50051, 50051, ModeTCP}}, nil}, // FROM scratch: no shell
		{"mixed", "plain", 9000, HealthNone, nil, []string{"127.0.0.1::9000", "7000-7005:7000"}},
		{"mixed", "reader", 0, HealthNone, nil, nil},
		{"parts", "web", 8080, HealthPort, []Route{{"", 8080, 8080, ModeHTTP}}, nil},
	} {
		t.Run(test.folder+"/"+test.service, func(t *testing.T) {
			s := in(t, test.folder).service(t, test.service)
			if s.Port != test.port || s.Health != test.health || !slices.Equal(s.Routes, test.routes) || !slices.Equal(s.Ranges, test.ranges) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	for _, test := range []struct{ folder, service, want string }{
		{"vote", "worker", "no CPU limit: a single busy thread would read as 25 % of the machine"},
		{"vote", "worker", "no health check"},
		{"mixed", "migrated", "its limit of 64 CPUs is more than this machine has (4)"},
		{"mixed", "migrated", "each new replica runs a migration before it serves (migrate)"},
		{"mixed", "migrated", "all replicas may write to uploads"},
		{"shop", "celeryworker", "one busy thread reads as 67 % of its limit of 1.5 CPUs"},
		{"shop", "nginx", "resolver 127.0.0.11 valid=1s"},
		{"front", "edge", "server-template"},
		{"front", "static", "nginx looks names up once"},
	} {
		t.Run(test.service+" "+test.want, func(t *testing.T) {
			notes := in(t, test.folder).service(t, test.service).Notes
			if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, test.want) }) {
				t.Errorf("%q", notes)
			}
		})
	}
	// A service with everything in order is left alone.
	if notes := in(t, "vote").service(t, "vote").Notes; len(notes) > 0 {
		t.Errorf("%q", notes)
	}
}

// The application is the one that docker compose would start.
func TestReadAsComposeDoes(t *testing.T) {
	files := func(a Application) string {
		var names []string
		for _, file := range a.Files {
			name, _ := filepath.Rel(a.Dir, file)
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	t.Run("project of the file", func(t *testing.T) {
		if a := in(t, "mixed"); a.Project != "warehouse" {
			t.Errorf("%s", a.Project)
		}
	})
	t.Run("project of the folder", func(t *testing.T) {
		if a := in(t, "vote"); a.Project != "vote" || filepath.Base(a.Dir) != "vote" {
			t.Errorf("%s in %s", a.Project, a.Dir)
		}
	})
	t.Run("project of the environment", func(t *testing.T) {
		if a := in(t, "mixed", "COMPOSE_PROJECT_NAME=other"); a.Project != "other" {
			t.Errorf("%s", a.Project)
		}
	})
	t.Run("override", func(t *testing.T) {
		if got := files(in(t, "parts")); got != "compose.yml compose.override.yml" {
			t.Errorf("%s", got)
		}
	})
	t.Run("COMPOSE_FILE", func(t *testing.T) {
		a := in(t, "parts", "COMPOSE_FILE=compose.yml:"+OverlayName)
		if got := files(a); got != "compose.yml" || a.service(t, "web").Min != 1 {
			t.Errorf("%s", got)
		}
	})
	t.Run("profiles", func(t *testing.T) {
		if s := in(t, "parts", "COMPOSE_PROFILES=debug").service(t, "debug"); s.Why != "" {
			t.Errorf("%s", s.Why)
		}
	})
	t.Run("variables", func(t *testing.T) {
		if s := in(t, "parts", "WEB_PORT=9999").service(t, "web"); s.Routes[0].Published != 9999 {
			t.Errorf("%+v", s.Routes)
		}
	})
	t.Run("ports taken", func(t *testing.T) {
		if a := in(t, "vote"); !slices.Equal(a.Taken, []int{5000, 5001, 9229}) || a.FreePort(5001) != 5002 || a.FreePort(1) != 1 {
			t.Errorf("%v", a.Taken)
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if _, err := Read(t.Context(), nil, nil, four); !errors.Is(err, ErrNoFile) {
			t.Error(err)
		}
	})
}

// What is wrong in a file is said with its place.
func TestFlaws(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no YAML", "services:\n  web:\n    image: x\n   ports: [1]\n", "compose.yml:3:4: error: yaml: "},
		{"no such key", "services:\n  web:\n    image: x\n    prots: []\n", "compose.yml:4:5: error: services.web.prots: docker compose knows no such key"},
		{"required variable", "services:\n  web:\n    image: ${TAG:?set TAG}\n", "compose.yml:3:5: error: error while interpolating services.web.image: required variable TAG is missing a value: set TAG"},
		{"no such service", "services:\n  web:\n    image: x\n    depends_on: [db]\n", `compose.yml:2:3: error: service "web" depends on undefined service "db"`},
		{"empty", "", "compose.yml: error: empty compose file"},
		{"a list", "- web\n", "compose.yml: error: "},
		{"beyond an anchor", "x-a: &a\n  image: x\nservices:\n  web:\n    <<: *a\n    deploy: {replicas: many}\n", "compose.yml:6:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("compose.yml", []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(t.Context(), nil, nil, four)
			if !errors.As(err, &Flaw{}) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	t.Run("no such file", func(t *testing.T) {
		if _, err := Read(t.Context(), []string{"gone.yml"}, nil, four); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	})
}
