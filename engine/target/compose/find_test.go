package compose

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

func TestPick(t *testing.T) {
	web1 := replica{project: "shop", service: "web", number: 1}
	web2 := replica{project: "shop", service: "web", number: 2}
	db := replica{project: "shop", service: "db", number: 1}
	other := replica{project: "blog", service: "web", number: 1}
	cases := map[string]struct {
		all           []replica
		name, project string
		want          []int
		mentions      string // of the error
		gone          bool
	}{
		"by number":                 {[]replica{web2, db, web1}, "web", "shop", []int{1, 2}, "", false},
		"the only project":          {[]replica{web1, db}, "web", "", []int{1}, "", false},
		"several projects":          {[]replica{web1, other}, "web", "", nil, "several compose projects: blog, shop; name one in target.project", false},
		"no such service":           {[]replica{web1, db}, "wbe", "shop", nil, "no service wbe; it has: db, web", true},
		"no such service anywhere":  {[]replica{web1, db}, "wbe", "", nil, "there are: db, web", true},
		"a project that is down":    {nil, "web", "shop", nil, "compose project shop has no containers", true},
		"nothing of compose at all": {nil, "web", "", nil, "no compose project has containers", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := pick(c.all, c.name, c.project)
			if got := numbers(s.replicas); !slices.Equal(got, c.want) {
				t.Errorf("replicas %v, want %v", got, c.want)
			}
			if (err == nil) != (c.mentions == "") || err != nil && !strings.Contains(err.Error(), c.mentions) {
				t.Errorf("error %v, want %q", err, c.mentions)
			}
			if gone := engine.Gone(""); errors.As(err, &gone) != c.gone {
				t.Errorf("the error is engine.Gone: %t, want %t", !c.gone, c.gone)
			}
		})
	}
}

func TestListedName(t *testing.T) {
	r := listed(container.Summary{Names: []string{"/app/db", "/shop-db-1"}, Labels: map[string]string{numberLabel: "1"}})
	if r.name != "shop-db-1" || r.number != 1 {
		t.Errorf("name %q, number %d: links of others are no names", r.name, r.number)
	}
}

func TestCandidates(t *testing.T) {
	added := func(path string) container.FilesystemChange {
		return container.FilesystemChange{Kind: container.ChangeAdd, Path: path}
	}
	cases := map[string]struct {
		changes []container.FilesystemChange
		mounts  []string
		want    []string
	}{
		"files, not the folders that hold them": {[]container.FilesystemChange{added("/etc"), added("/etc/app"), added("/etc/app/a.conf")}, nil, []string{"etc/app/a.conf"}},
		"nothing that was deleted":              {[]container.FilesystemChange{{Kind: container.ChangeDelete, Path: "/gone"}}, nil, nil},
		"changed files too":                     {[]container.FilesystemChange{{Kind: container.ChangeModify, Path: "/app.conf"}}, nil, []string{"app.conf"}},
		"nothing that is mounted":               {[]container.FilesystemChange{added("/data"), added("/data/x"), added("/database")}, []string{"/data"}, []string{"database"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := candidates(c.changes, c.mounts); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestCopied(t *testing.T) {
	times, err := injection(inspected(func(c *container.InspectResponse) {
		c.Created, c.State.StartedAt = noon.Format(time.RFC3339Nano), noon.Add(time.Hour).Format(time.RFC3339Nano)
	}))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		path string
		stat container.PathStat
		want bool
	}{
		"whole second":               {"app.conf", container.PathStat{Mtime: noon}, true},
		"by a clock that is behind":  {"app.conf", container.PathStat{Mtime: noon.Add(-time.Minute)}, true},
		"before a later start":       {"app.conf", container.PathStat{Mtime: noon.Add(time.Hour)}, true},
		"well after the last start":  {"app.conf", container.PathStat{Mtime: noon.Add(2 * time.Hour)}, false},
		"of the program":             {"app.log", container.PathStat{Mtime: noon.Add(1234567)}, false},
		"unpacked, with its old age": {"app.conf", container.PathStat{Mtime: noon.Add(-time.Hour)}, false},
		"a secret, whatever its age": {"run/secrets/s", container.PathStat{Mtime: noon.Add(1234567)}, true},
		"a link":                     {"run/secrets/s", container.PathStat{Mtime: noon, Mode: 1 << 27}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := times.copied(c.path, c.stat); got != c.want {
				t.Errorf("copied %t, want %t", got, c.want)
			}
		})
	}
}
