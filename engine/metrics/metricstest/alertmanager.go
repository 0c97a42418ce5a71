package metricstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Alertmanager starts one that posts each alert by itself to an address, when it begins and when it is over, and answers its
// own URL.
func Alertmanager(tb testing.TB, webhook string) string {
	tb.Helper()
	program := Program(tb, "prometheus-alertmanager", "prometheus-alertmanager")
	folder := tb.TempDir()
	config := filepath.Join(folder, "alertmanager.yml")
	text := fmt.Sprintf(`
route: {receiver: desk, group_by: ["..."], group_wait: 10ms, group_interval: 200ms, repeat_interval: 1h}
receivers:
- name: desk
  webhook_configs: [{url: %q, send_resolved: true}]
`, webhook)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	address := Address(Port(tb))
	Run(tb, exec.Command(program, "--config.file="+config, "--storage.path="+filepath.Join(folder, "data"), "--cluster.listen-address=",
		"--web.listen-address="+address, "--log.level=warn"), func() error { return answers("http://" + address + "/-/ready") })
	return "http://" + address
}
