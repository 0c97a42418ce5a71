package convert

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cuelang.org/go/cue/format"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/flyball-dev/flyball/schema"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

// TestFile converts the first file of each archive under testdata. out.cue is what is printed of it, and said what is told
// beside: remarks, problems, or the error. A comment that begins with --minutes or --seconds is the unit.
func TestFile(t *testing.T) {
	for path, archive := range archives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			out, said := tell(archive.Files[0], options(archive))
			got := &txtar.Archive{Comment: archive.Comment, Files: []txtar.File{
				archive.Files[0], {Name: "out.cue", Data: []byte(out)}, {Name: "said", Data: []byte(said)},
			}}
			if *update {
				if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if want := txtar.Format(archive); !bytes.Equal(txtar.Format(got), want) {
				t.Errorf("got:\n%s\nwant:\n%s", txtar.Format(got), want)
			}
			if canonical, err := format.Source([]byte(out)); out != "" && (err != nil || string(canonical) != out) {
				t.Errorf("not canonical CUE: %v", err)
			}
		})
	}
}

// What is printed is a sound policy: flyball validate says nothing against it.
func TestGoldensLoad(t *testing.T) {
	for path, archive := range archives(t) {
		out, _ := tell(archive.Files[0], options(archive))
		if out == "" {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "out.cue")
			if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
			set, err := schema.Load(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range set.Errors() {
				t.Error(p)
			}
		})
	}
}

// Secrets that stand in a file come out nowhere. Those of the archives have s3cret in them.
func TestSecretsStay(t *testing.T) {
	told := 0
	for path, archive := range archives(t) {
		if !bytes.Contains(archive.Files[0].Data, []byte("s3cret")) {
			continue
		}
		told++
		if out, said := tell(archive.Files[0], options(archive)); strings.Contains(out+said, "s3cret") {
			t.Errorf("%s: a secret came out:\n%s%s", path, out, said)
		}
	}
	if told == 0 {
		t.Error("no archive has a secret")
	}
}

func archives(t *testing.T) map[string]*txtar.Archive {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no archives", err)
	}
	all := map[string]*txtar.Archive{}
	for _, path := range paths {
		if all[path], err = txtar.ParseFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func options(a *txtar.Archive) Options {
	switch comment := string(a.Comment); {
	case strings.HasPrefix(comment, "--minutes"):
		return Options{Unit: time.Minute}
	case strings.HasPrefix(comment, "--seconds"):
		return Options{Unit: time.Second}
	}
	return Options{}
}

func tell(in txtar.File, o Options) (out, said string) {
	got, err := File(in.Name, in.Data, o)
	if err != nil {
		return "", err.Error() + "\n"
	}
	var b strings.Builder
	for _, r := range got.Remarks {
		fmt.Fprintln(&b, r)
	}
	for _, p := range got.Problems {
		fmt.Fprintln(&b, p)
	}
	return got.CUE, b.String()
}

func TestUnit(t *testing.T) {
	const file = `{"name": "web", "service": "web", "minReplicas": 1, "maxReplicas": 2, "cooldownPeriod": %s}`
	for _, c := range []struct {
		name, written string
		unit          time.Duration
		want          string // "": NoUnit
	}{
		{"nobody said", "300", 0, ""},
		{"seconds", "300", time.Second, `"5m"`},
		{"minutes", "300", time.Minute, `"5h"`},
		{"part of a minute", "0.5", time.Minute, `"30s"`},
		{"nothing is nothing in any unit", "0", 0, `"0s"`},
		{"written with its unit", `"90s"`, 0, `"90s"`},
		{"written with its unit, though one is given", `"90s"`, time.Minute, `"90s"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := File("p.json", fmt.Appendf(nil, file, c.written), Options{Unit: c.unit})
			if unsaid := errors.As(err, &NoUnit{}); unsaid != (c.want == "") {
				t.Fatal(err)
			}
			if want := "cooldownPeriod: " + c.want; c.want != "" && !strings.Contains(got.CUE, want) {
				t.Errorf("no %s in\n%s", want, got.CUE)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	if _, err := File("a.yaml", []byte("a: 1"), Options{From: "ecs"}); err == nil || !strings.Contains(err.Error(), "brief, hpa, keda, nomad") {
		t.Error(err)
	}
	for _, c := range []struct{ name, text, from, want string }{
		{"another than it looks like", "kind: HorizontalPodAutoscaler", "keda", "looks like hpa"},
		{"no version", "kind: HorizontalPodAutoscaler", "", "apiVersion is missing; allowed: autoscaling/v2"},
		{"like nothing", "name: web", "", "not a form that import knows"},
		{"like nothing, but said", "name: web", "brief", "service is missing"},
		{"like nothing, but an HPA", "name: web", "hpa", "apiVersion is missing"},
		{"like nothing, but a ScaledObject", "name: web", "keda", "apiVersion is missing"},
		{"like nothing, but a job", "name: web", "nomad", "no group of this job"},
		{"a job inside of something else", "kind: ConfigMap\napiVersion: v1\ndata:\n  a: |\n    job \"a\" {\n", "", "no scaling policy in here"},
		{"nothing", "# nothing\n", "", "no scaling policy in here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := File("a.yaml", []byte(c.text), Options{From: c.from})
			if err != nil || len(got.Problems) == 0 || !strings.Contains(fmt.Sprint(got.Problems), c.want) {
				t.Error(got.Problems, err)
			}
		})
	}
}

// The parser of HCL recurses, and would exhaust the stack.
func TestDeepHCL(t *testing.T) {
	for name, unit := range map[string]string{"not": "!", "minus": "-", "choice": "!a?", "newlines": "!\n", "directive": "%{if a}", "list": "["} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf("job \"a\" {\n  max = (\"${%s\n}", strings.Repeat(unit, 10_000))
			got, err := File("a.hcl", []byte(text), Options{})
			if err != nil || len(got.Problems) != 1 || got.Problems[0].Line < 2 {
				t.Error(got.Problems, err)
			}
		})
	}
}

// A fuzzed text never makes anything but CUE, whatever stands in its names and queries.
func fuzz(f *testing.F, o Options) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := File("fuzz", text, o)
		if err != nil {
			t.Fatal(err)
		}
		if (got.CUE == "") == (len(got.Problems) == 0) && got.CUE == "" {
			t.Error("nothing is converted, and nobody says why")
		}
		for _, p := range got.Problems {
			if strings.Contains(p.Message, "can't be written as CUE") {
				t.Error(p)
			}
		}
		for _, r := range got.Remarks {
			if r.Line < 1 || strings.Contains(r.Message, "\n") {
				t.Errorf("not one line with a place: %q", r)
			}
		}
	})
}

func FuzzData(f *testing.F) { fuzz(f, Options{Unit: time.Second}) }
func FuzzHCL(f *testing.F)  { fuzz(f, Options{From: "nomad"}) }
