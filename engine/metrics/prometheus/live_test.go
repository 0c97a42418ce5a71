package prometheus

import (
	"errors"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

const patience = 2 * time.Minute

// traffic is a target that serves 10 requests a second, each of which takes between 0.1 and 0.2 s, by the clock: however
// late it is scraped, the rate is right.
type traffic struct{ begun time.Time }

func (t traffic) Describe(c chan<- *prometheus.Desc) { prometheus.DescribeByCollect(t, c) }

func (t traffic) Collect(c chan<- prometheus.Metric) {
	n := 10 * time.Since(t.begun).Seconds()
	c <- prometheus.MustNewConstMetric(prometheus.NewDesc("http_requests_total", "Requests.", nil, nil), prometheus.CounterValue, n)
	c <- prometheus.MustNewConstHistogram(prometheus.NewDesc("http_request_duration_seconds", "Durations.", nil, nil),
		uint64(n), 0.15*n, map[float64]uint64{0.1: 0, 0.2: uint64(n), 0.5: uint64(n)})
	empty := prometheus.NewDesc("quiet_duration_seconds", "Of nothing.", nil, nil)
	c <- prometheus.MustNewConstHistogram(empty, 0, 0, map[float64]uint64{0.1: 0, 0.2: 0})
}

func TestLivePrometheus(t *testing.T) {
	targets := make([]string, 2)
	for i := range targets {
		r := prometheus.NewRegistry()
		r.MustRegister(traffic{time.Now()})
		target := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
		defer target.Close()
		targets[i] = target.Listener.Addr().String()
	}
	s, err := New(Options{URL: metricstest.Prometheus(t, targets...)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		name, query string
		want, about float64
		err         string
	}{
		{"a rate", `sum(rate(http_requests_total[5s]))`, 20, 2, ""},
		{"a quantile", `histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[5s])))`, 0.15, 0.005, ""},
		{"a scalar", `scalar(sum(up)) * 2`, 4, 0, ""},
		{"none", `sum(rate(no_such_total[5s]))`, 0, 0, "no series"},
		{"several", `up`, 0, 0, `2 series, {__name__="up", instance="127.0.0.1:`},
		{"of nothing", `histogram_quantile(0.5, sum by (le) (rate(quiet_duration_seconds_bucket[5s])))`, 0, 0, "the value is NaN"},
		{"division by zero", `sum(up) / 0`, 0, 0, "the value is +Inf"},
		{"bad", `sum(up`, 0, 0, "says: invalid parameter \"query\": 1:7: parse error"},
		{"it fails", `label_replace(up, "a", "b", "(", "(")`, 0, 0, "says: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var value float64
			var err error
			for begun := time.Now(); time.Since(begun) < patience; time.Sleep(100 * time.Millisecond) {
				value, err = s.Ask(t.Context(), c.query)
				switch {
				case err == nil && c.err == "" && math.Abs(value-c.want) <= c.about:
					return
				case err != nil && c.err != "" && strings.Contains(err.Error(), c.err):
					if down := (engine.Down{}); errors.As(err, &down) {
						t.Errorf("%v: held against Prometheus", err)
					}
					return
				}
			}
			t.Errorf("%v, %v; want %v %s", value, err, c.want, c.err)
		})
	}
}

// Nobody listens: Prometheus is down.
func TestLiveNobodyListens(t *testing.T) {
	s, err := New(Options{URL: "http://" + metricstest.Address(metricstest.Port(t))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Ask(t.Context(), "up")
	if down := (engine.Down{}); !errors.As(err, &down) || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}
