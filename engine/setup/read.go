package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

// OverlayName is what the overlay is called, beside the first compose file.
const OverlayName = "docker-compose.autoscale.yml"

// ErrNoFile says that there is no compose file where docker compose would look for one.
var ErrNoFile = errors.New("no compose file here: docker compose looks for compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml, in this folder and those above")

// Read reads the compose application of the current folder as docker compose would: the same files and overrides, .env,
// COMPOSE_FILE, COMPOSE_PROJECT_NAME and COMPOSE_PROFILES. files, where there are any, are those of its -f. env is the
// environment, as os.Environ has it. An overlay among the files is left out: the plan is of the application without it.
// An error of what a file says is what compose-go says of it; ErrNoFile where there is none.
func Read(ctx context.Context, files, env []string, m Machine) (Application, error) {
	project, err := load(ctx, files, env)
	if err != nil {
		return Application{}, err
	}
	app := Application{Project: project.Name, Dir: project.WorkingDir, Files: project.ComposeFiles}
	all := project.AllServices()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		app.Services = append(app.Services, plan(project, all[name], m))
	}
	adviseProxies(&app, all)
	return app, nil
}

func load(ctx context.Context, files, env []string) (*types.Project, error) {
	// compose-go warns by the logger that logrus has for everybody, in its own form, of what docker compose will say too.
	logrus.SetLevel(logrus.ErrorLevel)
	// The order is docker compose's: .env may name the files, and the folder of the first file may have a .env of its own.
	options, err := cli.NewProjectOptions(files, cli.WithEnv(env), cli.WithEnvFiles(), cli.WithDotEnv, cli.WithConfigFileEnv, cli.WithDefaultConfigPath)
	if err != nil {
		return nil, err
	}
	options.ConfigPaths = slices.DeleteFunc(options.ConfigPaths, func(path string) bool { return filepath.Base(path) == OverlayName })
	if len(options.ConfigPaths) == 0 {
		return nil, ErrNoFile
	}
	for _, set := range []cli.ProjectOptionsFn{
		cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles(), cli.WithResolvedPaths(true),
		// A file of secrets for a container need not be there yet.
		cli.WithoutEnvironmentResolution, cli.WithoutLabelsResolution,
	} {
		if err := set(options); err != nil {
			return nil, err
		}
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", strings.Join(options.ConfigPaths, " and "), err)
	}
	return project, nil
}
