package dashboard

import (
	"slices"
	"testing"
)

func TestLockedPackages(t *testing.T) {
	found, err := locked([]byte(`{"lockfileVersion": 3, "packages": {
		"": {"name": "flyball-dashboard", "version": "1.0.0"},
		"node_modules/b": {"version": "2.0.0", "license": "MIT", "integrity": "sha512-AAA="},
		"node_modules/@scope/a": {"version": "1.0.0", "peer": true},
		"node_modules/b/node_modules/c": {"version": "3.0.0"},
		"node_modules/d/node_modules/c": {"version": "3.0.0"},
		"node_modules/tool": {"version": "4.0.0", "dev": true}
	}}`))
	want := []Package{{"@scope/a", "1.0.0", "", ""}, {"b", "2.0.0", "MIT", "sha512-AAA="}, {"c", "3.0.0", "", ""}}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("%+v, %v; want %+v", found, err, want)
	}
	if _, err := locked([]byte(`{"packages": []}`)); err == nil {
		t.Error("a list of packages was read")
	}
	ours, err := locked(lock)
	if err != nil || !slices.ContainsFunc(ours, func(p Package) bool { return p.Name == "preact" }) {
		t.Errorf("the file of the dashboard: %+v, %v", ours, err)
	}
}
