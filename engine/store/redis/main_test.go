package redis

import (
	"os"
	"testing"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

func TestMain(m *testing.M) {
	if suite.Write() || writeUntilFenced() {
		return
	}
	os.Exit(metricstest.Silent(m))
}
