package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

// shown is how many series an error names.
const shown = 3

// digits are the characters of a finite number. Go's own parser takes more: 5_0, 0x1p4.
const digits = "0123456789+-.eE"

// answer is what the API answers: https://prometheus.io/docs/prometheus/latest/querying/api/. The client library reads a
// value that is null, or not there, as zero; this must not.
type answer struct {
	Status string
	Data   struct {
		ResultType string
		Result     json.RawMessage
	}
	Error     string
	Warnings  []string
	IsPartial bool // VictoriaMetrics, and what is like it: a part of the servers with the data did not answer
}

// point is a time and a value.
type point []json.RawMessage

type series struct {
	Metric    map[string]string
	Value     point
	Histogram json.RawMessage
}

// read takes the number out of an answer.
func (s *Source) read(status int, body []byte) (float64, error) {
	badQuery := status == http.StatusBadRequest || status == http.StatusUnprocessableEntity
	if status != http.StatusOK && !badQuery {
		return 0, engine.Down{Err: fmt.Errorf("%s answers %d %s: %s", s, status, http.StatusText(status), s.options.quote(string(body)))}
	}
	if len(body) > answerSize {
		return 0, errors.New("the answer is larger than 1 MB; let the query select less, or add it up with sum()")
	}
	var a answer
	err := json.Unmarshal(body, &a)
	switch {
	case err == nil && badQuery && a.Status == "error":
		return 0, fmt.Errorf("%s says: %s", s, s.options.quote(a.Error))
	case err != nil || badQuery || a.Status != "success":
		return 0, engine.Down{Err: fmt.Errorf("%s answers %d and no JSON of Prometheus; is url its address? %s", s, status, s.options.quote(string(body)))}
	case a.IsPartial:
		return 0, errors.New("the answer is partial, so that it is not trusted: a server that has a part of the data did not answer")
	case len(a.Warnings) > 0:
		return 0, fmt.Errorf("the answer has a warning, so that it is not trusted: %s", s.options.quote(strings.Join(a.Warnings, "; ")))
	}
	return a.number()
}

func (a answer) number() (float64, error) {
	switch a.Data.ResultType {
	case "scalar":
		var p point
		if err := json.Unmarshal(a.Data.Result, &p); err != nil {
			return 0, fmt.Errorf("the answer can't be read: %w", err)
		}
		return p.number()
	case "vector":
		var all []series
		if err := json.Unmarshal(a.Data.Result, &all); err != nil {
			return 0, fmt.Errorf("the answer can't be read: %w", err)
		}
		return only(all)
	default:
		return 0, fmt.Errorf("the answer is a %s; allowed: a number or one series", poll.Short(a.Data.ResultType))
	}
}

func only(all []series) (float64, error) {
	switch {
	case len(all) == 0:
		return 0, errors.New("no series")
	case len(all) > 1:
		return 0, fmt.Errorf("%d series, %s; allowed: one, as sum() makes it", len(all), names(all))
	case all[0].Histogram != nil:
		return 0, errors.New("a native histogram; allowed: a number, as histogram_quantile() makes it")
	}
	return all[0].Value.number()
}

// number is the value, which the API writes as a text.
func (p point) number() (float64, error) {
	if len(p) != 2 {
		return 0, errors.New("the answer has no value")
	}
	var text string
	if err := json.Unmarshal(p[1], &text); err != nil || string(p[1]) == "null" {
		return 0, fmt.Errorf("the value is %s; allowed: a number in quotes", poll.Short(string(p[1])))
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, digits) != "" {
		return 0, fmt.Errorf("the value is %s; allowed: a finite number", poll.Short(text))
	}
	return value, nil
}

// names are the first few of several series.
func names(all []series) string {
	var text []string
	for _, s := range all[:min(len(all), shown)] {
		text = append(text, poll.Short(labels.FromMap(s.Metric).String()))
	}
	if len(all) > shown {
		text = append(text, "…")
	}
	return strings.Join(text, ", ")
}
