package metricstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Nginx starts one in front of what answers at a URL, with nothing set that need not be, and answers its own URL.
func Nginx(tb testing.TB, to string) string {
	tb.Helper()
	program := Program(tb, "nginx", "nginx")
	folder := tb.TempDir()
	address := Address(Port(tb))
	text := strings.NewReplacer("$FOLDER", folder, "$ADDRESS", address, "$TO", to).Replace(`
daemon off;
master_process off;
pid $FOLDER/pid;
events {}
http {
	access_log off;
	client_body_temp_path $FOLDER/body;
	proxy_temp_path $FOLDER/proxy;
	fastcgi_temp_path $FOLDER/fastcgi;
	uwsgi_temp_path $FOLDER/uwsgi;
	scgi_temp_path $FOLDER/scgi;
	server {
		listen $ADDRESS;
		location / { proxy_pass $TO; }
	}
}
`)
	config := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	Run(tb, exec.Command(program, "-p", folder, "-c", config, "-e", "stderr"), func() error { return Listens(address) })
	return "http://" + address
}
