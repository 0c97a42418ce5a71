package setup

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What the compose file says by now and the overlay says otherwise is a warning, and what it lacks or repeats is none.
func TestReplaced(t *testing.T) {
	const limit, check, logging = `deploy: {resources: {limits: {cpus: "0.5"}}}`, `healthcheck: {test: [CMD, ask]}`, `logging: {driver: syslog}`
	for _, test := range []struct{ name, file, overlay, want string }{
		{"nothing in the file", "", limit + ", " + check + ", " + logging, ""},
		{"nothing in the overlay", limit + ", " + check + ", " + logging, "", ""},
		{"the same", limit + ", " + check + ", " + logging, limit + ", " + check + ", " + logging, ""},
		{"a limit", `deploy: {resources: {limits: {cpus: "2"}}}`, limit, "its limit of 2 CPUs in the compose file has no effect, because the one of 0.5 CPUs here wins; remove the limit from " + OverlayName},
		{"a limit of memory", `deploy: {resources: {limits: {memory: 1G}}}`, limit, ""},
		{"a quota", "cpu_quota: 200000", limit, "its limit of 2 CPUs"},
		{"a health check", `healthcheck: {test: [CMD, other]}`, check, "its healthcheck in the compose file has no effect"},
		{"a health check that is off", `healthcheck: {disable: true}`, check, ""},
		{"logging", `logging: {driver: local}`, logging, "its logging in the compose file is not what it gets"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, keys := range map[string]string{"compose.yaml": "image: x, " + test.file, OverlayName: test.overlay} {
				if err := os.WriteFile(name, fmt.Appendf(nil, "name: shop\nservices:\n  web: {%s}\n  flyball: {image: x}\n", strings.TrimSuffix(keys, ", ")), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := Check(t.Context(), nil, nil, "policies", nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range all {
				if strings.Contains(p.Message, "service web") {
					got = append(got, p.String())
				}
			}
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want) || !strings.HasPrefix(got[0], OverlayName+":3:") || !strings.Contains(got[0], ": warning: ")) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
