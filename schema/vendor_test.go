package schema

import (
	"os"
	"path/filepath"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/load"
)

// What Vendor lays down is enough for CUE's own loader, which is what `cue vet` uses.
func TestVendor(t *testing.T) {
	dir := t.TempDir()
	if err := Vendor(dir); err != nil {
		t.Fatal(err)
	}
	vet := func(policy string) error {
		write(t, filepath.Join(dir, "a.cue"), []byte("import \"flyball.dev/schema\"\n\npolicies: [string]: schema.#Policy\n"+policy))
		inst := load.Instances([]string{"a.cue"}, &load.Config{Dir: dir})[0]
		if inst.Err != nil {
			return inst.Err
		}
		return cuecontext.New().BuildInstance(inst).Validate(cue.Concrete(true))
	}
	if err := vet(`policies: a: {service: "a", minReplicas: 1, maxReplicas: 2, strategy: "x.y"}`); err != nil {
		t.Error(err)
	}
	if err := vet(`policies: a: {service: "a", minReplicas: 3, maxReplicas: 2, strategy: "x.y"}`); err == nil {
		t.Error("min over max passes")
	}
	if set, err := Load(dir, nil); err != nil || len(set.Errors()) != 1 {
		t.Error("flyball disagrees:", set.Problems, err)
	}
}

func TestVendorKeepsTheModule(t *testing.T) {
	dir := t.TempDir()
	module := filepath.Join(dir, "cue.mod", "module.cue")
	write(t, module, []byte("mine"))
	if err := Vendor(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(module); err != nil || string(text) != "mine" {
		t.Errorf("%s %v", text, err)
	}
}
