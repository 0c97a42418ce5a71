package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Digest sums many notifications up. However many they are, it stays small.
type Digest struct {
	From     time.Time      `json:"since"` // of the first
	To       time.Time      `json:"until"` // of the last
	Counts   map[Kind]int   `json:"counts"`
	Services []Tally        `json:"services"`         // most concerned, the most first
	Others   int            `json:"others,omitempty"` // notifications of services that are not in there
	Troubles []Notification `json:"troubles,omitempty"`
}

// Tally is what a digest says of one service.
type Tally struct {
	Service string       `json:"service"`
	Counts  map[Kind]int `json:"counts"`
	Last    string       `json:"last"` // the text of the newest
}

const (
	mostServices = 20
	mostTroubles = 50
)

// add counts a notification.
func (d *Digest) add(n Notification) {
	d.merge(Digest{From: n.At, To: n.At, Counts: map[Kind]int{n.Kind: 1}, Services: []Tally{{n.Service, map[Kind]int{n.Kind: 1}, n.Text}}})
	if n.Kind.trouble() {
		d.troubled(n)
	}
}

// merge adds what another digest has counted. It may grow beyond what a digest should have, until it is bounded.
func (d *Digest) merge(other Digest) {
	if d.Counts == nil {
		d.Counts = map[Kind]int{}
	}
	if d.From.IsZero() || other.From.Before(d.From) {
		d.From = other.From
	}
	if other.To.After(d.To) {
		d.To = other.To
	}
	for kind, n := range other.Counts {
		d.Counts[kind] += n
	}
	d.Others += other.Others
	for _, t := range other.Services {
		i := slices.IndexFunc(d.Services, func(mine Tally) bool { return mine.Service == t.Service })
		if i < 0 {
			d.Services = append(d.Services, Tally{t.Service, maps.Clone(t.Counts), t.Last})
			continue
		}
		for kind, n := range t.Counts {
			d.Services[i].Counts[kind] += n
		}
		d.Services[i].Last = t.Last
	}
	for _, n := range other.Troubles {
		d.troubled(n)
	}
}

// troubled keeps the newest of each trouble, so that whoever keeps track of them is right in the end.
func (d *Digest) troubled(n Notification) {
	d.Troubles = slices.DeleteFunc(d.Troubles, func(o Notification) bool {
		return o.Reason == n.Reason && o.Policy == n.Policy && o.Service == n.Service
	})
	d.Troubles = append(d.Troubles, n)
}

// bounded keeps the services most concerned, and the newest troubles.
func (d Digest) bounded() Digest {
	slices.SortStableFunc(d.Services, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(total(b.Counts), total(a.Counts)), cmp.Compare(a.Service, b.Service))
	})
	for len(d.Services) > mostServices {
		last := len(d.Services) - 1
		d.Others += total(d.Services[last].Counts)
		d.Services = d.Services[:last]
	}
	if n := len(d.Troubles); n > mostTroubles {
		d.Troubles = slices.Clone(d.Troubles[n-mostTroubles:])
	}
	return d
}

// sum is contents as one digest.
func sum(contents []Content) Digest {
	var d Digest
	for _, c := range contents {
		if c.Notification != nil {
			d.add(*c.Notification)
		}
		if c.Digest != nil {
			d.merge(*c.Digest)
		}
	}
	return d.bounded()
}

func total(counts map[Kind]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// lines are the digest for a person: what it is, the troubles, and a line for each service.
func (d Digest) lines() []string {
	head := fmt.Sprintf("%d notifications summed up, from %s to %s: %s", total(d.Counts), d.From.UTC().Format(time.DateTime),
		d.To.UTC().Format(time.DateTime+" MST"), counted(d.Counts))
	lines := []string{head}
	for _, n := range d.Troubles {
		lines = append(lines, fmt.Sprintf("%s: %s", words(n.Kind), n.Text))
	}
	for _, t := range d.Services {
		if t.Service != "" {
			lines = append(lines, fmt.Sprintf("%s: %s; last: %s", t.Service, counted(t.Counts), t.Last))
		}
	}
	if d.Others > 0 {
		lines = append(lines, fmt.Sprintf("and %d of other services", d.Others))
	}
	return lines
}

func counted(counts map[Kind]int) string {
	var parts []string
	for _, k := range Kinds {
		if n := counts[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, words(k)))
		}
	}
	return strings.Join(parts, ", ")
}

func words(k Kind) string { return strings.ReplaceAll(string(k), "_", " ") }

// lines are what a person is to read of a content.
func (c Content) lines() []string {
	if c.Digest != nil {
		return c.Digest.lines()
	}
	return []string{c.Notification.Text}
}
