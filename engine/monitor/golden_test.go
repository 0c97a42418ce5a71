package monitor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The screen as it is seen, in windows of four sizes, with and without colours. UPDATE_GOLDEN=1 writes the files anew.
func TestScreens(t *testing.T) {
	scenes := map[string]func(*stage){
		"services": func(*stage) {},
		"decision": func(s *stage) { s.keys("end", "up", "enter") },
		"pausing":  func(s *stage) { s.keys("p", "30", "enter", "load test", "enter") },
		"help":     func(s *stage) { s.keys("?") },
	}
	for _, size := range [][2]int{{120, 40}, {80, 24}, {60, 15}, {40, 10}} {
		for name, play := range scenes {
			for _, colors := range []bool{false, true} {
				if colors && name != "services" && name != "decision" {
					continue
				}
				file := fmt.Sprintf("%s-%dx%d", name, size[0], size[1])
				if colors {
					file += "-colors"
				}
				t.Run(file, func(t *testing.T) {
					s := open(t, shop(), size[0], size[1], colors)
					play(s)
					golden(t, file+".txt", s.text()+"\n")
				})
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, strings.TrimSuffix(string(want), "\n"))
	}
}
