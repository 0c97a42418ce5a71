package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// mistaken is what huma finds wrong with a request to an operation, as a problem. It says 422 of what is well-formed and not as it
// should be; here that is 400, like all else that is wrong with what was sent.
func mistaken(m *huma.ErrorModel, op *huma.Operation, schemas huma.Registry) *Problem {
	p := Problem{Status: m.Status, Detail: m.Detail}
	if p.Status == http.StatusUnprocessableEntity {
		p.Status = http.StatusBadRequest
	}
	p.Title = http.StatusText(p.Status)
	var all []string
	for _, e := range m.Errors {
		f := Fault{Location: e.Location, Message: said(e) + allowed(e, op, schemas)}
		p.Errors = append(p.Errors, f)
		all = append(all, strings.TrimPrefix(strings.TrimPrefix(f.Location, "query."), "path.")+": "+f.Message)
	}
	switch {
	case p.Status == http.StatusUnsupportedMediaType:
		p.Detail, p.Errors = "the content type is not application/json, which alone is allowed", nil
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

// allowed are the names that may stand where an unknown one does; nothing where that is not what is wrong.
func allowed(e *huma.ErrorDetail, op *huma.Operation, schemas huma.Registry) string {
	at, _, nested := strings.Cut(strings.TrimPrefix(e.Location, "body."), ".")
	var names []string
	switch {
	case e.Message == "unknown query parameter":
		for _, p := range op.Parameters {
			if p.In == "query" {
				names = append(names, p.Name)
			}
		}
	case e.Message == "unexpected property" && op.RequestBody != nil && !nested && !strings.Contains(at, "["):
		s := op.RequestBody.Content["application/json"].Schema
		if s.Ref != "" {
			s = schemas.SchemaFromRef(s.Ref)
		}
		for name := range s.Properties {
			names = append(names, name)
		}
	default:
		return ""
	}
	if names == nil {
		return "; none is allowed"
	}
	slices.Sort(names)
	return "; allowed are " + strings.Join(names, ", ")
}
