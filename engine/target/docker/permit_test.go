package docker

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// Whatever a driver calls of the client is either a look, or one of those that are permitted first.
func TestEveryChangeIsPermitted(t *testing.T) {
	permitted := methods(t, "permit.go")
	looks := []string{"Inspect", "InspectWithRaw", "List", "Logs", "Diff", "StatPath", "ExecAttach", "ExecInspect", "Stats", "StatsOneShot", "Top"}
	calls := 0
	for _, folder := range []string{"../compose", "../swarm", "../../metrics/docker", "."} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "permit.go" {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				for _, thing := range []string{"Container", "Network", "Service", "Image", "Volume", "Task", "Node", "Config", "Secret", "Swarm"} {
					what, is := strings.CutPrefix(call.Sel.Name, thing)
					if receiver, of := call.X.(*ast.SelectorExpr); !is || what == "" || !of || receiver.Sel.Name != "docker" && receiver.Sel.Name != "client" && receiver.Sel.Name != "engine" {
						continue
					}
					calls++
					if !slices.Contains(looks, what) && !slices.Contains(permitted, call.Sel.Name) {
						t.Errorf("%s calls %s, which nobody permits: add it to permit.go", file, call.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if calls < 10 {
		t.Errorf("%d calls were found; where are the others?", calls)
	}
}

func methods(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range tree.Decls {
		if f, is := d.(*ast.FuncDecl); is {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

func TestNothingIsCalledWithoutPermission(t *testing.T) {
	e, err := Dial("unix:///nowhere.sock")
	if err != nil {
		t.Fatal(err)
	}
	no := errors.New("another daemon leads")
	e.May = func(context.Context) error { return no }
	ctx := t.Context()
	_, create := e.ContainerCreate(ctx, nil, nil, nil, nil, "web-2")
	_, exec := e.ContainerExecCreate(ctx, "web-2", container.ExecOptions{})
	for name, err := range map[string]error{
		"create": create, "exec": exec, "connect": e.NetworkConnect(ctx, "shop", "web-2", nil),
		"start": e.ContainerStart(ctx, "web-2", container.StartOptions{}), "stop": e.ContainerStop(ctx, "web-2", container.StopOptions{}),
		"remove": e.ContainerRemove(ctx, "web-2", container.RemoveOptions{}),
	} {
		if !errors.Is(err, no) {
			t.Errorf("%s answers %v, want %v", name, err, no)
		}
	}
}
