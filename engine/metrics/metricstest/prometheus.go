package metricstest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Prometheus starts one that scrapes the targets (host:port) twice a second, and answers its URL. It does not wait for
// the first scrape.
func Prometheus(tb testing.TB, targets ...string) string {
	tb.Helper()
	folder := tb.TempDir()
	text := fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs:
- job_name: web
  static_configs: [{targets: [%s]}]
`, strings.Join(targets, ", "))
	if err := os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return PrometheusIn(tb, folder)
}

// PrometheusIn starts one by the prometheus.yml of a folder, and answers its URL.
func PrometheusIn(tb testing.TB, folder string) string {
	tb.Helper()
	program := Program(tb, "prometheus", "prometheus")
	address := Address(Port(tb))
	Run(tb, exec.Command(program, "--config.file="+filepath.Join(folder, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--web.listen-address="+address, "--log.level=warn"), func() error { return answers("http://" + address + "/-/ready") })
	return "http://" + address
}

// answers says whether a web page can be had.
func answers(url string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}
