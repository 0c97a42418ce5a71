package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// fit is a policy that nothing is wrong with, with more fields.
func fit(name, service, more string) string {
	return fmt.Sprintf(`{"name": %q, "service": %q, "minReplicas": 1, "maxReplicas": 2, "strategy": "schedule", "schedule": [{"from": "08:00", "to": "20:00", "minReplicas": 2}]%s}`, name, service, more)
}

const acts = `, "enabled": true`

func TestPosted(t *testing.T) {
	const web = "policies: web: {service: \"web\", minReplicas: 1, maxReplicas: 2, strategy: \"schedule\", enabled: true, schedule: [{from: \"08:00\", to: \"20:00\", minReplicas: 2}]}\n"
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	tests := []struct {
		name   string
		posted []Posted
		in     string // the policies of the set
		left   string // what is said of those that are not
	}{
		{"beside those in files", []Posted{{Name: "api", Body: []byte(fit("api", "api", acts))}}, "api web", ""},
		{"without a name in it", []Posted{{Name: "api", Body: []byte(strings.Replace(fit("", "api", ""), `"name": "",`, "", 1))}}, "api web", ""},
		{"by another name", []Posted{{Name: "api", Body: []byte(fit("app", "api", ""))}}, "web", `name is "app", and the policy is "api" already`},
		{"without any name", []Posted{{Name: "", Body: []byte(strings.Replace(fit("", "api", ""), `"name": "",`, "", 1))}}, "web", "name is missing"},
		{"a name of a file", []Posted{{Name: "web", Body: []byte(fit("web", "api", ""))}}, "web", `a policy is called "web" already, at DIR/web.cue:1:11; rename one`},
		{"in the place of one in a file", []Posted{{Name: "web", Body: []byte(fit("web", "web", acts)), Instead: true}}, "web", ""},
		{"in the place of one in a file, with a mistake", []Posted{{Name: "web", Body: []byte(fit("web", "web", `, "mode": "loud"`)), Instead: true}}, "", `mode is "loud"; allowed: live, shadow`},
		{"in the place of none", []Posted{{Name: "api", Body: []byte(fit("api", "web", acts)), Instead: true}}, "web", `policies "web" and "api" are both enabled`},
		{"a service of a file", []Posted{{Name: "api", Body: []byte(fit("api", "web", acts))}}, "web", `policies "web" and "api" are both enabled and live on service "web" (the other is at DIR/web.cue:1:26)`},
		{"a service of a file, in shadow", []Posted{{Name: "api", Body: []byte(fit("api", "web", acts+`, "mode": "shadow"`))}}, "api web", ""},
		{"a service of the one before", []Posted{{Name: "a", Body: []byte(fit("a", "api", acts))}, {Name: "b", Body: []byte(fit("b", "api", acts))}}, "a web", `policies "a" and "b" are both enabled`},
		{"a service of a broken one before", []Posted{{Name: "a", Body: []byte(fit("a", "api", acts+`, "mode": "loud"`))}, {Name: "b", Body: []byte(fit("b", "api", acts))}}, "b web", `mode is "loud"; allowed: live, shadow`},
		{"a source that is not there", []Posted{{Name: "a", Body: []byte(fit("a", "api", acts+`, "metrics": [{"name": "m", "type": "custom", "source": "nowhere"}]`))}}, "web", `metrics[0].source is "nowhere", which is not set up`},
		{"config", []Posted{{Name: "api", Body: []byte(fit("api", "api", `, "config": {"limits": {"maxTotalReplicas": 9}}`))}}, "web", "config is the operator's, and stands in files alone; remove it"},
		{"several", []Posted{{Name: "api", Body: []byte(`{"policies": [` + fit("api", "api", "") + `]}`)}}, "web", "policies stands for several; allowed: one policy at a time"},
		{"a list", []Posted{{Name: "api", Body: []byte(`[` + fit("api", "api", "") + `]`)}}, "web", "it is a list; allowed: one policy"},
		{"a field of no policy", []Posted{{Name: "api", Body: []byte(fit("api", "api", `, "file": "/etc/passwd"`))}}, "web", `unknown field "file"`},
		{"CUE", []Posted{{Name: "api", Body: []byte(`service: "api", minReplicas: 1, maxReplicas: 2`)}}, "web", "not JSON"},
		{"YAML", []Posted{{Name: "api", Body: []byte("service: api\nminReplicas: 1")}}, "web", "not JSON"},
		{"nothing", []Posted{{Name: "api", Body: nil}}, "web", "the file is empty"},
		{"twice a field", []Posted{{Name: "api", Body: []byte(fit("api", "api", `, "enabled": false, "enabled": true`))}}, "web", `field "enabled" is written twice`},
		{"a number without end", []Posted{{Name: "api", Body: []byte(fit("api", "api", `, "minConfidence": 1e999999999`))}}, "web", "is not a number that can be used"},
		{"as deep as a well", []Posted{{Name: "api", Body: []byte(deep)}}, "web", "brackets are nested deeper than 100"},
		{"a list without end", []Posted{{Name: "api", Body: []byte(fit("api", "api", `, "metrics": [`+strings.Repeat("0,", 30000)+`0]`))}}, "web", "a list or struct has 30001 entries here; allowed by API are 200"},
		{"two values", []Posted{{Name: "api", Body: []byte(fit("api", "api", "") + `{}`)}}, "web", "not JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "web.cue"), []byte(web), 0o600); err != nil {
				t.Fatal(err)
			}
			set, err := Load(dir, nil, tt.posted...)
			if err != nil || len(set.Errors()) > 0 {
				t.Fatalf("%v, %v", set.Errors(), err)
			}
			var in, left []string
			for _, p := range set.Policies {
				in = append(in, p.Name)
			}
			for _, l := range set.Left {
				for _, p := range l.Problems {
					left = append(left, p.Message)
				}
			}
			inFiles := 1
			if tt.posted[0].Instead && tt.posted[0].Name == "web" {
				inFiles = 0
			}
			if got := strings.Join(in, " "); got != tt.in || len(set.Posted) != len(in)-inFiles || len(set.Files) != 1 {
				t.Errorf("in are %q, of which posted %q, of files %q", got, set.Posted, set.Files)
			}
			said := strings.ReplaceAll(strings.Join(left, "\n"), filepath.ToSlash(dir), "DIR")
			if !strings.Contains(said, tt.left) || (said == "") != (tt.left == "") {
				t.Errorf("left out for %q, want %q", said, tt.left)
			}
			for _, l := range set.Left {
				if l.Rival != (strings.Contains(said, "is called") || strings.Contains(said, "both enabled")) {
					t.Errorf("%s: rival %v", said, l.Rival)
				}
			}
		})
	}
}

// A mistake in a posted policy is told of at its place, by its field.
func TestPostedAtItsPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.cue")
	if err := os.WriteFile(file, []byte("policies: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(file, nil, Posted{Name: "api", Body: []byte("{\"service\": \"api\",\n \"minReplicas\": 5, \"maxReplicas\": 2, \"strategy\": \"schedule\", \"schedule\": [{\"from\": \"08:00\", \"to\": \"20:00\", \"minReplicas\": 2}]}")})
	want := engine.Problem{File: "api/api", Line: 2, Column: 35, Policy: "api", Path: "maxReplicas", Message: "maxReplicas 2 lies under minReplicas 5; raise maxReplicas or lower minReplicas"}
	if err != nil || len(set.Left) != 1 || set.Left[0].Problems[0] != want {
		t.Errorf("%+v, %v", set.Left, err)
	}
}

// What the author wrote of a policy is without the config that stands beside it.
func TestWrittenIsThePolicyAlone(t *testing.T) {
	set, err := Decode("web.json", []byte(fit("web", "web", `, "config": {"limits": {"maxTotalReplicas": 9}}`)), nil)
	if err != nil || len(set.Errors()) > 0 || strings.Contains(string(set.Written["web"]), "config") || !strings.Contains(string(set.Written["web"]), "minReplicas") {
		t.Errorf("%s, %v, %v", set.Written["web"], set.Errors(), err)
	}
}
