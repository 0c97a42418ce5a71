package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"log/slog"
)

func TestMetricsOverTheSocket(t *testing.T) {
	p := &paper{}
	c, err := Dial(serve(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	metrics, err := c.Metrics(t.Context(), "web")
	if err != nil || len(metrics) != 1 || metrics[0].Service != "web" || *metrics[0].Reading.Value != 70 {
		t.Errorf("metrics %+v, %v", metrics, err)
	}
	to := time.Date(2026, 1, 1, 12, 0, 0, 123000000, time.UTC)
	asked := Asked{Service: "web", Metric: "cpu", From: to.Add(-time.Hour), To: to}
	kept, err := c.Samples(t.Context(), asked)
	if err != nil || p.samples != asked || len(kept.Series) != 1 || !kept.Series[0].Points[0].At.Equal(to) {
		t.Errorf("asked %+v, kept %+v, %v", p.samples, kept, err)
	}
	asked.Rollups = true
	if _, err := c.Samples(t.Context(), asked); err != nil || !p.samples.Rollups {
		t.Errorf("asked %+v, %v", p.samples, err)
	}
	value := 12.5
	if err := c.Push(t.Context(), "web", []Pushed{{Metric: "queue", Value: &value, Replica: "web-1", At: to}}); err != nil {
		t.Error(err)
	}
	if len(p.pushed) != 1 || *p.pushed[0].Value != value || p.pushed[0].Replica != "web-1" || !p.pushed[0].At.Equal(to) {
		t.Errorf("pushed %+v", p.pushed)
	}
}

func TestWhatIsAskedOfMetrics(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"now", "GET", "metrics", "", 200, `"metric":"cpu"`},
		{"a day is rollups", "GET", "metrics/web/cpu?last=24h", "", 200, `"success":true`},
		{"last", "GET", "metrics/web/cpu?last=soon", "", 400, `last is \"soon\"; allowed is a length of time such as 90m, 24h or 7d`},
		{"last below zero", "GET", "metrics/web/cpu?last=-1h", "", 400, "allowed is a length of time"},
		{"from", "GET", "metrics/web/cpu?from=yesterday", "", 400, `from is \"yesterday\"; allowed is a time in RFC 3339`},
		{"from after to", "GET", "metrics/web/cpu?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "", 400, "from is not before to"},
		{"resolution", "GET", "metrics/web/cpu?resolution=1m", "", 400, `resolution is \"1m\"; allowed is samples or 5m`},
		{"too many samples", "GET", "metrics/web/cpu?last=9999h&resolution=samples", "", 400, "ask in parts, or with resolution=5m"},
		{"push", "POST", "metrics/web", `{"metrics": {"queue": 1}}`, 200, `"accepted":1`},
		{"push of nothing", "POST", "metrics/web", `{}`, 400, "holds no value"},
		{"push of a text", "POST", "metrics/web", `{"metrics": {"queue": "many"}}`, 400, `body.metrics.queue: expected number; found \"many\"`},
		{"push of 1e100000", "POST", "metrics/web", `{"metrics": {"queue": 1e100000}}`, 400, "1e100000 is a larger number than can be used"},
		{"push of NaN", "POST", "metrics/web", `{"metrics": {"queue": NaN}}`, 400, "invalid character"},
		{"push of null", "POST", "metrics/web", `{"metrics": {"queue": null}}`, 400, "body.metrics.queue: expected number"},
		{"push with garbage behind it", "POST", "metrics/web", `{"metrics": {"queue": 1}} garbage`, 400, "something stands behind its end"},
		{"push without a value", "POST", "metrics/web", `{"samples": [{"metric": "queue"}]}`, 400, "body.samples[0]: expected required property value to be present"},
		{"push of an unknown field", "POST", "metrics/web", `{"metric": {"queue": 1}}`, 400, "body.metric: unexpected property"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/api/autoscaling/"+tt.path, strings.NewReader(tt.body))
			w := httptest.NewRecorder()
			p := &paper{}
			Server{Flyball: p, Log: slog.New(slog.DiscardHandler), Clock: time.Now}.Handler().ServeHTTP(w, r)
			body, _ := io.ReadAll(w.Result().Body)
			if w.Code != tt.status || !strings.Contains(string(body), tt.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, body, tt.status, tt.want)
			}
			if tt.status != http.StatusOK && len(p.pushed) > 0 {
				t.Error("something was pushed all the same")
			}
		})
	}
}
