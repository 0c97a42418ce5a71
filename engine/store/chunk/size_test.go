package chunk

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func fourDigits(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return v
}

// sampled makes a point each 15 seconds, give or take some milliseconds.
func sampled(n, jitter int, last float64, next func(dice *rand.Rand, last float64) float64) []engine.Point {
	dice := rand.New(rand.NewPCG(1, 2))
	points := make([]engine.Point, n)
	for i := range points {
		last = next(dice, last)
		late := time.Duration(dice.IntN(2*jitter+1)) * time.Millisecond
		points[i] = engine.Point{At: start.Add(time.Duration(i)*15*time.Second + late), Value: fourDigits(last)}
	}
	return points
}

// cpu wanders around 40 percent, percent around any, with noise.
func cpu(n, jitter int) []engine.Point { return percent(n, jitter, 40) }

func percent(n, jitter int, around float64) []engine.Point {
	return sampled(n, jitter, around, func(dice *rand.Rand, last float64) float64 {
		return max(0.1, last+0.05*(around-last)+0.05*around*dice.NormFloat64())
	})
}

// requests are whole numbers around 60, as many as come.
func requests(n, jitter int) []engine.Point {
	return sampled(n, jitter, 0, func(dice *rand.Rand, _ float64) float64 {
		return max(0, math.Round(60+8*dice.NormFloat64()))
	})
}

func TestSize(t *testing.T) {
	for name, points := range map[string][]engine.Point{
		"cpu":                          cpu(240, 0),
		"cpu, 3 ms early or late":      cpu(240, 3),
		"cpu around ten percent":       percent(240, 3, 10),
		"requests":                     requests(240, 0),
		"requests, 3 ms early or late": requests(240, 3),
		"idle":                         every(15*time.Second, make([]float64, 240)...),
		"memory": sampled(240, 3, 0, func(dice *rand.Rand, _ float64) float64 {
			return 512e6 + 1e6*dice.Float64()
		}),
	} {
		if each := float64(len(Encode(points))) / float64(len(points)); each >= 3 {
			t.Errorf("%s: %.2f bytes a sample, want under 3", name, each)
		}
	}
}

func BenchmarkChunkEncode(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(benchmarks())) {
		points := benchmarks()[name]
		b.Run(name, func(b *testing.B) {
			var size int
			var e Encoder
			for b.Loop() {
				size = len(e.Encode(points))
			}
			b.ReportMetric(float64(size)/float64(len(points)), "bytes/sample")
		})
	}
	b.Run("open", func(b *testing.B) {
		points := cpu(240, 3)
		var size int
		for b.Loop() {
			size = len(EncodeOpen(points))
		}
		b.ReportMetric(float64(size)/float64(len(points)), "bytes/sample")
	})
}

func BenchmarkChunkDecode(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(benchmarks())) {
		points := benchmarks()[name]
		b.Run(name, func(b *testing.B) {
			chunk := Encode(points)
			var d Decoder
			for b.Loop() {
				if _, err := d.Decode(chunk); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(points)), "ns/sample")
		})
	}
}

func benchmarks() map[string][]engine.Point {
	dice := rand.New(rand.NewPCG(1, 2))
	full, counter := make([]float64, 240), make([]float64, 240)
	for i := range full {
		full[i], counter[i] = dice.Float64(), 1e9+float64(i*20000+dice.IntN(5000))
	}
	return map[string][]engine.Point{
		"cpu":                 cpu(240, 0),
		"cpu 3ms late":        cpu(240, 3),
		"cpu 500ms late":      cpu(240, 500),
		"cpu of ten percent":  percent(240, 3, 10),
		"requests":            requests(240, 0),
		"counter":             every(15*time.Second, counter...),
		"of seventeen digits": every(15*time.Second, full...),
	}
}
