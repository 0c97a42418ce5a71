package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
)

// Refusal is an error that the caller can mend, with its HTTP status.
type Refusal struct {
	Status int
	Detail string
	Faults []Fault       // in what was sent; none: it is not that
	Wait   time.Duration // until it may be tried again; 0: nothing is known of that
}

func (r Refusal) Error() string { return r.Detail }

// Fault is one thing that is wrong in what was sent.
type Fault struct {
	Location string `json:"location" doc:"Where it is, such as body.metrics[0].type, query.limit or path.service"`
	Message  string `json:"message" doc:"What was found, and what is allowed"`
	Line     int    `json:"line,omitempty" doc:"In the body, of a policy"`
	Column   int    `json:"column,omitempty"`
}

// Problem is an error as RFC 9457 writes it.
type Problem struct {
	Title  string  `json:"title" doc:"The status in words"`
	Status int     `json:"status"`
	Detail string  `json:"detail" doc:"What is wrong, and how to mend it"`
	Errors []Fault `json:"errors,omitempty" doc:"Each thing that is wrong in what was sent"`

	wait time.Duration
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the status to answer with.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are those that go with it.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.wait+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="flyball"`)
	}
	return h
}

// ContentType is that of a problem.
func (*Problem) ContentType(string) string { return "application/problem+json" }

// problemOf maps an error to its status, in this one place. What is not for the caller to know stays in the log.
func problemOf(err error, log *slog.Logger) *Problem {
	var told *Problem
	if errors.As(err, &told) {
		return told
	}
	if wrong := (Invalid{}); errors.As(err, &wrong) {
		return wrong.problem()
	}
	p := Problem{Status: http.StatusInternalServerError, Detail: "see the daemon's log"}
	if mendable := (Refusal{}); errors.As(err, &mendable) {
		p = Problem{Status: mendable.Status, Detail: mendable.Detail, Errors: mendable.Faults, wait: mendable.Wait}
	} else if denied := (auth.Refused{}); errors.As(err, &denied) {
		p = Problem{Status: denied.Status, Detail: denied.Detail, wait: denied.RetryAfter}
	} else if errors.Is(err, store.ErrUnavailable) {
		p = Problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}
	} else if errors.Is(err, context.Canceled) { // who asked has gone, or still hears this
		p = Problem{Status: http.StatusServiceUnavailable, Detail: "the daemon is being stopped"}
	} else {
		log.Error("api", "error", err)
	}
	p.Title = http.StatusText(p.Status)
	return &p
}

// mistaken is what huma finds wrong with a request, as a problem. It says 422 of what is well-formed and not as it should be;
// here that is 400, like all else that is wrong with what was sent.
func mistaken(m *huma.ErrorModel) *Problem {
	p := Problem{Status: m.Status, Detail: m.Detail}
	if p.Status == http.StatusUnprocessableEntity {
		p.Status = http.StatusBadRequest
	}
	p.Title = http.StatusText(p.Status)
	var all []string
	for _, e := range m.Errors {
		f := Fault{Location: e.Location, Message: said(e)}
		p.Errors = append(p.Errors, f)
		all = append(all, strings.TrimPrefix(strings.TrimPrefix(f.Location, "query."), "path.")+": "+f.Message)
	}
	switch {
	case all != nil:
		p.Detail = strings.Join(all, "; ")
	case p.Status == http.StatusRequestEntityTooLarge:
		p.Detail = fmt.Sprintf("the body is larger than %d kB", maxBody>>10)
	case p.Status == http.StatusRequestTimeout:
		p.Detail = fmt.Sprintf("the body did not arrive within %s", bodyTime)
	}
	return &p
}

// said is what is wrong, with the value where that is short and no secret.
func said(e *huma.ErrorDetail) string {
	const shown = 60
	switch value := e.Value.(type) {
	case string, bool, float64, int, int64:
		if text, err := json.Marshal(value); err == nil && len(text) <= shown && e.Location != "body" && !strings.HasSuffix(e.Location, "password") {
			return fmt.Sprintf("%s; found %s", e.Message, text)
		}
	}
	return e.Message
}

// write answers with a problem where no operation does.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller is gone
}

// refusal is a 400 about one place.
func refusal(location, detail string) error {
	return Refusal{Status: http.StatusBadRequest, Detail: detail, Faults: []Fault{{Location: location, Message: detail}}}
}
