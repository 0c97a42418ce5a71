// Package monitoring_test holds the example to what flyball exports, so that it can't rot.
package monitoring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/telemetry"
)

const policy = `
config: limits: minAvailableMemoryMB: 0
policies: web: {
	service: "web", enabled: true, target: driver: "sim", minReplicas: 2, maxReplicas: 4, evaluationInterval: "5s"
	metrics: [{name: "cpu", type: "cpu", source: "system", window: "5s"}]
	thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 25}]
}
`

// exposition is what a simulated daemon answers to a scrape once it has scaled up.
func exposition(t *testing.T) []byte {
	t.Helper()
	dir, err := os.MkdirTemp("", "flyball-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o := app.Options{
		Policies: filepath.Join(dir, "policies.cue"), Read: app.Here, Version: "1.2.3", Enabled: true, Log: slog.New(slog.DiscardHandler),
		Store: filepath.Join(dir, "db"), Socket: filepath.Join(dir, "s"), DockerHost: "unix:///nowhere.sock",
	}
	if err := os.WriteFile(o.Policies, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, nil) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", o.Socket)
	}}}
	t.Cleanup(client.CloseIdleConnections)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if asking, err := api.Dial(o.Socket); err == nil {
			_, _ = asking.Status(ctx) // so that there is an answer to tell of
		}
		page, err := get(client, "http://flyball/metrics")
		if err == nil && bytes.Contains(page, []byte(`flyball_scale_duration_seconds_count{`)) && bytes.Contains(page, []byte("flyball_api_requests_total{")) {
			return page
		}
	}
	t.Fatal("it did not scale up within a minute")
	return nil
}

func get(c *http.Client, url string) ([]byte, error) {
	answer, err := c.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, answer.Status)
	}
	return page, err
}

// rare is what a daemon tells of that has notifications to deliver, which the simulated one has not.
func rare(t *testing.T) []byte {
	t.Helper()
	m := telemetry.New(func() telemetry.State {
		return telemetry.State{
			Store: &telemetry.Store{Outbox: &telemetry.Outbox{}}, Deliveries: []telemetry.Delivery{{Receiver: "slack"}},
		}
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.Bytes()
}

// exported are the labels of each metric, by name.
func exported(t *testing.T, pages ...[]byte) map[string][]string {
	t.Helper()
	all := map[string][]string{"up": nil}
	for _, page := range pages {
		decoder := expfmt.SampleDecoder{Dec: expfmt.NewDecoder(bytes.NewReader(page), expfmt.NewFormat(expfmt.TypeTextPlain)), Opts: &expfmt.DecodeOptions{}}
		for {
			var some model.Vector
			err := decoder.Decode(&some)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range some {
				name := string(one.Metric[model.MetricNameLabel])
				for label := range one.Metric {
					all[name] = append(all[name], string(label))
				}
			}
		}
	}
	return all
}

// query is a question of the rules or the dashboard, with the text in which its labels are shown.
type query struct{ where, expr, shows string }

func rules(t *testing.T) []query {
	t.Helper()
	groups, errs := rulefmt.ParseFile("alerts.yml", false, model.UTF8Validation)
	if errs != nil {
		t.Fatal(errs)
	}
	var all []query
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if r.For == 0 || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks for, severity, summary or description", r.Alert)
			}
			all = append(all, query{r.Alert, r.Expr, strings.Join([]string{r.Annotations["summary"], r.Annotations["description"]}, " ")})
		}
	}
	return all
}

func dashboard(t *testing.T) []query {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr, LegendFormat string }
		}
		Annotations struct {
			List []struct{ Name, Expr, TitleFormat string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var all []query
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %s asks nothing", p.Title)
		}
		for _, one := range p.Targets {
			all = append(all, query{p.Title, one.Expr, one.LegendFormat})
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, query{a.Name, a.Expr, a.TitleFormat})
	}
	for _, v := range d.Templating.List {
		if found := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(v.Definition); found != nil {
			all = append(all, query{"variable " + v.Name, fmt.Sprintf("sum by (%s) (%s)", found[2], found[1]), ""})
		}
	}
	return all
}

// Every metric that the rules and the dashboard ask for is one that a daemon exports, with the labels that they use.
func TestWhatIsAskedForIsExported(t *testing.T) {
	there := exported(t, exposition(t), rare(t))
	asked := append(rules(t), dashboard(t)...)
	if len(asked) < 50 {
		t.Fatalf("%d queries found", len(asked))
	}
	for _, q := range asked {
		expr, err := parser.ParseExpr(strings.NewReplacer("$__rate_interval", "5m").Replace(q.expr))
		if err != nil {
			t.Errorf("%s: %v", q.where, err)
			continue
		}
		known := []string{"job", "instance", "le"} // of anything that is asked for
		var used []string
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			switch n := node.(type) {
			case *parser.VectorSelector:
				of, found := there[n.Name]
				if !found {
					t.Errorf("%s asks for %s, which flyball does not export", q.where, n.Name)
				}
				for _, m := range n.LabelMatchers {
					if m.Name != model.MetricNameLabel && !slices.Contains(append(of, "job", "instance"), m.Name) {
						t.Errorf("%s: %s has no label %s; it has %v", q.where, n.Name, m.Name, slices.Compact(slices.Sorted(slices.Values(of))))
					}
				}
				known = append(known, of...)
			case *parser.AggregateExpr:
				used = append(used, n.Grouping...)
			}
			return nil
		})
		for _, shown := range regexp.MustCompile(`\{\{ *(?:\$labels\.)?(\w+) *\}\}`).FindAllStringSubmatch(q.shows, -1) {
			used = append(used, shown[1])
		}
		for _, label := range used {
			if !slices.Contains(known, label) {
				t.Errorf("%s uses the label %s, which nothing has that it asks for", q.where, label)
			}
		}
	}
}

// Each alert is seen to fire by the rules' own tests.
func TestEveryAlertIsTested(t *testing.T) {
	text, err := os.ReadFile("alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range rules(t) {
		if !regexp.MustCompile(`alertname: ` + q.where + `\n\s+exp_alerts:\n`).Match(text) {
			t.Errorf("%s never fires in alerts_test.yml", q.where)
		}
		if !regexp.MustCompile(`alertname: ` + q.where + `, exp_alerts: \[\]`).Match(text) {
			t.Errorf("%s is never seen to be silent in alerts_test.yml", q.where)
		}
	}
}

func TestLivePromtool(t *testing.T) {
	promtool := metricstest.Program(t, "promtool", "prometheus")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "flyball.token"), []byte("token"), 0o600); err != nil { // which the config names
		t.Fatal(err)
	}
	page := exposition(t)
	for name, c := range map[string]struct {
		args  []string
		stdin []byte
	}{
		"the rules":        {[]string{"check", "rules", "alerts.yml"}, nil},
		"their tests":      {[]string{"test", "rules", "alerts_test.yml"}, nil},
		"the config":       {[]string{"check", "config", "prometheus.yml"}, nil},
		"what is exported": {[]string{"check", "metrics"}, page},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), promtool, c.args...)
			cmd.Dir, cmd.Stdin = dir, bytes.NewReader(c.stdin)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("promtool %s: %v\n%s", strings.Join(c.args, " "), err, out)
			}
		})
	}
}
