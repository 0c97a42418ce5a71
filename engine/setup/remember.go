package setup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/consts"
	"github.com/compose-spec/compose-go/v2/dotenv"
)

// DotEnv is what docker compose learns of its files where no command names them.
type DotEnv struct {
	Files     string // COMPOSE_FILE in .env; "" where that has none
	Shell     string // COMPOSE_FILE in the environment, which wins over .env
	Separator string // between them
	Cut       bool   // the last line of .env does not end
}

// ReadDotEnv reads the .env of a folder, where there is one. env is the environment, as os.Environ has it.
func ReadDotEnv(dir string, env []string) (DotEnv, error) {
	outside := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		outside[name] = value
	}
	d := DotEnv{Shell: outside[consts.ComposeFilePath]}
	path := filepath.Join(dir, ".env")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	inside, err := dotenv.ParseWithLookup(strings.NewReader(string(text)), func(name string) (string, bool) {
		value, ok := outside[name]
		return value, ok
	})
	if err != nil {
		return d, fmt.Errorf("read %s: %w", path, err)
	}
	d.Files = inside[consts.ComposeFilePath]
	d.Separator = cmp.Or(outside[consts.ComposePathSeparator], inside[consts.ComposePathSeparator])
	d.Cut = len(text) > 0 && !strings.HasSuffix(string(text), "\n")
	return d, nil
}

// Remember are the lines, to copy into a shell in the application's folder, after which each docker compose there takes the overlay
// too; none where it does already.
func (p Place) Remember() []string {
	all := strings.Join(append(slices.Clone(p.Files), p.Overlay), cmp.Or(p.Env.Separator, string(os.PathListSeparator)))
	line := consts.ComposeFilePath + "=" + all
	var lines []string
	switch {
	case p.Env.Files == all:
	case p.Env.Files != "":
		lines = append(lines, fmt.Sprintf("# in .env write %s, in the place of %s=%s", line, consts.ComposeFilePath, p.Env.Files))
	case p.Env.Cut:
		lines = append(lines, fmt.Sprintf(`printf '\n%%s\n' %s >> .env`, shell(line)))
	default:
		lines = append(lines, fmt.Sprintf("echo %s >> .env", shell(line)))
	}
	if p.Env.Shell != "" && p.Env.Shell != all {
		lines = append(lines, "unset COMPOSE_FILE # which would win over .env")
	}
	return lines
}
