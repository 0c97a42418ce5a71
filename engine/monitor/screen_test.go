package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// marked is the service with the mark.
func (s *stage) marked() string {
	for _, line := range s.frame() {
		if rest, is := strings.CutPrefix(line, "▸ "); is {
			name, _, _ := strings.Cut(rest, " ")
			return name
		}
	}
	return ""
}

func many(n int) *paper {
	d := &paper{status: api.Status{Enabled: true}}
	for i := range n {
		name := fmt.Sprintf("s%03d", i)
		d.status.Policies = append(d.status.Policies, api.PolicyStatus{
			Name: name, Service: name, Enabled: true, State: api.State{Name: api.IsActive}, CurrentReplicas: 2, ReadyReplicas: 2, MinReplicas: 1, MaxReplicas: 8,
			LastEvaluation: &noon, Metrics: map[string]engine.Reading{"cpu_usage": engine.Reads(float64(i % 100))}, Reason: "WithinThresholds", Action: engine.Hold,
		})
	}
	return d
}

func TestMoving(t *testing.T) {
	for name, c := range map[string]struct {
		keys   []string
		marked string
		first  string // that is seen
	}{
		"at first":          {nil, "s000", "s000"},
		"down":              {[]string{"down", "j"}, "s002", "s000"},
		"not above":         {[]string{"up"}, "s000", "s000"},
		"to the end":        {[]string{"end"}, "s099", "s090"},
		"not below":         {[]string{"end", "down"}, "s099", "s090"},
		"a page":            {[]string{"pgdown"}, "s009", "s000"},
		"two pages":         {[]string{"pgdown", "pgdown"}, "s018", "s009"},
		"and back":          {[]string{"pgdown", "pgdown", "pgup"}, "s009", "s009"},
		"home":              {[]string{"end", "home"}, "s000", "s000"},
		"filtered":          {[]string{"/", "07", "enter"}, "s007", "s007"},
		"within the filter": {[]string{"/", "07", "enter", "end"}, "s079", "s070"},
		"while one filters": {[]string{"/", "07", "down"}, "s070", "s007"},
		"no filter again":   {[]string{"end", "/", "07", "enter", "esc"}, "s007", "s000"},
		"by state":          {[]string{"/", "ACTIVE"}, "s000", "s000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, many(100), 80, 13, false) // ten services
			s.keys(c.keys...)
			if got := s.marked(); got != c.marked {
				t.Errorf("%q is chosen, want %q:\n%s", got, c.marked, s.text())
			}
			if line := s.frame()[2]; !strings.HasPrefix(line[len("▸ "):], c.first) && !strings.HasPrefix(line, "  "+c.first) {
				t.Errorf("the first is %q, want %q", line, c.first)
			}
		})
	}
}

// Another size of the window keeps the chosen service in view.
func TestResizing(t *testing.T) {
	s := open(t, many(100), 80, 40, false)
	s.keys("pgdown", "down")
	chosen := s.marked()
	for _, size := range [][2]int{{40, 10}, {1, 1}, {200, 50}, {3, 2}, {80, 13}} {
		s.play(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
	}
	if got := s.marked(); got != chosen || chosen == "" {
		t.Errorf("%q was chosen, and now it is %q", chosen, got)
	}
}

func TestPanes(t *testing.T) {
	s := open(t, shop(), 80, 24, false)
	for _, step := range []struct {
		key  string
		seen string
	}{
		{"tab", "━ Decision on api"}, {"tab", "━ Events"}, {"tab", "─ Events"}, {"enter", "━ Decision on api"}, {"esc", "─ Decision on api"}, {"?", "the next pane"}, {"x", "─ Decision on api"},
	} {
		if s.keys(step.key); !strings.Contains(s.text(), step.seen) {
			t.Fatalf("after %s %q is not seen in\n%s", step.key, step.seen, s.text())
		}
	}
	s.play(tea.WindowSizeMsg{Width: 80, Height: 12})
	s.keys("enter", "down", "down")
	if text := s.text(); !strings.Contains(text, "decided at 11:59:56") || strings.Contains(text, "api: hold, 3 → 3") {
		t.Errorf("it is not scrolled by two lines:\n%s", text)
	}
	s.keys("end")
	if !strings.Contains(s.text(), "without CooldownActive it would") {
		t.Errorf("the end is not seen:\n%s", s.text())
	}
}

func TestQuit(t *testing.T) {
	for name, keys := range map[string][]string{"q": {"q"}, "ctrl+c": {"ctrl+c"}, "while one filters": {"/", "x", "ctrl+c"}} {
		t.Run(name, func(t *testing.T) {
			d := shop()
			s := open(t, d, 80, 24, false)
			if s.keys(keys...); !slices.Contains(d.asked, "quit") {
				t.Errorf("it goes on: %q", d.asked)
			}
		})
	}
}

// What happens is seen at once.
func TestHearing(t *testing.T) {
	d := shop()
	s := open(t, d, 120, 30, false)
	worker := d.status.Policies[4]
	worker.Open, worker.CurrentReplicas, worker.ReadyReplicas, worker.State = nil, 7, 7, api.State{Name: api.IsActive}
	s.play(heard{
		{Policy: &worker},
		{Entry: &store.Entry{At: noon, Actor: "policy worker", Kind: store.OfEvent, Service: "worker", Policy: "worker", Event: "worker-7", Message: "scale_up from 4 to 6 succeeded"}},
	})
	for _, want := range []string{"worker       active             7  1-12     █████", "· 13 of 20 replicas ·", "12:00:00 worker scale_up from 4 to 6 succeeded"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not seen in\n%s", want, s.text())
		}
	}

	s.play(heard{{Lost: errors.New("connection refused")}})
	for _, want := range []string{"not connected, and asking again: connection refused", "· not connected"} {
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not seen in\n%s", want, s.text())
		}
	}
	s.play(heard{{Status: &d.status}})
	if strings.Contains(s.text(), "not connected") {
		t.Errorf("it is connected again:\n%s", s.text())
	}
}

// What a status alone tells is asked for when it has changed; each thing that is not known is asked for once.
func TestWondering(t *testing.T) {
	d := shop()
	s := open(t, d, 120, 30, false)
	if got, want := strings.Join(d.asked, "; "), "trends api,mail,web,worker; explain api"; got != want {
		t.Errorf("at first %q is asked for, want %q", got, want)
	}
	d.asked = nil
	d.status.Pause = &api.Pause{Actor: "ben", Reason: "an update"}
	s.play(heard{{Entry: entry(store.OfPause, "", "all services are paused: an update")}})
	if got, want := strings.Join(d.asked, "; "), "status"; got != want {
		t.Errorf("after a pause %q is asked for, want %q", got, want)
	}
	if !strings.Contains(s.text(), "paused: all services, by ben, until resumed: an update") {
		t.Errorf("the pause is not seen:\n%s", s.text())
	}

	d.asked = nil
	web := d.status.Policies[0]
	web.LastEvaluation = ptr(noon.Add(time.Second))
	s.play(heard{{Policy: &web}})
	if len(d.asked) > 0 {
		t.Errorf("a decision that was just explained is asked for again: %q", d.asked)
	}
	s.play(tick(noon.Add(pace)))
	if got, want := strings.Join(d.asked, "; "), "explain api"; got != want {
		t.Errorf("a newer decision has %q asked for, want %q", got, want)
	}
	s.play(tick(noon.Add(10 * pace)))
	if len(d.asked) > 1 {
		t.Errorf("the same decision is asked for again: %q", d.asked)
	}

	d.asked, d.status.Pause = nil, nil
	s.play(tick(noon.Add(2*time.Minute)), tick(noon.Add(2*time.Minute+time.Second)))
	asked := slices.DeleteFunc(d.asked, func(what string) bool { return what != "status" })
	if len(asked) != 1 || strings.Contains(s.text(), "paused: all services") {
		t.Errorf("after two minutes a status is asked for %d times, want once:\n%s", len(asked), s.text())
	}
}

// Bounds that a policy has now are shown soon, whether a change is told or not.
func TestOtherBounds(t *testing.T) {
	d := shop()
	s := open(t, d, 120, 30, false)
	bound := 60.0
	d.trends = func(ask api.TrendsAsk) api.Trends {
		all := shopTrends(ask)
		for i := range all.Trends {
			for j := range all.Trends[i].Metrics {
				all.Trends[i].Metrics[j].ScaleUp = ptr(bound)
			}
		}
		return all
	}
	reads := func(want string) {
		t.Helper()
		if !strings.Contains(s.text(), want) {
			t.Errorf("%q is not seen in\n%s", want, s.text())
		}
	}
	reads("cpu_usage 82.5/70")
	d.asked = nil
	s.play(heard{{Entry: &store.Entry{At: noon, Kind: store.OfPolicy, Service: "web", Policy: "web", Message: "changed"}}})
	reads("cpu_usage 82.5/60")
	if !slices.Contains(d.asked, "trends web") {
		t.Errorf("a change has %q asked for", d.asked)
	}

	bound, d.asked = 55, nil
	s.play(tick(noon.Add(retrace - time.Second)))
	reads("cpu_usage 82.5/60")
	s.play(tick(noon.Add(retrace)), tick(noon.Add(retrace+time.Second)))
	reads("cpu_usage 82.5/55")
	asked := slices.DeleteFunc(d.asked, func(what string) bool { return !strings.HasPrefix(what, "trends") })
	if want := []string{"trends api,mail,web,worker"}; !slices.Equal(asked, want) {
		t.Errorf("in a little more than %s %q is asked for, want %q", retrace, asked, want)
	}

	bound = 50
	web := d.status.Policies[3]
	web.Metrics = map[string]engine.Reading{"memory_usage": engine.Reads(41), "queue_length": engine.Reads(51)}
	s.play(heard{{Policy: &web}})
	reads("queue_length 51/50") // of a metric that is new
}

// Seconds are counted down between what the daemon tells.
func TestCountingDown(t *testing.T) {
	s := open(t, shop(), 120, 30, false)
	s.play(tick(noon.Add(54 * time.Second)))
	if !strings.Contains(s.text(), "cooling 1m40s") {
		t.Errorf("after 54 s of 2m34s there is\n%s", s.text())
	}
	s.daemon.fail = errors.New("away") // else it would tell anew
	s.play(tick(noon.Add(time.Hour)))
	if !strings.Contains(s.text(), "cooling 0s") {
		t.Errorf("after an hour of 2m34s there is\n%s", s.text())
	}
}

func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*api.Status)
		seen   string
	}{
		"off":                {func(s *api.Status) { s.Enabled = false }, "flyball · autoscaling off · "},
		"dry run":            {func(s *api.Status) { s.Daemon.DryRun = true }, " · dry run · "},
		"another one leads":  {func(s *api.Status) { s.Daemon.Leader.Self = false }, " · leader: host-a, epoch 7"},
		"nobody leads":       {func(s *api.Status) { s.Daemon.Leader = &api.Leader{} }, " · leader: none yet"},
		"no limit":           {func(s *api.Status) { s.Fleet.MaxTotalReplicas = 0 }, " · 12 replicas · "},
		"broken policies":    {func(s *api.Status) { s.Daemon.Problem = "a.cue:1:1: no" }, "the policies on disk can't be used, the last good ones stay: a.cue:1:1: no"},
		"no store":           {func(s *api.Status) { s.Daemon.Store = "disk full" }, "the store can't be read, so nothing is decided: disk full"},
		"no policies":        {func(s *api.Status) { s.Policies = nil }, "there is no policy; flyball init writes a first one"},
		"nothing decided":    {func(s *api.Status) { s.Policies = s.Policies[2:3] }, "nothing is decided: compose project shop has no service search"},
		"more than one live": {func(s *api.Status) { s.Policies = append(s.Policies, s.Policies[3]) }, "12 of 20"},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop()
			c.change(&d.status)
			if s := open(t, d, 120, 30, false); !strings.Contains(s.text(), c.seen) {
				t.Errorf("%q is not seen in\n%s", c.seen, s.text())
			}
		})
	}
	s := open(t, shop(), 120, 30, false)
	if s.keys("/", "nowhere"); !strings.Contains(s.text(), "no service has nowhere; esc shows all") {
		t.Errorf("the filter is empty:\n%s", s.text())
	}
	if strings.Contains(s.text(), "Decision on") || !strings.Contains(s.text(), "no service is chosen") {
		t.Errorf("a decision is seen on what the filter hides:\n%s", s.text())
	}
	s.keys("enter") // the filter is as it shall be
	for _, key := range []string{"p", "r", "s", "b", "enter"} {
		if s.keys(key); s.form != nil || s.pane != services || !strings.Contains(s.said, "no service is chosen") {
			t.Errorf("%s does something about what the filter hides:\n%s", key, s.text())
		}
	}
	if s.keys("esc"); !strings.Contains(s.text(), "─ Decision on search (search-eu)") { // it was chosen when no more than no was typed
		t.Errorf("without the filter there is\n%s", s.text())
	}
	s = &stage{New(t.Context(), Options{Daemon: shop()}, noon, time.UTC), nil}
	s.play(tea.WindowSizeMsg{Width: 80, Height: 24})
	if !strings.Contains(s.text(), "asking the daemon…") {
		t.Errorf("before anything is known there is\n%s", s.text())
	}
}

// Columns go in this order when the window gets narrower.
func TestColumns(t *testing.T) {
	var seen []string
	for room := 130; room > 0; room-- {
		var titles []string
		taken := 2
		for i, c := range fitted(room, 20) {
			titles = append(titles, c.title)
			if taken += c.least; i > 0 {
				taken += between
			}
		}
		if taken > room && room > 3 {
			t.Errorf("%d columns are taken of %d", taken, room)
		}
		if line := strings.Join(titles, " "); len(seen) == 0 || seen[len(seen)-1] != line {
			seen = append(seen, line)
		}
	}
	want := []string{
		"SERVICE STATE NOW MIN-MAX REPLICAS LAST 30M METRIC LAST 30M LAST EVENT",
		"SERVICE STATE NOW MIN-MAX REPLICAS LAST 30M METRIC LAST 30M",
		"SERVICE STATE NOW MIN-MAX REPLICAS LAST 30M METRIC",
		"SERVICE STATE NOW MIN-MAX LAST 30M METRIC",
		"SERVICE STATE NOW MIN-MAX METRIC",
		"SERVICE STATE NOW MIN-MAX",
		"SERVICE STATE NOW",
		"SERVICE NOW",
		"SERVICE",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}
