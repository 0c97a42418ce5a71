package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the OpenAPI document of a daemon, which answers at a place.
type contract struct {
	document map[string]any
	schemas  *jsonschema.Compiler
	ask      func(*http.Request) (*http.Response, error)
}

// Whatever is asked of a daemon, the answer is one that the document declares: its status, its kind, and its shape by another
// library than the one that wrote the document. Requests are drawn from the document, half of them with something wrong.
func TestAnswersAreThoseOfTheDocument(t *testing.T) {
	times := 60
	if os.Getenv("FLYBALL_SOAK") != "" {
		times = 5000
	}
	c := ofDaemon(t)
	paths := c.document["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for method, op := range paths[path].(map[string]any) {
			t.Run(method+" "+path, func(t *testing.T) {
				draw := rand.New(rand.NewPCG(1, uint64(len(path))))
				seen := map[string]int{}
				for range times {
					seen[c.try(t, draw, strings.ToUpper(method), path, op.(map[string]any))]++
				}
				t.Log(seen)
			})
		}
	}
}

// ofDaemon runs a daemon and reads its document.
func ofDaemon(t *testing.T) *contract {
	t.Helper()
	o, _ := place(t)
	o.Enabled, o.Listen = true, none // another daemon on the machine may have the port
	a := begin(t, o)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", o.Socket)
		},
		DisableCompression: true,
	}}
	t.Cleanup(client.CloseIdleConnections)
	var text []byte
	for text == nil {
		res, err := client.Get("http://flyball/api/openapi.json")
		if err != nil { // it does not listen yet
			<-time.After(10 * time.Millisecond)
			continue
		}
		text, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return contractOf(t, text, client.Do)
}

// contractOf reads a document.
func contractOf(t *testing.T, text []byte, ask func(*http.Request) (*http.Response, error)) *contract {
	t.Helper()
	c := &contract{schemas: jsonschema.NewCompiler(), ask: ask}
	if err := json.Unmarshal(text, &c.document); err != nil {
		t.Fatal(err)
	}
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource("http://flyball/openapi.json", c.document); err != nil {
		t.Fatal(err)
	}
	return c
}

// try asks once, and says what came of it.
func (c *contract) try(t *testing.T, draw *rand.Rand, method, path string, op map[string]any) string {
	t.Helper()
	at, header, query := path, http.Header{}, url.Values{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := p.(map[string]any)
		name, in := p["name"].(string), p["in"].(string)
		value := word(draw, name)
		switch {
		case in == "path":
			at = strings.ReplaceAll(at, "{"+name+"}", url.PathEscape(value))
		case draw.IntN(2) > 0:
		case in == "query":
			query.Set(name, value)
		case in == "header":
			header.Set(name, value)
		}
	}
	if draw.IntN(20) == 0 {
		query.Set("unheard", "of")
	}
	var body []byte
	if taken, is := op["requestBody"].(map[string]any); is {
		schema := taken["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
		body, _ = json.Marshal(c.value(draw, schema, 0))
		if draw.IntN(4) == 0 {
			body = spoilt(draw, body)
		}
		header.Set("Content-Type", "application/json")
		if draw.IntN(20) == 0 {
			header.Set("Content-Type", "text/csv")
		}
	}
	// A stream ends when nobody listens any more.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://flyball"+at+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := c.ask(req)
	if err != nil {
		t.Fatalf("%s %s %s: %v", method, req.URL, body, err)
	}
	return c.hold(t, method, path, op, req, body, res)
}

// hold holds an answer to what the document declares of the operation, and says which status it has.
func (c *contract) hold(t *testing.T, method, path string, op map[string]any, req *http.Request, body []byte, res *http.Response) string {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	declared, is := op["responses"].(map[string]any)[strconv.Itoa(res.StatusCode)].(map[string]any)
	if !is {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 500))
		t.Errorf("%s %s %s: %s is not declared: %s", method, req.URL, body, res.Status, text)
		return res.Status
	}
	if strings.HasPrefix(kind, "text/") {
		return res.Status
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 500 && res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s %s %s: %s %s", method, req.URL, body, res.Status, text)
	}
	content, _ := declared["content"].(map[string]any)
	if content == nil {
		if len(text) > 0 {
			t.Errorf("%s %s: %s has a body, which is not declared: %s", method, req.URL, res.Status, text)
		}
		return res.Status
	}
	if content[kind] == nil {
		t.Errorf("%s %s: %s as %q is not declared", method, req.URL, res.Status, kind)
		return res.Status
	}
	pointer := fmt.Sprintf("#/paths/%s/%s/responses/%d/content/%s/schema", escaped(path), strings.ToLower(method), res.StatusCode, escaped(kind))
	schema, err := c.schemas.Compile("http://flyball/openapi.json" + pointer)
	if err != nil {
		t.Fatalf("the document's schema at %s: %v", pointer, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s %s %s: %s %s\nis not as declared: %v", method, req.URL, body, res.Status, text, err)
	}
	return res.Status
}

func escaped(text string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(text))
}

// word is something that may stand for a parameter.
func word(draw *rand.Rand, name string) string {
	good := map[string][]string{
		"service": {"web"}, "name": {"web"}, "metric": {"cpu_usage"}, "limit": {"1", "1000"}, "after": {"0", "3"}, "id": {"1", "2"}, "decision": {"1"},
		"since": {"7d", "2026-01-01"}, "last": {"1h"}, "from": {"2026-01-01T00:00:00Z"}, "to": {"2026-02-01T00:00:00Z"}, "at": {"2026-01-01T00:00:00Z"},
		"kind": {"event", "daemon"}, "resolution": {"5m", "samples"}, "services": {"web", "web,web"}, "points": {"10", "60"}, "Last-Event-ID": {"1"}, "If-Match": {`"x"`},
	}
	bad := []string{"nobody", "-1", "99999999999999999999", "..x", "a/b", "../../etc/passwd", "a b", "<script>", "';--", "%00", "ž", strings.Repeat("x", 200)}
	if few := good[name]; few != nil && draw.IntN(3) > 0 {
		return few[draw.IntN(len(few))]
	}
	return bad[draw.IntN(len(bad))]
}

// value is one that a schema allows, for the most part.
func (c *contract) value(draw *rand.Rand, schema map[string]any, depth int) any {
	if ref, is := schema["$ref"].(string); is {
		at := any(c.document)
		for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(map[string]any)[part]
		}
		return c.value(draw, at.(map[string]any), depth)
	}
	kind, _ := schema["type"].(string)
	if several, is := schema["type"].([]any); is {
		kind = several[draw.IntN(len(several))].(string)
	}
	if draw.IntN(30) == 0 {
		kind = []string{"object", "array", "string", "number", "boolean", "null"}[draw.IntN(6)]
	}
	if few, is := schema["enum"].([]any); is && draw.IntN(10) > 0 {
		return few[draw.IntN(len(few))]
	}
	switch kind {
	case "boolean":
		return draw.IntN(2) == 0
	case "integer":
		return draw.IntN(12) - 2
	case "number":
		return draw.NormFloat64() * 100
	case "string":
		if schema["format"] == "date-time" {
			return "2026-01-01T00:00:00Z"
		}
		return []string{"web", "cpu_usage", "", "a reason", "ana@example.com", "\u202e<b>"}[draw.IntN(6)]
	case "array":
		items, _ := schema["items"].(map[string]any)
		list := []any{}
		for range draw.IntN(3) {
			list = append(list, c.value(draw, items, depth+1))
		}
		return list
	case "null":
		return nil
	}
	object := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(required, any(name)) && draw.IntN(20) > 0 || draw.IntN(2) == 0 {
			object[name] = c.value(draw, properties[name].(map[string]any), depth+1)
		}
	}
	if of, is := schema["additionalProperties"].(map[string]any); is {
		object[word(draw, "metric")] = c.value(draw, of, depth+1)
	}
	return object
}

// spoilt is a body with something wrong.
func spoilt(draw *rand.Rand, body []byte) []byte {
	switch draw.IntN(6) {
	case 0:
		return body[:len(body)/2]
	case 1:
		return []byte(strings.Repeat("[", 1000))
	case 2:
		return bytes.Repeat([]byte("x"), 70<<10)
	case 3:
		return []byte(`{"a": 1, "a": 2}`)
	case 4:
		return nil
	}
	return append(slices.Clone(body), '}')
}
