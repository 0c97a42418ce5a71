package engine

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // the tests run on machines without a database of zones
)

func TestZoneAsJSON(t *testing.T) {
	for name, c := range map[string]struct{ zone, text string }{
		"a zone":        {"Europe/Prague", `"Europe/Prague"`},
		"UTC":           {"UTC", `"UTC"`},
		"another name":  {"US/Eastern", `"US/Eastern"`},
		"the zero zone": {"", `"UTC"`},
	} {
		t.Run(name, func(t *testing.T) {
			var was, is Zone
			if c.zone != "" {
				var err error
				if was, err = ParseZone(c.zone); err != nil {
					t.Fatal(err)
				}
			}
			text, err := json.Marshal(Window{Zone: was, From: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			if want := `{"from":3600000000000,"to":0,"zone":` + c.text + `}`; string(text) != want {
				t.Errorf("written as %s, want %s", text, want)
			}
			var w Window
			if err := json.Unmarshal(text, &w); err != nil {
				t.Fatal(err)
			}
			is = w.Zone
			if is.In().String() != was.In().String() {
				t.Errorf("%s is read as %s", was.In(), is.In())
			}
		})
	}
}

func TestParseZoneRefuses(t *testing.T) {
	for _, name := range []string{"", "Local", "Europe", "Europe/Praha", "../etc/passwd", "+02:00", "Europe/Prague "} {
		if z, err := ParseZone(name); err == nil {
			t.Errorf("%q is read as %s", name, z.In())
		}
	}
	var z Zone
	if err := json.Unmarshal([]byte(`"Mars/Olympus"`), &z); err == nil || z.In() != time.UTC {
		t.Errorf("an unknown zone is read as %s, %v", z.In(), err)
	}
}
