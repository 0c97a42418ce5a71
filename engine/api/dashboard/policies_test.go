package dashboard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A change of a policy is tried on what was recorded, the old one and the new one on one plot, and is not at work for that.
func testTry(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("admin"))
	b.visit("/policies/till")
	b.click("button", "Try a change")
	b.sees("Draft, to be tried", "valid")
	text := b.draft()
	b.write(strings.Replace(text, `"maxReplicas": 4`, `"maxReplicas": "many"`, 1))
	b.sees("1 error", "maxReplicas")
	b.write(changed(text))
	b.misses("1 error")
	b.click("button", "1h")
	b.click("button", "Try")
	b.finds("slider", "Replicas needed, of the old policy, and of the new one")
	b.sees("Figure", "Old", "New", "Change")
	if p := w.site.written(t, "till"); strings.Contains(p, "50") {
		t.Errorf("what was tried is at work: %s", p)
	}
}

// A policy that came by the API is edited and saved, and its revisions are told apart.
func testSave(t *testing.T, w *world) {
	file := filepath.Join(t.TempDir(), "kiosk.json")
	body := `{"name": "kiosk", "service": "kiosk", "target": {"driver": "sim"}, "enabled": true, "minReplicas": 1, "maxReplicas": 4,
 "strategy": "schedule", "schedule": [{"from": "00:00", "to": "24:00", "minReplicas": 1, "maxReplicas": 3}], "evaluationInterval": "1s"}`
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	w.site.flyball(t, "", "policies", "put", file)
	b := open(t, w.browser, w.site, person("admin"))
	b.visit("/policies")
	b.sees("kiosk")
	b.click("link", "kiosk")
	b.click("button", "Edit")
	b.write(strings.Replace(b.draft(), `"maxReplicas": 4`, `"maxReplicas": 5`, 1))
	b.sees("valid")
	b.click("button", "Save")
	b.find("dialog", "Save kiosk?")
	b.click("button", "Save")
	b.sees("Saved, and at work")
	if p := w.site.written(t, "kiosk"); !strings.Contains(p, `"maxReplicas":5`) {
		t.Errorf("it is not saved: %s", p)
	}

	// Somebody else is quicker.
	b.click("button", "Edit")
	b.write(strings.Replace(b.draft(), `"maxReplicas": 5`, `"maxReplicas": 6`, 1))
	w.site.flyball(t, "", "policies", "put", file)
	b.expects("status of 412")
	b.click("button", "Save")
	b.find("dialog", "Save kiosk?")
	b.click("button", "Save")
	b.sees("Somebody else has changed this policy")
	b.click("button", "Save yours over it")
	b.sees("Saved, and at work")
	if p := w.site.written(t, "kiosk"); !strings.Contains(p, `"maxReplicas":6`) {
		t.Errorf("it is not saved: %s", p)
	}
}

// changed is a policy that scales up at less.
func changed(policy string) string {
	return strings.Replace(policy, `"scaleUp": 70`, `"scaleUp": 50`, 1)
}

// draft is what stands in the editor.
func (b *tab) draft() string {
	b.Helper()
	b.find("textbox", "The policy, as JSON")
	return js[string](b, `document.querySelector("textarea").value`)
}

// write puts a text into the editor.
func (b *tab) write(text string) {
	b.Helper()
	b.fill("textbox", "The policy, as JSON", text)
}

// written is a policy as the daemon has it.
func (s *site) written(t *testing.T, name string) string {
	t.Helper()
	p, err := s.client(t).Policy(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(p.Body)
}
