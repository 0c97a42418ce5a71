package schema

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

// TestLoad loads the files of each archive under testdata/load as a folder. The file `want` is what comes of it: every
// problem with its place, and every policy that is sound. An archive whose comment says "cue vet" holds mistakes that
// the CUE definitions catch by themselves.
func TestLoad(t *testing.T) {
	archives, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := &txtar.File{Name: "want"}
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = &archive.Files[i]
					continue
				}
				write(t, filepath.Join(dir, f.Name), f.Data)
			}
			set, err := Load(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer(dir+"/", "", dir, "DIR").Replace(tell(set))
			if got != string(want.Data) && !*update {
				t.Errorf("got:\n%s\nwant:\n%s", got, want.Data)
			}
			if strings.Contains(string(archive.Comment), "cue vet") {
				mustFailVet(t, dir)
			}
			if *update {
				if len(want.Data) == 0 {
					archive.Files = append(archive.Files, *want)
					want = &archive.Files[len(archive.Files)-1]
				}
				want.Data = []byte(got)
				write(t, path, txtar.Format(archive))
			}
		})
	}
}

func tell(s Set) string {
	var b strings.Builder
	for _, p := range s.Problems {
		fmt.Fprintln(&b, p)
	}
	for _, p := range s.Policies {
		fmt.Fprintf(&b, "policy %s on %s from %s\n", p.Name, p.Service, p.File)
	}
	return b.String()
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The brief's policies.json, to the letter.
const briefFile = `{
  "policies": [
    {
      "name": "backend-production-scaling",
      "service": "backend",
      "minReplicas": 2,
      "maxReplicas": 8,
      "metrics": [
        {
          "name": "cpu_usage",
          "type": "cpu",
          "source": "system",
          "aggregation": "avg",
          "window": 5,
          "weight": 0.4
        }
      ],
      "thresholds": [
        {
          "metric": "cpu_usage",
          "scaleUp": 70,
          "scaleDown": 25,
          "comparison": "greater_than"
        }
      ],
      "cooldownPeriod": 300,
      "evaluationInterval": 120,
      "enabled": false
    }
  ]
}
`

// The brief's body for creating a policy, its dots filled in.
const briefBody = `{
  "name": "custom-policy",
  "service": "backend",
  "minReplicas": 1,
  "maxReplicas": 5,
  "metrics": [{"name": "cpu_usage", "type": "cpu", "source": "system"}],
  "thresholds": [{"metric": "cpu_usage", "scaleUp": 70, "scaleDown": 25}],
  "enabled": false
}
`

// A folder behind a link is that folder, and messages name its files as the author knows them.
func TestLoadFollowsTheLinkToAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/v1/web.json", []byte(briefBody))
	write(t, dir+"/v1/sub/half.json", []byte(`{"polic`))
	if err := os.Symlink("v1", dir+"/now"); err != nil {
		t.Fatal(err)
	}
	set, err := Load(dir+"/now", nil)
	if err != nil || len(set.Policies) != 1 || set.Policies[0].File != dir+"/now/web.json:1" || len(set.Problems) == 0 || set.Problems[0].File != dir+"/now/sub/half.json" {
		t.Errorf("%v, %s", err, tell(set))
	}
}

// Load names the files of the folder one is in without a ./ before them.
func TestLoadHere(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/web.json", []byte(briefBody))
	t.Chdir(dir)
	if set, err := Load(".", nil); err != nil || tell(set) != "policy custom-policy on backend from web.json:1\n" {
		t.Errorf("%v, %s", err, tell(set))
	}
}

func TestNoMemoryKeptFree(t *testing.T) {
	set, err := Decode("a.json", []byte(`{"config": {"limits": {"minAvailableMemoryMB": 0}}}`), nil)
	if err != nil || len(set.Problems) > 0 || set.Config.MinAvailableMemoryMB == nil || *set.Config.MinAvailableMemoryMB != 0 {
		t.Errorf("%+v %v", set, err)
	}
}

func TestDoubts(t *testing.T) {
	tests := []struct {
		name, text string
		doubts     int
	}{
		{"all is well", briefBody, 0},
		{"a policy is wrong", strings.Replace(briefBody, `"maxReplicas": 5`, `"maxReplicas": 0`, 1), 0},
		{"a setting is wrong", `{"config": {"store": {"path": 5}}}`, 1},
		{"a setting is misspelt", `{"confg": {"store": {"path": "a"}}}`, 1},
		{"half a file", `{"config": {"sto`, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Decode("a.json", []byte(tt.text), nil)
			if err != nil || len(set.Doubts()) != tt.doubts {
				t.Errorf("doubts %v of %v, %v", set.Doubts(), set.Problems, err)
			}
		})
	}
}
