package scrape

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/flyball-dev/flyball/engine"
)

const (
	shortest = 5 * time.Second // range of a rate: sources are asked once a second at most, and five make a window
	longest  = time.Minute
)

// Default is the query of a metric that has none of its own, by its type, over the names that Prometheus's client
// libraries teach. Its range is the metric's window, from 5 s to 1 m.
//
//   - request_rate: requests a minute, of all replicas (http_requests_total).
//   - error_rate: percent with a status of 5xx, of those that have a status in the label code, status or status_code, such
//     as 200 or 2xx.
//   - response_time: milliseconds (http_request_duration_seconds_bucket), the quantile that the metric's aggregation
//     names, else the 95th percentile.
//   - queue_length: what waits, of all replicas (queue_length).
//
// Where the counters are there and nothing was asked, nothing fails and nobody waits: error_rate and response_time are 0.
// Where they are not there, or tell no status, there is no answer.
func Default(m engine.Metric) (query string, ok bool) {
	span := model.Duration(min(max(m.Window, shortest), longest).Truncate(time.Millisecond))
	switch m.Type {
	case "request_rate":
		return fmt.Sprintf(`60 * sum(rate(http_requests_total[%s]))`, span), true
	case "error_rate":
		return fmt.Sprintf(errorRate, span), true
	case "response_time":
		return fmt.Sprintf(responseTime, quantile(m.Aggregation), span), true
	case "queue_length":
		return `sum(queue_length)`, true
	default:
		return "", false
	}
}

const (
	// A series with several of the labels is in the first part of the or that it fits, and there alone. What has no status
	// is left out: whether it fails is not known. clamp_min is for 0 of 0 requests; the lowest rate that is not 0 is 1 a
	// minute.
	errorRate = `100 * (sum(` + failed + `) or vector(0)) / clamp_min(sum(` + counted + `), 1e-9)`
	failed    = `rate(http_requests_total{code=~"5.."}[%[1]s]) or rate(http_requests_total{status=~"5.."}[%[1]s])` +
		` or rate(http_requests_total{status_code=~"5.."}[%[1]s])`
	counted = `rate(http_requests_total{code=~"[1-5].."}[%[1]s]) or rate(http_requests_total{status=~"[1-5].."}[%[1]s])` +
		` or rate(http_requests_total{status_code=~"[1-5].."}[%[1]s])`

	// The quantile of no requests is NaN, which >= drops. Of a histogram that has requests and no usable buckets it is NaN
	// too: that is not 0.
	responseTime = `1000 * (histogram_quantile(%[1]s, sum by (le) (rate(http_request_duration_seconds_bucket[%[2]s]))) >= 0` +
		` or 0 * (sum(rate(http_request_duration_seconds_bucket{le="+Inf"}[%[2]s])) == 0))`
)

func quantile(aggregation string) string {
	switch aggregation {
	case "p50":
		return "0.5"
	case "p90":
		return "0.9"
	case "p99":
		return "0.99"
	default:
		return "0.95"
	}
}
