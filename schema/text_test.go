package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func TestScreen(t *testing.T) {
	deep := strings.Repeat("[", 101) + strings.Repeat("]", 101)
	cases := []struct{ name, file, text, want string }{
		{"too big", "a.json", strings.Repeat(" ", maxBytes+1), "a.json: error: the file has 1048577 bytes; allowed: at most 1048576; split it"},
		{"an empty story", "a.scenario.yaml", " \n", "a.scenario.yaml: error: the file is empty; write steps, or remove the file"},
		{"empty", "a.json", " \n", "a.json: error: the file is empty; write a policy, or remove the file"},
		{"byte order mark", "a.json", "\uFEFF{}", "a.json:1:1: error: a byte order mark (U+FEFF); save the file as UTF-8 without one"},
		{"utf-16", "a.json", "{\"\xff\": 1}", "a.json:1:3: error: byte 0xff is not UTF-8; save the file as UTF-8"},
		{"NUL", "a.json", "{\n\x00}", "a.json:2:1: error: a NUL character; save the file as plain text in UTF-8"},
		{"bidi", "a.json", "{\"a\u202e\": 1}", "a.json:1:4: error: the invisible character U+202E, which changes the order that text is shown in; remove it"},
		{"deep JSON", "a.json", deep, "a.json:1:101: error: brackets are nested deeper than 100; write it flatter"},
		{"deep YAML", "a.yaml", "a: " + strings.Repeat("- ", 150) + "1", "a.yaml: error: not YAML: block sequence entries are not allowed in this context"},
		{"deep YAML list", "a.yaml", strings.Repeat("- ", 150) + "1", "a.yaml:1:203: error: values are nested deeper than 100; write it flatter"},
		{"carriage returns", "a.yaml", "#\n# a\rb#", "a.yaml:2:4: error: the character U+000D ends a line here, to YAML alone; end lines with a line feed (U+000A)"},
		{"line separator", "a.yaml", "a: 'b\u2028c'", "a.yaml:1:6: error: the character U+2028 ends a line here, to YAML alone; end lines with a line feed (U+000A)"},
		{"deep CUE", "a.cue", "a: " + deep, "a.cue:1:104: error: brackets are nested deeper than 100; write it flatter"},
		{"long CUE path", "a.cue", strings.Repeat("a:", 2000) + "1", "a.cue:1:2001: error: an expression of more than 2000 tokens; split it"},
		{"long CUE expression", "a.cue", "a: 1" + strings.Repeat("+1", 2000), "a.cue:1:2002: error: an expression of more than 2000 tokens; split it"},
		{"long range", "a.cue", "import \"list\"\na: [for x in list.Range(0, 100000, 1) {x}]", "a.cue:2:28: error: 100000 is more than may be repeated; allowed: at most 1000"},
		{"many signs", "a.cue", "a: " + strings.Repeat("-", 100000) + "1", "a.cue:1:2002: error: an expression of more than 2000 tokens; split it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			write(t, path, []byte(c.text))
			set, err := Load(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Problems) != 1 || strings.ReplaceAll(set.Problems[0].String(), dir+"/", "") != c.want {
				t.Errorf("got %v, want %s", set.Problems, c.want)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "nowhere"), nil); err == nil || !strings.Contains(err.Error(), "load policies: stat ") {
		t.Error("a missing path:", err)
	}
	write(t, filepath.Join(dir, "notes.txt"), []byte("x"))
	if _, err := Load(filepath.Join(dir, "notes.txt"), nil); err == nil || !strings.Contains(err.Error(), "is not a .cue, .json") {
		t.Error("another file:", err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "a.cue")); err != nil {
		t.Fatal(err)
	}
	set, err := Load(dir, nil)
	if err != nil || len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Message, "can't be read: ") {
		t.Error("a dangling link:", set.Problems, err)
	}
}

// Whatever the text, loading ends, without a panic, and every problem says where.
func fuzz(f *testing.F, name string, seeds ...string) {
	archives, _ := filepath.Glob("testdata/load/*.txtar")
	for _, path := range archives {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range bytes.Split(text, []byte("\n-- "))[1:] {
			if head, body, _ := bytes.Cut(part, []byte("\n")); strings.HasSuffix(string(head), filepath.Ext(name)+" --") {
				f.Add(body)
			}
		}
	}
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := check([]file{{path: name, kind: kindOf(name), text: text}}, "", false, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range set.Problems {
			if p.File == "" || strings.TrimSpace(p.Message) == "" || strings.HasPrefix(p.File, importPath) {
				t.Errorf("a problem without place or message: %#v", p)
			}
		}
		for _, p := range set.Policies {
			sane(t, p)
		}
	})
}

func sane(t *testing.T, p engine.Policy) {
	t.Helper()
	if p.Name == "" || p.Service == "" || p.MinReplicas < 1 || p.MaxReplicas < p.MinReplicas || p.ScaleUpBy < 1 ||
		p.ScaleDownBy < 1 || p.EvaluationInterval <= 0 || p.Cooldown.Up < 0 || p.Revision == "" {
		t.Errorf("let through: %+v", p)
	}
}

func FuzzCUE(f *testing.F)  { fuzz(f, "fuzz.cue") }
func FuzzJSON(f *testing.F) { fuzz(f, "fuzz.json", briefFile, briefBody) }
func FuzzYAML(f *testing.F) { fuzz(f, "fuzz.yaml", briefFile) }
