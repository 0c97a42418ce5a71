package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

var suite = storetest.Suite{
	Address: func(tb testing.TB) string { return filepath.Join(tb.TempDir(), "a folder", "ledger?%.db") },
	Open:    func(address string) (store.Store, error) { return Open(address, Options{}) },
}

func TestMain(m *testing.M) {
	if !suite.Write() && !openStore() {
		m.Run()
	}
}

func TestConformance(t *testing.T) { suite.Run(t) }

func BenchmarkRecord(b *testing.B) { suite.Benchmark(b) }
