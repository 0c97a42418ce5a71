package api

import (
	"context"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

// root is where everything but login is.
const root = "/api/autoscaling/"

// operation is one thing that can be asked for.
type operation struct {
	id      string
	method  string // default: GET
	path    string // below root, or from / on
	summary string
	about   string // more of it
	tag     string
	action  string               // that whoever asks must be permitted; "": anybody may ask
	open    bool                 // it answers whoever asks, and may tell more to those it knows
	late    bool                 // it permits itself, once it has read which service it is about
	local   bool                 // over the Unix socket alone
	kind    string               // of a good answer, where that is not JSON
	also    map[int]reflect.Type // bodies of answers with other statuses
	endless bool                 // it takes as long as it takes
	status  int                  // of a good answer; default: 200
	refuses []int                // statuses beside those that every operation may answer with
}

// answer is a body alone.
type answer[T any] struct{ Body T }

// add has an operation answered by do.
func add[I, O any](s *server, op operation, do func(ctx context.Context, in *I) (*O, error)) {
	path := op.path
	if path[0] != '/' {
		path = root + path
	}
	h := huma.Operation{
		OperationID: op.id, Method: op.method, Path: path, Summary: op.summary, Description: op.about, Tags: []string{op.tag},
		DefaultStatus: op.status, MaxBodyBytes: maxBody, RejectUnknownQueryParameters: true,
		Metadata: map[string]any{"operation": op}, Responses: map[string]*huma.Response{}, Extensions: map[string]any{},
	}
	if h.Method == "" {
		h.Method = http.MethodGet
	}
	if h.BodyReadTimeout = bodyTime; op.endless {
		h.BodyReadTimeout = -1
	}
	if op.action == "" {
		h.Security = []map[string][]string{{}}
	} else {
		h.Extensions["x-action"] = op.action
	}
	if op.kind != "" {
		h.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{op.kind: {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
	for _, status := range s.statuses(op, h.Method) {
		h.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: s.problem}},
		}
	}
	for status, of := range op.also {
		if h.Responses[strconv.Itoa(status)] == nil {
			h.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{}}
		}
		h.Responses[strconv.Itoa(status)].Content["application/json"] = &huma.MediaType{Schema: s.api.OpenAPI().Components.Schemas.Schema(of, true, "")}
	}
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			p := problemOf(err, s.Log)
			return nil, huma.ErrorWithHeaders(p, p.GetHeaders())
		}
		return out, nil
	})
}

// statuses are the errors that an operation may answer with.
func (s *server) statuses(op operation, method string) []int {
	all := append([]int{http.StatusBadRequest, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusTooManyRequests}, op.refuses...)
	if op.action != "" {
		all = append(all, http.StatusUnauthorized)
	}
	if op.action != "" || method != http.MethodGet {
		all = append(all, http.StatusForbidden)
	}
	if method == http.MethodPost || method == http.MethodPut {
		all = append(all, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// exchange is one request with its answer, and who asks.
type exchange struct {
	under
	who    auth.Identity
	cookie bool // who asks is known by a browser's cookie
	status int
}

// under is what huma knows of it.
type under interface{ huma.Context }

// Unwrap is what it is made of.
func (x *exchange) Unwrap() huma.Context { return x.under }

// SetStatus begins the answer. What huma calls 422 is 400 here: see mistaken.
func (x *exchange) SetStatus(status int) {
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	x.status = status
	x.under.SetStatus(status)
}

// Header reads one of the request's. What curl -d sends says that it is a form; nobody posts forms here, and whoever is known
// by a token means JSON. A browser's cookie goes with any page's form, though, so with one it stays a form, which is refused.
func (x *exchange) Header(name string) string {
	value := x.under.Header(name)
	if name == "Content-Type" && value == "application/x-www-form-urlencoded" && !x.cookie {
		return "application/json"
	}
	return value
}

// enter is the way into every operation.
func (s *server) enter(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation().Metadata["operation"].(operation)
	x, began := &exchange{under: ctx}, s.Clock()
	defer func() {
		if failed := recover(); failed != nil {
			s.Log.Error("api", "operation", op.id, "panic", failed, "stack", string(debug.Stack()))
			if x.status == 0 {
				s.refuse(x, problemOf(Refusal{Status: http.StatusInternalServerError, Detail: "see the daemon's log"}, s.Log))
			}
		}
		if s.Observe != nil {
			s.Observe(op.id, x.status, s.Clock().Sub(began))
		}
	}()
	if err := s.admit(x, op); err != nil {
		s.refuse(x, problemOf(err, s.Log))
		return
	}
	if op.endless {
		_, w := unwrap(x)
		endless(w)
	}
	next(x)
}

// refuse answers with a problem before an operation was reached.
func (s *server) refuse(x *exchange, p *Problem) {
	x.status = p.Status
	_, w := unwrap(x)
	p.write(w)
}

// endless lets an answer take as long as it takes.
func endless(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_, _ = c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}) // a recorder of a test has none
}
