package main

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// The same source gives the same bytes wherever it lies, and needs no git.
func TestTheSameBinaryFromTwoFolders(t *testing.T) {
	maker, compiler := metricstest.Program(t, "make", "make"), metricstest.Program(t, "go", "golang")
	var sums [2][sha256.Size]byte
	for i := range sums {
		folder := t.TempDir()
		copySource(t, "../..", folder)
		build := exec.Command(maker, "-s", "binary", "GO="+compiler)
		build.Dir, build.Env = folder, append(os.Environ(), "PATH="+t.TempDir(), "GOFLAGS=") // where there is no git
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("make binary: %v\n%s", err, text)
		}
		binary := filepath.Join(folder, "bin", "flyball")
		text, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(text)
		if bytes.Contains(text, []byte(folder)) {
			t.Errorf("the binary names the folder %s", folder)
		}
		if out, err := exec.Command(binary, "version").Output(); err != nil || !strings.HasPrefix(string(out), "flyball (devel) go") {
			t.Errorf("version prints %q, %v", out, err)
		}
	}
	if sums[0] != sums[1] {
		t.Errorf("%x in one folder, %x in another", sums[0], sums[1])
	}
}

// copySource copies what flyball is built from, the built dashboard included.
func copySource(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "cmd", "engine", "policies", "rego", "schema"} {
		err := filepath.WalkDir(filepath.Join(from, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			at := filepath.Join(to, strings.TrimPrefix(path, from))
			if d.IsDir() && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			if d.IsDir() {
				return os.Mkdir(at, 0o755)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(at, text, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
