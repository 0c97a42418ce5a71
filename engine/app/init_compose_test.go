package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/format"
	cueload "cuelang.org/go/cue/load"
	"github.com/flyball-dev/flyball/engine/setup"
)

var initDir = filepath.Join("config", "autoscaling")

// stack is an application of setup's testdata in a folder of its own, which becomes the current one, on a machine of four CPUs.
func stack(t *testing.T, name string) {
	t.Helper()
	from, err := filepath.Abs(filepath.Join("..", "setup", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_HOST", "unix://"+fourCPUs(t))
	t.Chdir(dir)
}

// fourCPUs is the socket of an engine that tells what its machine has, and no more.
func fourCPUs(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fb") // a socket's path has at most some 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/info") {
			fmt.Fprintf(w, `{"NCPU": 4, "MemTotal": %d}`, int64(8)<<30)
		}
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return socket
}

// What init writes is right at once, whatever the application: nothing to warn of, its scenario passes, and so does plain CUE.
func TestInitComposeWritesWhatIsRight(t *testing.T) {
	for _, name := range []string{"vote", "shop", "front", "mixed", "parts", "site"} {
		t.Run(name, func(t *testing.T) {
			stack(t, name)
			laid, err := InitCompose(t.Context(), Ask{Dir: initDir})
			if err != nil {
				t.Fatal(err)
			}
			l, err := CheckCompose(t.Context(), Here, Ask{Dir: initDir})
			if err != nil || len(l.Problems) > 0 {
				t.Errorf("%v %v", l.Problems, err)
			}
			if want := len(laid.Application.Scalable()); len(l.Policies) != want {
				t.Errorf("%d policies for %d services", len(l.Policies), want)
			}
			if v := Test(t.Context(), Here, l); v.Failed() > 0 || len(v.Problems) > 0 || len(v.Tests) == 0 {
				t.Errorf("%+v", v)
			}
			vet(t, initDir)
		})
	}
}

// vet does what `cue vet` does, and `cue fmt --check`.
func vet(t *testing.T, dir string) {
	t.Helper()
	inst := cueload.Instances([]string{"."}, &cueload.Config{Dir: dir})[0]
	if inst.Err != nil {
		t.Fatal(inst.Err)
	}
	if err := cuecontext.New().BuildInstance(inst).Validate(cue.Concrete(true)); err != nil {
		t.Error(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.cue"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if tidy, err := format.Source(text); err != nil || string(tidy) != string(text) {
			t.Errorf("cue fmt writes %s otherwise (%v):\n%s", file, err, tidy)
		}
	}
}

// The files as they are read by those who get them. UPDATE_GOLDEN=1 writes them anew.
func TestInitComposeGolden(t *testing.T) {
	golden, err := filepath.Abs(filepath.Join("testdata", "init"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vote", "shop"} {
		t.Run(name, func(t *testing.T) {
			stack(t, name)
			laid, err := InitCompose(t.Context(), Ask{Dir: initDir})
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range laid.Written {
				if filepath.Base(path) == "cue.mod" {
					continue
				}
				got, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				want := filepath.Join(golden, name, strings.TrimPrefix(filepath.Base(path), "."))
				if os.Getenv("UPDATE_GOLDEN") != "" {
					if err := os.MkdirAll(filepath.Dir(want), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(want, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if text, err := os.ReadFile(want); err != nil || string(text) != string(got) {
					t.Errorf("%s differs from %s (%v); UPDATE_GOLDEN=1 writes it anew:\n%s", path, want, err, got)
				}
			}
		})
	}
}

func TestInitComposeWritesNothing(t *testing.T) {
	t.Run("where no service can scale", func(t *testing.T) {
		stack(t, "watch")
		laid, err := InitCompose(t.Context(), Ask{Dir: initDir})
		if !errors.Is(err, ErrNoneScales) || len(laid.Application.Services) == 0 {
			t.Errorf("%+v %v", laid, err)
		}
		mustBeAbsent(t, "config")
	})
	t.Run("where a file is there", func(t *testing.T) {
		stack(t, "vote")
		if err := os.MkdirAll(initDir, 0o755); err != nil {
			t.Fatal(err)
		}
		flyball := filepath.Join(initDir, "flyball.cue")
		if err := os.WriteFile(flyball, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := InitCompose(t.Context(), Ask{Dir: initDir}); err == nil || !strings.Contains(err.Error(), "there already: "+flyball+";") {
			t.Error(err)
		}
		mustBeAbsent(t, filepath.Join(initDir, "policies.cue"))
		laid, err := InitCompose(t.Context(), Ask{Dir: initDir, Force: true})
		if err != nil || !slices.Equal(laid.Kept, []string{flyball + ".old"}) {
			t.Errorf("%v %v", laid.Kept, err)
		}
		if text, err := os.ReadFile(flyball + ".old"); err != nil || string(text) != "mine" {
			t.Errorf("%s %v", text, err)
		}
		if _, err := InitCompose(t.Context(), Ask{Dir: initDir, Force: true}); err == nil || !strings.Contains(err.Error(), flyball+".old") {
			t.Errorf("what was kept is in danger: %v", err)
		}
	})
}

// What could not be written to the end is not there at all, and init can be asked again.
func TestInitComposeTakesBack(t *testing.T) {
	stack(t, "vote")
	inTheWay, flyball := filepath.Join(initDir, "cue.mod"), filepath.Join(initDir, "flyball.cue")
	if err := os.MkdirAll(initDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{inTheWay, flyball} {
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	laid, err := InitCompose(t.Context(), Ask{Dir: initDir, Force: true})
	if err == nil || !strings.Contains(err.Error(), "vendor the schema: ") || len(laid.Written)+len(laid.Kept) > 0 {
		t.Fatalf("%v %v %v", laid.Written, laid.Kept, err)
	}
	for _, path := range []string{inTheWay, flyball} {
		if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
			t.Errorf("%s: %s %v", path, text, err)
		}
	}
	mustBeAbsent(t, filepath.Join(initDir, "policies.cue"))
	mustBeAbsent(t, setup.OverlayName)
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if laid, err = InitCompose(t.Context(), Ask{Dir: initDir, Force: true}); err != nil || !slices.Equal(laid.Kept, []string{flyball + ".old"}) {
		t.Errorf("%v %v", laid.Kept, err)
	}
}

func mustBeAbsent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there: %v", path, err)
	}
}

// Where no engine answers, this machine is the one that counts, and nobody waits long for that.
func TestInitComposeWithoutDocker(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if m := machine(ctx); m.CPUs < 1 || ctx.Err() != nil {
		t.Errorf("%+v %v", m, ctx.Err())
	}
}

func TestInitComposeFindsTheSocket(t *testing.T) {
	stack(t, "parts")
	socket := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	a, err := setup.Read(t.Context(), nil, nil, setup.Machine{CPUs: 4})
	if err != nil {
		t.Fatal(err)
	}
	p, err := surroundings(a, Ask{Dir: initDir, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	want := setup.Place{
		Policies: "config/autoscaling", Files: []string{"compose.yml", "compose.override.yml"}, Overlay: setup.OverlayName,
		EnvFile: true, Port: 5001, Socket: socket, Group: groupOf(info),
	}
	if fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", p, want)
	}
}
