package setup

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/consts"
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
// What is wrong in a file is a Flaw; ErrNoFile says that there is none.
func Read(ctx context.Context, files, env []string, m Machine) (Application, error) {
	project, err := load(ctx, files, env, alone)
	if err != nil {
		return Application{}, err
	}
	app := Application{Project: project.Name, Dir: project.WorkingDir, Files: project.ComposeFiles, Volumes: slices.Sorted(maps.Keys(project.Volumes))}
	all := project.AllServices()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		app.Services = append(app.Services, plan(project, all[name], m))
		for _, port := range all[name].Ports {
			app.Taken = append(app.Taken, taken(port)...)
		}
	}
	slices.Sort(app.Taken)
	adviseProxies(&app, all)
	return app, nil
}

// view is what of a project is read.
type view int

const (
	alone    view = iota // its files without the overlay
	overlaid             // with the overlay beside the first one
	lax                  // overlaid, also where docker compose would refuse what comes of it
)

// load reads the files of a project.
func load(ctx context.Context, files, env []string, as view) (*types.Project, error) {
	// compose-go warns by the logger that logrus has for everybody, in its own form, of what docker compose will say too.
	logrus.SetLevel(logrus.ErrorLevel)
	// The order is docker compose's: .env may name the files, and the folder of the first file may have a .env of its own.
	options, err := cli.NewProjectOptions(files, cli.WithEnv(env), cli.WithEnvFiles(), cli.WithDotEnv, withoutOverlay, cli.WithConfigFileEnv, cli.WithDefaultConfigPath)
	if err != nil {
		return nil, err
	}
	options.ConfigPaths = slices.DeleteFunc(options.ConfigPaths, isOverlay)
	if len(options.ConfigPaths) == 0 {
		return nil, ErrNoFile
	}
	if as != alone {
		options.ConfigPaths = append(options.ConfigPaths, filepath.Join(filepath.Dir(options.ConfigPaths[0]), OverlayName))
	}
	for i, path := range options.ConfigPaths {
		if options.ConfigPaths[i], err = filepath.Abs(path); err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	for _, set := range []cli.ProjectOptionsFn{
		cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles(), cli.WithResolvedPaths(true), cli.WithConsistency(as != lax),
		// A file of secrets for a container need not be there yet.
		cli.WithoutEnvironmentResolution, cli.WithoutLabelsResolution,
	} {
		if err := set(options); err != nil {
			return nil, err
		}
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, flaw(options.ConfigPaths, err)
	}
	return project, nil
}

// withoutOverlay takes the overlay out of COMPOSE_FILE, whether it is there yet or not.
func withoutOverlay(o *cli.ProjectOptions) error {
	separator := cmp.Or(o.Environment[consts.ComposePathSeparator], string(os.PathListSeparator))
	files := slices.DeleteFunc(strings.Split(o.Environment[consts.ComposeFilePath], separator), isOverlay)
	if left := strings.Join(files, separator); left != "" {
		o.Environment[consts.ComposeFilePath] = left
	} else { // empty, it would name the folder
		delete(o.Environment, consts.ComposeFilePath)
	}
	return nil
}

func isOverlay(path string) bool { return filepath.Base(path) == OverlayName }
