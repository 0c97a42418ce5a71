package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is to be written into .env goes by what is there.
func TestRemember(t *testing.T) {
	const both = "compose.yaml:" + OverlayName
	for _, test := range []struct{ name, dotenv, shell, file, want string }{
		{"no .env", "", "", "compose.yaml", "echo COMPOSE_FILE=" + both + " >> .env"},
		{"a blank in the name", "", "", "a b.yml", "echo 'COMPOSE_FILE=a b.yml:" + OverlayName + "' >> .env"},
		{"other variables", "A=1\n", "", "compose.yaml", "echo COMPOSE_FILE=" + both + " >> .env"},
		{"a last line without an end", "A=1", "", "compose.yaml", `printf '\n%s\n' COMPOSE_FILE=` + both + " >> .env"},
		{"both", "COMPOSE_FILE=" + both + "\n", "", "compose.yaml", ""},
		{"quoted, with a variable", "D=compose\nCOMPOSE_FILE=\"$D.yaml:" + OverlayName + "\" # all\n", "", "compose.yaml", ""},
		{"the file alone", "COMPOSE_FILE=compose.yaml\n", "", "compose.yaml", "# in .env write COMPOSE_FILE=" + both + ", in the place of COMPOSE_FILE=compose.yaml"},
		{"a separator", "COMPOSE_PATH_SEPARATOR=;\n", "", "compose.yaml", "echo 'COMPOSE_FILE=compose.yaml;" + OverlayName + "' >> .env"},
		{"both in the shell", "COMPOSE_FILE=" + both, both, "compose.yaml", ""},
		{"the file alone in the shell", "COMPOSE_FILE=" + both, "compose.yaml", "compose.yaml", "unset COMPOSE_FILE # which would win over .env"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.dotenv != "" {
				if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(test.dotenv), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := Place{Files: []string{test.file}, Overlay: OverlayName}
			var err error
			if p.Env, err = ReadDotEnv(dir, []string{"HOME=/", "COMPOSE_FILE=" + test.shell}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(p.Remember(), "\n"); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("A='\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadDotEnv(dir, nil); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, ".env")) {
		t.Errorf("%v", err)
	}
}
