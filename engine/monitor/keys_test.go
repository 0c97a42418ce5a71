package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// What keys have asked of the daemon, and what is seen of it then.
func TestActions(t *testing.T) {
	held := api.Begun{Decision: engine.Decision{From: 2, To: 2, Reason: "BudgetExhausted", Message: "20 of 20 replicas are there"}}
	for name, c := range map[string]struct {
		daemon func(*paper)
		keys   []string
		asked  string // the last thing; empty: nothing but what is read
		seen   string
	}{
		"pause":                            {keys: []string{"p", "30", "enter", "load test", "enter", "y"}, asked: "pause api 30m0s load test ana", seen: "api is paused for 30m"},
		"pause without an end":             {keys: []string{"p", "enter", "a sale", "enter", "y"}, asked: "pause api 0s a sale ana", seen: "api is paused until somebody resumes it"},
		"pause for hours":                  {keys: []string{"p", "2h", "enter", "x", "enter", "y"}, asked: "pause api 2h0m0s x ana", seen: "api is paused for 2h"},
		"a pause needs a length":           {keys: []string{"p", "soon", "enter"}, seen: "Pause api for how many minutes? (nothing: until resumed) soon▏  allowed is 30, or such as 2h or 1d"},
		"a pause of nothing":               {keys: []string{"p", "0", "enter"}, seen: "0▏  allowed is 30"},
		"a pause needs a reason":           {keys: []string{"p", "5", "enter", " ", "enter"}, seen: "Why? ▏  say why, for whoever finds it paused"},
		"a pause is asked for once more":   {keys: []string{"p", "5", "enter", "x", "enter"}, seen: "Pause api for 5m: x? y/N"},
		"n is no":                          {keys: []string{"p", "5", "enter", "x", "enter", "n"}, seen: "nothing was done"},
		"enter is no":                      {keys: []string{"b", "enter"}, seen: "nothing was done"},
		"esc in the middle":                {keys: []string{"p", "5", "esc"}, seen: "nothing was done"},
		"what is typed can be mended":      {keys: []string{"p", "55", "backspace", "enter", "abc", "ctrl+u", "x", "enter", "y"}, asked: "pause api 5m0s x ana"},
		"resume":                           {keys: []string{"down", "r", "y"}, asked: "resume mail ana", seen: "mail is resumed"},
		"resume what is not paused":        {keys: []string{"r"}, seen: "api is not paused"},
		"resume what a schedule paused":    {daemon: func(p *paper) { p.status.Policies[0].State = api.State{Name: api.IsPaused, Why: "a sale until 13:00"} }, keys: []string{"r"}, seen: "api is not paused by anybody: a sale until 13:00"},
		"resume one of all":                {daemon: func(p *paper) { p.status.Pause = &api.Pause{Reason: "an update"} }, keys: []string{"r"}, seen: "api is not paused by itself: all services are, which flyball resume ends"},
		"resumed by another one meanwhile": {daemon: func(p *paper) { p.resumed = api.Resumed{} }, keys: []string{"down", "r", "y"}, asked: "resume mail ana", seen: "mail has no pause of its own"},
		"resumed while all are paused":     {daemon: func(p *paper) { p.resumed.Still = []api.Pause{{Reason: "an update"}} }, keys: []string{"down", "r", "y"}, asked: "resume mail ana", seen: "mail is resumed; all services are still paused: an update"},
		"scale the second":                 {keys: []string{"end", "s", "9", "enter", "y"}, asked: "scale worker 9 ana", seen: "worker: 3 → 5 has begun"},
		"scale asks within what":           {keys: []string{"s"}, seen: "Scale api to how many replicas? (1-5, now 2)"},
		"scale to what is no number":       {keys: []string{"s", "many", "enter"}, seen: fmt.Sprintf("now 2) many▏  allowed is 1 to %d", engine.MostReplicas)},
		"scale to nothing":                 {keys: []string{"s", "0", "enter"}, seen: "allowed is 1 to"},
		"scale is held":                    {daemon: func(p *paper) { p.begun = held }, keys: []string{"s", "4", "enter", "y"}, asked: "scale api 4 ana", seen: "api stays at 2: BudgetExhausted: 20 of 20 replicas are there"},
		"scaled already":                   {daemon: func(p *paper) { p.begun.Event = nil }, keys: []string{"s", "3", "enter", "y"}, asked: "scale api 3 ana", seen: "api has 3 replicas already"},
		"roll back":                        {keys: []string{"b", "y"}, asked: "rollback api ana", seen: "api: 3 → 5 has begun"},
		"roll back says to what":           {keys: []string{"end", "up", "b"}, seen: "Take web back from 3 to 2? y/N"},
		"roll back while a change is open": {keys: []string{"end", "b"}, seen: "Take worker back to the replicas before the last change? y/N"},
		"roll back after what never came":  {daemon: func(p *paper) { p.status.Policies[3].LastEvent.Reached = 2 }, keys: []string{"end", "up", "b"}, seen: "Take web back to the replicas before"},
		"turn it off":                      {keys: []string{"e", "y"}, asked: "enable off ana", seen: "autoscaling is off"},
		"turn it off is asked for":         {keys: []string{"e"}, seen: "Turn autoscaling off for all services? y/N"},
		"turn it on where nothing runs":    {daemon: func(p *paper) { p.status = api.Status{} }, keys: []string{"e", "y"}, asked: "enable on ana", seen: "autoscaling is on"},
		"a refusal":                        {daemon: func(p *paper) { p.fail = api.Refusal{Status: 403, Detail: "a viewer may not scale"} }, keys: []string{"b", "Y"}, asked: "rollback api ana", seen: "roll back api: refused: a viewer may not scale"},
		"the daemon is away":               {daemon: func(p *paper) { p.fail = errors.New("connection refused") }, keys: []string{"b", "y"}, asked: "rollback api ana", seen: "roll back api: connection refused"},
		"keys are text while one types":    {keys: []string{"p", "5", "enter", "q?/", "enter", "y"}, asked: "pause api 5m0s q?/ ana"},
		"no service is there to be scaled": {daemon: func(p *paper) { p.status.Policies = nil }, keys: []string{"s"}, seen: "no service is chosen: there is no policy"},
		"nor is one that a filter hides":   {keys: []string{"/", "zzz", "enter", "p"}, seen: "no service is chosen: no service has zzz; esc shows all"},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop()
			if c.daemon != nil {
				c.daemon(d)
			}
			s := open(t, d, 120, 30, false)
			s.keys(c.keys...)
			done := slices.DeleteFunc(slices.Clone(d.asked), func(what string) bool {
				verb, _, _ := strings.Cut(what, " ")
				return verb == "explain" || verb == "trends" || verb == "status"
			})
			if got := strings.Join(done, ", "); got != c.asked {
				t.Errorf("asked for %q, want %q", got, c.asked)
			}
			if !strings.Contains(s.text(), c.seen) {
				t.Errorf("%q is not seen in\n%s", c.seen, s.text())
			}
		})
	}
}

// What is wrong with an answer is seen from its beginning, in any window.
func TestWrongAnswerInNarrowWindow(t *testing.T) {
	for width, want := range map[int]string{
		80: "…any minutes? (nothing: until resumed) soon▏  allowed is 30, or such as 2h or 1d",
		60: "…g: until resumed) soon▏  allowed is 30, or such as 2h or 1d",
		20: "allowed is 30, or s…",
	} {
		s := open(t, shop(), width, 24, false)
		s.keys("p", "soon", "enter")
		if got := s.frame()[22]; got != want {
			t.Errorf("in %d columns there is %q, want %q", width, got, want)
		}
	}
}

// Who may only look is not asked for what would be refused.
func TestViewer(t *testing.T) {
	for role, looks := range map[string]bool{"viewer": true, "operator": false, "admin": false, "deployer": false} {
		t.Run(role, func(t *testing.T) {
			d := shop()
			d.myself = api.Myself{Kind: "token", Name: "ci", Role: role}
			s := open(t, d, 120, 30, false)
			s.keys("down") // to one that is paused
			offered := func(text string) {
				t.Helper()
				if strings.Contains(s.text(), text) == looks {
					t.Errorf("%q is not to be seen, or it is:\n%s", text, s.text())
				}
			}
			for _, text := range []string{"p pause", "r resume", "s scale", "b roll back"} {
				offered(text)
			}
			for _, key := range []string{"p", "r", "s", "b", "e"} {
				s.keys(key)
				if said := strings.Contains(s.text(), "role viewer may only look"); said != looks || s.form != nil == looks {
					t.Errorf("%s has\n%s", key, s.text())
				}
				s.keys("esc")
			}
			s.keys("?")
			for _, text := range []string{"pause the service", "resume it", "scale it by hand", "back to the replicas", "turn autoscaling on or off"} {
				offered(text)
			}
			if !strings.Contains(s.text(), "the next pane") {
				t.Errorf("the other keys are not seen:\n%s", s.text())
			}
		})
	}
}

// All keys are named in any usual window, in shorter words where it is narrow.
func TestKeysAreNamed(t *testing.T) {
	s := open(t, shop(), 0, 24, false)
	for width, want := range map[int]string{
		100: "? help  q quit  tab pane  / filter  p pause  r resume  s scale  b roll back  enter decision  ↑↓ move",
		99:  "? help  q quit  tab  / filter  p pause  r resume  s scale  b back  enter why  ↑↓",
		80:  "? help  q quit  tab  / filter  p pause  r resume  s scale  b back  enter why  ↑↓",
		79:  "? help  q quit  tab  /  p pause  r resume  s scale  b back  enter  ↑↓",
		60:  "? help q quit tab / p pause r resume s scale b back enter ↑↓",
		59:  "? help  q  tab  /  p  r  s  b  enter  ↑↓",
		31:  "? help q tab / p r s b enter ↑↓",
		20:  "? help q tab / p r s",
		5:   "",
	} {
		s.play(tea.WindowSizeMsg{Width: width, Height: 24})
		if got := s.Screen.keys(); got != want {
			t.Errorf("in %d columns the keys are %q, want %q", width, got, want)
		}
	}
}

// The help says whether there is more of it.
func TestHelpSaysThereIsMore(t *testing.T) {
	s := open(t, shop(), 60, 10, false)
	for _, one := range []struct{ key, foot string }{
		{"?", "10 more below: ↓  esc ends help"}, {"down", "9 more below: ↓  esc ends help"}, {"end", "10 more above: ↑  esc ends help"}, {"down", "10 more above: ↑  esc ends help"},
		{"up", "1 more below: ↓  esc ends help"},
	} {
		if s.keys(one.key); s.frame()[9] != one.foot {
			t.Errorf("after %s the foot is %q, want %q", one.key, s.frame()[9], one.foot)
		}
	}
	s.keys("end")
	s.play(tea.WindowSizeMsg{Width: 60, Height: 40})
	if foot := s.frame()[39]; foot != "esc ends help" || !strings.Contains(s.text(), "↑ ↓ j k") {
		t.Errorf("in a window that has room for all the foot is %q:\n%s", foot, s.text())
	}
	if s.keys("esc"); strings.Contains(s.text(), "↑ ↓ j k") {
		t.Errorf("it has not ended:\n%s", s.text())
	}
}

// A short window has the decision under few services, and says why nothing is done.
func TestShortWindow(t *testing.T) {
	for name, c := range map[string]struct {
		services, height int
		seen             bool
	}{
		"few services":             {3, 15, true},
		"as many as leave room":    {9, 15, true},
		"one more":                 {10, 15, false},
		"a window that is shorter": {3, 8, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := many(c.services)
			d.status.Policies[0].State = api.State{Name: api.IsBlocked, Why: "BudgetExhausted: 20 of 20 replicas are there"}
			d.explain = shopExplains
			s := open(t, d, 60, c.height, false)
			if seen := strings.Contains(s.text(), "blocked: BudgetExhausted: 20 of 20 replicas"); seen != c.seen {
				t.Errorf("that it is blocked and why is seen: %t, want %t:\n%s", seen, c.seen, s.text())
			}
		})
	}
}
