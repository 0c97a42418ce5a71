package setup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// with loads an overlay beside a compose file as docker compose does.
func with(t *testing.T, file, overlay string) *types.Project {
	t.Helper()
	p, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  t.TempDir(),
		ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: []byte(file)}, {Filename: OverlayName, Content: []byte(overlay)}},
		Environment: types.Mapping{"COMPOSE_PROJECT_NAME": "shop"},
	}, func(o *loader.Options) {
		o.SetProjectName("shop", true)
		o.SkipResolveEnvironment = true
		o.Profiles = []string{"*"}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, overlay)
	}
	return p
}

var somewhere = Place{Policies: "config/autoscaling", Files: []string{"compose.yaml"}, Overlay: OverlayName, Port: 5001, Socket: "/var/run/docker.sock", Group: 998}

func routed(name string, routes ...Route) Service {
	return Service{Name: name, Min: 1, Max: 4, CPUs: 1, Routes: routes}
}

// text is one that is rendered without a flaw.
func text(t *testing.T) func(string, error) string {
	return func(made string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
}

func TestOverlayMovesPublishedPorts(t *testing.T) {
	a := Application{Project: "shop", Services: []Service{
		{Name: "db", Why: "keeps data"},
		routed("api", Route{HostIP: "127.0.0.1", Published: 80, Target: 80, Mode: ModeHTTP}, Route{HostIP: "::1", Published: 80, Target: 80, Mode: ModeHTTP}),
		routed("web", Route{Published: 8081, Target: 8080, Mode: ModeHTTP}, Route{Published: 9000, Target: 8404, Mode: ModeTCP}),
	}}
	a.Services[2].Ranges = []string{"7000-7009:7000"}
	p := with(t, `
services:
  db: {image: x, ports: ["5432:5432"]}
  api: {image: x, ports: ["127.0.0.1:80:80", "[::1]:80:80"]}
  web: {image: x, ports: ["8081:8080", "9000:8404", "7000-7009:7000"]}
`, text(t)(Overlay(a, somewhere)))
	for name, want := range map[string]string{
		"api": "", "db": ":5432>5432", "web": ":7000-7009>7000",
		"balancer": "127.0.0.1:80>8080 ::1:80>8080 :8081>8081 :9000>8406",
	} {
		var got []string
		for _, port := range p.Services[name].Ports {
			got = append(got, fmt.Sprintf("%s:%s>%d", port.HostIP, port.Published, port.Target))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s publishes %v, want %s", name, got, want)
		}
	}
	if b := text(t)(Balancer(a)); !strings.Contains(b, "bind :8406\n") || !strings.Contains(b, "web:8404") {
		t.Errorf("what a service listens on is not the balancer's own port:\n%s", b)
	}
}

func TestOverlayKeepsToTheServices(t *testing.T) {
	a := Application{Project: "shop", Services: []Service{
		{Name: "flyball", Why: "no", Logs: true}, {Name: "balancer", Why: "no"},
		routed("on", Route{Published: 80, Target: 3000, Mode: ModeHTTP}),
		routed("1.5", Route{Published: 81, Target: 3000, Mode: ModeTCP}),
		{Name: "busy", Min: 1, Max: 2, Grant: 0.5, Health: HealthPort, Port: 3000},
	}}
	a.Services[2].Networks, a.Services[2].Profiles = []string{"no", "default"}, []string{"yes"}
	a.Services[3].Profiles = []string{"yes", "debug"}
	place := somewhere
	place.Policies, place.EnvFile = "it's $HERE: 100%", true
	overlay := text(t)(Overlay(a, place))
	p := with(t, `
services:
  flyball: {image: x, logging: {driver: syslog}}
  balancer: {image: x}
  "on": {image: x, profiles: ["yes"], networks: ["no", default], ports: ["80:3000"]}
  "1.5": {image: x, profiles: ["yes", debug], ports: ["81:3000"]}
  busy: {image: x}
networks: {"no": {}}
`, overlay)
	daemon, balancer := p.Services["autoscaling-flyball"], p.Services["autoscaling-balancer"]
	if p.Services["flyball"].Logging.Driver != "syslog" || p.Services["balancer"].Logging.Driver != "json-file" {
		t.Error("a service keeps the logging it has, and one without gets some")
	}
	if got := fmt.Sprint(balancer.Profiles); got != "[debug yes]" {
		t.Errorf("the balancer is in the profiles %s", got)
	}
	for _, name := range []string{"on", "1.5"} {
		if d, ok := balancer.DependsOn[name]; !ok || d.Required {
			t.Errorf("the balancer depends on %s: %+v", name, d)
		}
	}
	for _, s := range []types.ServiceConfig{daemon, balancer} {
		if len(s.Networks) != 2 {
			t.Errorf("%s is on the networks %v", s.Name, s.Networks)
		}
		if !s.ReadOnly || fmt.Sprint(s.CapDrop) != "[ALL]" {
			t.Errorf("%s may do too much", s.Name)
		}
	}
	if got := filepath.Base(daemon.Volumes[0].Source); got != "it's $HERE: 100%" {
		t.Errorf("the folder of policies is %q", got)
	}
	if b := p.Services["busy"]; b.Deploy.Resources.Limits.NanoCPUs != 0.5 || !strings.Contains(fmt.Sprint(b.HealthCheck.Test), ":0BB8 0*:0000 0A ") {
		t.Errorf("busy gets %+v %v", b.Deploy, b.HealthCheck)
	}
	if !strings.Contains(overlay, "exec autoscaling-flyball flyball enable") {
		t.Errorf("the commands at the top name another service:\n%s", overlay)
	}
}

// What the application keeps in a volume is not flyball's.
func TestOverlayKeepsToTheVolumes(t *testing.T) {
	a := Application{Project: "shop", Volumes: []string{"autoscaling-flyball", "flyball"}, Services: []Service{routed("web")}}
	p := with(t, `
services: {web: {image: x}}
volumes: {flyball: {external: true}, autoscaling-flyball: {}}
`, text(t)(Overlay(a, somewhere)))
	const want = "autoscaling-autoscaling-flyball"
	mounts := p.Services["flyball"].Volumes
	if last := mounts[len(mounts)-1]; last.Source != want || last.Target != "/flyball/.flyball" || p.Volumes[want].Name != "shop_"+want {
		t.Errorf("it keeps its ledger in %+v, of %+v", last, p.Volumes)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("compose.yaml", []byte("services: {web: {image: x}}\nvolumes: {flyball: {}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if a, err := Read(t.Context(), nil, nil, four); err != nil || a.Ledger() != "autoscaling-flyball" {
		t.Errorf("%s, %v", a.Ledger(), err)
	}
}

func TestOverlayWithoutPublishedPortsHasNoBalancer(t *testing.T) {
	a := Application{Services: []Service{{Name: "worker", Min: 1, Max: 2, Grant: 1}}}
	p := with(t, "services: {worker: {image: x}}\n", text(t)(Overlay(a, somewhere)))
	if _, there := p.Services["balancer"]; there || text(t)(Balancer(a)) != "" || a.Entrance() != "" {
		t.Error("a balancer with nothing to do")
	}
}

// The check that the overlay adds finds a port that is listened on, and no other one.
func TestListening(t *testing.T) {
	const table = `  sl  local_address rem_address   st
   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000
   1: 0100007F:1F90 0100007F:0BB9 01 00000000:00000000
   2: 0100007F:0BBA 0100007F:1F90 06 00000000:00000000
`
	for port, want := range map[int]bool{3000: true, 8080: false, 3001: false, 3002: false, 300: false} {
		grep := exec.Command("grep", "-qs", changed{Service: Service{Port: port}}.Listening())
		grep.Stdin = strings.NewReader(table)
		if got := grep.Run() == nil; got != want {
			t.Errorf("port %d: %t", port, got)
		}
	}
}

// HAProxy itself reads what is written for it.
func TestBalancerIsReadByHAProxy(t *testing.T) {
	haproxy := metricstest.Program(t, "haproxy", "haproxy")
	for name, a := range map[string]Application{
		"http": {Project: "shop", Services: []Service{routed("web", Route{Published: 80, Target: 80, Mode: ModeHTTP})}},
		"tcp":  {Project: "shop", Services: []Service{routed("my_mail.out", Route{Published: 25, Target: 25, Mode: ModeTCP})}},
		"both": {Project: "shop", Services: []Service{
			routed("web", Route{Published: 80, Target: 80, Mode: ModeHTTP}), routed("1", Route{Published: 81, Target: 80, Mode: ModeTCP}),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), BalancerFile)
			balancer := text(t)(Balancer(a))
			if err := os.WriteFile(file, []byte(balancer), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(haproxy, "-c", "-f", file).CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
				t.Errorf("%v\n%s\n%s", err, out, balancer)
			}
		})
	}
}
