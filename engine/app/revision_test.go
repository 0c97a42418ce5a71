package app

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/schema"
)

// gitIn runs git in a folder, without the settings of whoever runs the test.
func gitIn(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// committed is a repository with these files; a text that begins with -> is a link.
func committed(t *testing.T, files map[string]string) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(t.TempDir(), "none"))
	folder := t.TempDir()
	gitIn(t, folder, "init", "-q")
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		target, link := strings.CutPrefix(text, "->")
		err := os.WriteFile(path, []byte(text), 0o600)
		if link {
			err = errors.Join(os.Remove(path), os.Symlink(target, path))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	gitIn(t, folder, "add", "-A")
	gitIn(t, folder, "commit", "-q", "-m", "all")
	return folder
}

const jobs = `{"name": "jobs", "service": "jobs", "minReplicas": 1, "maxReplicas": 2, "metrics": [{"name": "c", "type": "cpu", "source": "system"}], "thresholds": [{"metric": "c", "scaleUp": 70, "scaleDown": 25}]}`

func TestRevisionHoldsWhatItNeeds(t *testing.T) {
	folder := committed(t, map[string]string{
		"config/jobs.json": jobs, "config/linked.yaml": "->../shared.cue", "shared.cue": "// nothing\nx: 1", "config/big.bin": "x", "data.json": "{}",
		"config/with space/späte.json": strings.Replace(jobs, `"jobs"`, `"late"`, 1),
	})
	r, err := Find(t.Context(), "HEAD", filepath.Join(folder, "config"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	err = filepath.WalkDir(r.folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(r.folder, path)
			found = append(found, filepath.ToSlash(name))
		}
		return err
	})
	if got, want := strings.Join(found, ", "), "config/jobs.json, config/linked.yaml, config/with space/späte.json, shared.cue"; err != nil || got != want {
		t.Errorf("it holds %s, want %s; %v", got, want, err)
	}
	text, err := os.ReadFile(filepath.Join(r.folder, "config", "jobs.json"))
	if err != nil || string(text) != jobs {
		t.Errorf("jobs.json is %q; %v", text, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(r.folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestRevisionOfOneFile(t *testing.T) {
	folder := committed(t, map[string]string{"jobs.json": jobs, "other.json": "{}"})
	r, err := Find(t.Context(), "HEAD:"+filepath.Join(folder, "jobs.json"), "unused")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l, err := r.Load(t.Context(), Here, "old")
	if err != nil || len(l.Policies) != 1 || l.Policies[0].File != "HEAD:jobs.json:1" {
		t.Errorf("%+v, %v", l.Policies, err)
	}
}

// In a hook git says where its repository is, from another folder than that of the policies.
func TestRevisionInAHook(t *testing.T) {
	folder := committed(t, map[string]string{"config/jobs.json": jobs})
	t.Setenv("GIT_DIR", ".git")
	t.Setenv("GIT_INDEX_FILE", ".git/index")
	r, err := Find(t.Context(), "HEAD", filepath.Join(folder, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A link that leads out of the repository shows nothing of what lies there.
func TestRevisionThatLinksOut(t *testing.T) {
	for _, target := range []string{"/etc/passwd", "../../outside.json"} {
		t.Setenv("TMPDIR", t.TempDir())
		folder := committed(t, map[string]string{"config/a.json": "->" + target, "config/jobs.json": jobs})
		_, err := Find(t.Context(), "HEAD", filepath.Join(folder, "config"))
		if err == nil || !strings.Contains(err.Error(), "config/a.json is a link to "+target+", out of the repository") {
			t.Errorf("a link to %s: %v", target, err)
		}
		left, _ := filepath.Glob(filepath.Join(os.TempDir(), "flyball-diff-*"))
		if len(left) > 0 {
			t.Errorf("left behind: %s", left)
		}
	}
}

func TestRevisionWithoutGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Find(t.Context(), "HEAD", t.TempDir())
	if !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "the git command is needed") {
		t.Error(err)
	}
}

func TestNoRevision(t *testing.T) {
	folder := committed(t, map[string]string{"config/jobs.json": jobs})
	policies := filepath.Join(folder, "config")
	for argument, want := range map[string]string{
		"-p":                          "begins with a dash",
		"--upload-pack=x:" + policies: "begins with a dash",
		":x":                          "allowed: one, or REV or REV:PATH",
		"":                            "allowed: one, or REV or REV:PATH",
		"nowhere":                     "no revision of the git repository",
		"HEAD^{tree}":                 "no revision of the git repository",
		"HEAD:" + policies + "/x":     "there is no",
		"HEAD:" + t.TempDir():         "lies in no git repository",
	} {
		_, err := Find(t.Context(), argument, policies)
		if unknown := NoRevision(""); !errors.As(err, &unknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", argument, err, want)
		}
	}
}

// A setting that is added to the config is compared.
func TestEverySettingIsCompared(t *testing.T) {
	one := 1
	values := map[reflect.Type]any{
		reflect.TypeFor[int](): 3, reflect.TypeFor[*int](): &one, reflect.TypeFor[string](): "x", reflect.TypeFor[time.Duration](): time.Minute,
		reflect.TypeFor[schema.SharedStore](): schema.SharedStore{URL: "redis://x"},
		reflect.TypeFor[schema.API]():         schema.API{Authz: "x"}, reflect.TypeFor[bool](): true,
		reflect.TypeFor[schema.Secret](): schema.Secret{File: "x"}, reflect.TypeFor[[]schema.Source](): []schema.Source{{Name: "x"}},
		reflect.TypeFor[[]string](): []string{"x"}, reflect.TypeFor[schema.Notify](): schema.Notify{Allow: []string{"x"}},
	}
	var config schema.Config
	for i := range reflect.TypeOf(config).NumField() {
		var c schema.Config
		field := reflect.ValueOf(&c).Elem().Field(i)
		field.Set(reflect.ValueOf(values[field.Type()]))
		if len(Diff(Loaded{}, Loaded{Set: schema.Set{Config: c}}).Config) == 0 {
			t.Errorf("another %s is no difference", reflect.TypeOf(c).Field(i).Name)
		}
	}
	for i := range reflect.TypeFor[schema.SharedStore]().NumField() {
		var c schema.Config
		field := reflect.ValueOf(&c.Store).Elem().Field(i)
		field.Set(reflect.ValueOf(values[field.Type()]))
		if len(Diff(Loaded{}, Loaded{Set: schema.Set{Config: c}}).Config) == 0 {
			t.Errorf("another %s of the store is no difference", reflect.TypeFor[schema.SharedStore]().Field(i).Name)
		}
	}
	for i := range reflect.TypeFor[schema.API]().NumField() {
		var c schema.Config
		field := reflect.ValueOf(&c.API).Elem().Field(i)
		field.Set(reflect.ValueOf(values[field.Type()]))
		if len(Diff(Loaded{}, Loaded{Set: schema.Set{Config: c}}).Config) == 0 {
			t.Errorf("another %s of the API is no difference", reflect.TypeFor[schema.API]().Field(i).Name)
		}
	}
	for i := range reflect.TypeFor[schema.Receiver]().NumField() {
		before, after := schema.Receiver{Name: "a"}, schema.Receiver{Name: "a"}
		field := reflect.ValueOf(&after).Elem().Field(i)
		field.Set(reflect.ValueOf(values[field.Type()]))
		of := func(r schema.Receiver) Loaded {
			return Loaded{Set: schema.Set{Config: schema.Config{Notify: schema.Notify{Receivers: []schema.Receiver{r}}}}}
		}
		if len(Diff(of(before), of(after)).Config) == 0 {
			t.Errorf("another %s of a receiver is no difference", reflect.TypeFor[schema.Receiver]().Field(i).Name)
		}
	}
	for i := range reflect.TypeFor[schema.Source]().NumField() {
		before, after := schema.Source{Name: "a"}, schema.Source{Name: "a"}
		field := reflect.ValueOf(&after).Elem().Field(i)
		field.Set(reflect.ValueOf(values[field.Type()]))
		of := func(s schema.Source) Loaded {
			return Loaded{Set: schema.Set{Config: schema.Config{Sources: []schema.Source{s}}}}
		}
		if len(Diff(of(before), of(after)).Config) == 0 {
			t.Errorf("another %s of a source is no difference", reflect.TypeFor[schema.Source]().Field(i).Name)
		}
	}
}

// A default that is written out is no difference.
func TestDiffOfConfigs(t *testing.T) {
	none, default_ := 0, 512
	for name, c := range map[string]struct {
		config schema.Config
		want   string
	}{
		"defaults": {schema.Config{MaxTotalReplicas: 20, MinAvailableMemoryMB: &default_, StorePath: ".flyball/flyball.db", SocketPath: ".flyball/flyball.sock",
			LogLevel: "info", LogFormat: "text", SampleDays: 30, RollupDays: 400, AuditDays: 400, Store: schema.SharedStore{Lease: 10 * time.Second}}, ""},
		"replicas": {schema.Config{MaxTotalReplicas: 30}, "config.limits.maxTotalReplicas 20 → 30"},
		"memory":   {schema.Config{MinAvailableMemoryMB: &none}, "config.limits.minAvailableMemoryMB 512 → 0"},
		"docker":   {schema.Config{DockerHost: "tcp://x"}, "config.docker.host none → tcp://x"},
		"store":    {schema.Config{StorePath: "x"}, "config.store.path .flyball/flyball.db → x"},
		"socket":   {schema.Config{SocketPath: "x"}, "config.socket.path .flyball/flyball.sock → x"},
		"log":      {schema.Config{LogLevel: "warn"}, "config.log.level info → warn"},
		"format":   {schema.Config{LogFormat: "json"}, "config.log.format text → json"},
		"samples":  {schema.Config{SampleDays: 3}, "config.store.sampleDays 30 → 3"},
		"rollups":  {schema.Config{RollupDays: 3}, "config.store.rollupDays 400 → 3"},
		"audit":    {schema.Config{AuditDays: 3}, "config.store.auditDays 400 → 3"},
		"redis": {schema.Config{Store: schema.SharedStore{URL: "redis://redis"}},
			"config.store.path .flyball/flyball.db → none, config.store.url none → redis://redis, config.store.sampleDays 30 → 2, config.store.rollupDays 400 → 30"},
		"source": {schema.Config{Sources: []schema.Source{{Name: "db", Type: "sql", DSN: schema.Secret{Env: "DSN"}}}},
			"config.sources[db].type none → sql, config.sources[db].dsn none → env DSN, config.sources[db].timeout none → 0s, config.sources[db].atOnce none → 0"},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			for _, change := range Diff(Loaded{}, Loaded{Set: schema.Set{Config: c.config}}).Config {
				told = append(told, change.Field+" "+diff.Text(change.Old)+" → "+diff.Text(change.New))
			}
			if got := strings.Join(told, ", "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestDiffOfOnlySome(t *testing.T) {
	old := Loaded{Set: schema.Set{Policies: []engine.Policy{{Name: "a"}, {Name: "b"}}}}
	d := Diff(old, Loaded{})
	some, err := d.Only([]string{"b"}, old, Loaded{})
	if err != nil || len(some.Policies) != 1 || some.Policies[0].Name != "b" {
		t.Errorf("%+v, %v", some, err)
	}
	if _, err := d.Only([]string{"c"}, old, Loaded{}); err == nil {
		t.Error("a policy that neither side has is taken")
	}
}
