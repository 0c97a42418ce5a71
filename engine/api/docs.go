package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle string

// chapter is the operations of a tag, as the page shows them.
type chapter struct {
	Name       string
	Operations []described
}

type described struct {
	ID, Method, Path, Summary, About, Action string
	Takes                                    []taken
	Body, Gives                              kind
	Answers                                  string
}

// taken is a parameter, or a field of a schema.
type taken struct {
	Name, In string
	Kind     kind
	Required bool
	About    string
}

// kind is a type, with the schema that it leads to.
type kind struct{ Text, To string }

type form struct {
	Name   string
	Fields []taken
}

// docs is a page about every operation, without a script, and without anything of elsewhere.
func docs(o *huma.OpenAPI) http.HandlerFunc {
	var text bytes.Buffer
	err := template.Must(template.New("docs").Parse(docsPage)).Execute(&text, map[string]any{"Info": o.Info, "Style": template.CSS(docsStyle), "Chapters": chapters(o), "Forms": forms(o)})
	if err != nil {
		panic(err) // the page is part of the program, and a test shows it
	}
	sum := sha256.Sum256([]byte(docsStyle))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text.Bytes()) // the caller is gone
	}
}

func chapters(o *huma.OpenAPI) []chapter {
	by := map[string]*chapter{}
	for path, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			tag := op.Tags[0]
			if by[tag] == nil {
				by[tag] = &chapter{Name: tag}
			}
			by[tag].Operations = append(by[tag].Operations, describe(op, path))
		}
	}
	all := make([]chapter, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		slices.SortFunc(by[name].Operations, func(a, b described) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
		all = append(all, *by[name])
	}
	return all
}

func describe(op *huma.Operation, path string) described {
	action, _ := op.Extensions["x-action"].(string)
	d := described{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, About: op.Description, Action: action}
	for _, p := range op.Parameters {
		d.Takes = append(d.Takes, taken{p.Name, p.In, kindOf(p.Schema), p.Required, cmp.Or(p.Description, p.Schema.Description)})
	}
	if op.RequestBody != nil {
		d.Body = bodyOf(op.RequestBody.Content)
	}
	var errs []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status < "400" {
			d.Gives = bodyOf(op.Responses[status].Content)
		} else {
			errs = append(errs, status)
		}
	}
	d.Answers = strings.Join(errs, ", ")
	return d
}

func bodyOf(content map[string]*huma.MediaType) kind {
	names := slices.Sorted(maps.Keys(content))
	if names == nil {
		return kind{}
	}
	k := kindOf(content[names[0]].Schema)
	if names[0] != "application/json" {
		k.Text += " as " + names[0]
	}
	return k
}

func kindOf(s *huma.Schema) kind {
	switch {
	case s == nil:
		return kind{Text: "anything"}
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return kind{name, name}
	case s.Type == "array":
		of := kindOf(s.Items)
		return kind{"list of " + of.Text, of.To}
	case s.Type == "object":
		if of, is := s.AdditionalProperties.(*huma.Schema); is {
			k := kindOf(of)
			return kind{"by name: " + k.Text, k.To}
		}
		return kind{Text: "object"}
	case s.Type == "":
		return kind{Text: "anything"}
	case s.Format != "" && !strings.HasPrefix(s.Format, "int") && s.Format != "double":
		return kind{Text: fmt.Sprintf("%s, %s", s.Type, s.Format)}
	}
	return kind{Text: s.Type}
}

func forms(o *huma.OpenAPI) []form {
	schemas := o.Components.Schemas.Map()
	var all []form
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		f := form{Name: name}
		s := schemas[name]
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			of := s.Properties[field]
			f.Fields = append(f.Fields, taken{Name: field, Kind: kindOf(of), Required: slices.Contains(s.Required, field), About: of.Description})
		}
		all = append(all, f)
	}
	return all
}
