package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// BalancerFile is the name of the balancer's configuration, in the folder of policies.
const BalancerFile = "haproxy.cfg"

// Daemon is what the overlay calls the service that flyball runs in.
func (a Application) Daemon() string { return a.unused("flyball") }

// Entrance is what the overlay calls the service that takes over published ports; "" where there are none.
func (a Application) Entrance() string {
	if len(entrances(a)) == 0 {
		return ""
	}
	return a.unused("balancer")
}

// unused is a name that no service has.
func (a Application) unused(name string) string {
	for slices.ContainsFunc(a.Services, func(s Service) bool { return s.Name == name }) {
		name = "autoscaling-" + name
	}
	return name
}

// Ledger is what the overlay calls the volume of flyball's state.
func (a Application) Ledger() string {
	name := a.Daemon()
	for slices.Contains(a.Volumes, name) {
		name = "autoscaling-" + name
	}
	return name
}

// Overlay is the compose file that adds autoscaling to an application: flyball, the balancer, and to the application's own
// services what they lack.
func Overlay(a Application, p Place) (string, error) {
	o := overlay{Application: a, Place: p, Entrances: entrances(a)}
	for _, s := range a.Services {
		if c := changeOf(s); c != (change{}) {
			o.Changes = append(o.Changes, changed{s, c})
		}
	}
	return render(overlayText, o)
}

// overlay is what the text is made of.
type overlay struct {
	Application
	Place
	Entrances []entrance
	Changes   []changed
}

// changed is a service of the application with what it is given.
type changed struct {
	Service
	change
}

type change struct{ Unpublish, Limit, Check, Rotate bool }

func changeOf(s Service) change {
	can := s.Why == ""
	return change{
		Unpublish: can && len(s.Routes) > 0,
		Limit:     can && s.Grant > 0,
		Check:     can && s.Health == HealthPort && s.Port != 0,
		Rotate:    !s.Logs,
	}
}

// Command is the beginning of each command with the overlay, in the application's folder.
func (p Place) Command() string {
	words := []string{"docker compose"}
	for _, file := range append(slices.Clone(p.Files), p.Overlay) {
		words = append(words, "-f "+shell(file))
	}
	return strings.Join(words, " ")
}

// ComposeNames are the files that it goes with, in words.
func (o overlay) ComposeNames() string { return strings.Join(o.Place.Files, " and ") }

func (o overlay) Config() string { return path.Join(o.Policies, BalancerFile) }

// behind are the services that the balancer is in front of, by name.
func (o overlay) behind() []Service {
	var all []Service
	for _, s := range o.Scalable() {
		if len(s.Routes) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func (o overlay) Behind() []Service { return o.behind() }

// Reached are the networks on which the balancer finds them: none is the one that compose gives whoever asks for none.
func (o overlay) Reached() []string {
	names := map[string]bool{}
	for _, s := range o.behind() {
		for _, n := range s.Networks {
			names[n] = true
		}
		if len(s.Networks) == 0 {
			names["default"] = true
		}
	}
	if len(names) == 1 && names["default"] {
		return nil
	}
	return slices.Sorted(maps.Keys(names))
}

// Asked are the profiles in which the balancer runs: none where a service behind it always does.
func (o overlay) Asked() []string {
	var all []string
	for _, s := range o.behind() {
		if len(s.Profiles) == 0 {
			return nil
		}
		all = append(all, s.Profiles...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Listening finds, in the kernel's table of TCP sockets, one that listens on the service's port.
func (c changed) Listening() string { return fmt.Sprintf(":%04X 0*:0000 0A ", c.Port) }

// Where a text needs no quotes: neither YAML 1.1 nor 1.2 takes it for anything else.
var (
	bare = regexp.MustCompile(`^[A-Za-z./][A-Za-z0-9_./-]*$`)
	word = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null|\.+|\.inf|\.nan)$`)
)

// scalar is a text as a value in a compose file, in which a dollar sign begins a variable.
func scalar(text string) string {
	text = strings.ReplaceAll(text, "$", "$$")
	if bare.MatchString(text) && !word.MatchString(text) {
		return text
	}
	quoted, _ := json.Marshal(text) // a text is never refused, and YAML reads what JSON writes
	return string(quoted)
}

func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = scalar(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// shell is a text as a word of a command.
func shell(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`).MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
