package chunk

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestPackedNumbers(t *testing.T) {
	const far = 1 << maxWidth
	for name, c := range map[string]struct {
		numbers []int64
		size    int // 0: they are too wide
	}{
		"none":                     {nil, 3},
		"one":                      {[]int64{5}, 3},
		"all the same":             {[]int64{7, 7, 7, 7, 7, 7, 7, 7, 7}, 3},
		"in step":                  {[]int64{1, 4, 7, 10, 13}, 3},
		"in step, backwards":       {[]int64{13, 10, 7, 4, 1}, 3},
		"a bit beside the line":    {[]int64{0, 16, 30, 46, 60, 76, 90, 106}, 4},
		"a level with noise":       {[]int64{3, 0, 3, 0, 0, 3, 0, 3}, 5},
		"a jump":                   {[]int64{0, 0, 0, 0, 1, 1, 1, 1}, 4},
		"steps":                    {[]int64{0, 4, 5, 9, 10, 14, 18, 22, 23, 24, 25, 26, 27, 28, 29, 30}, 3 + 4},
		"the widest":               {[]int64{0, 0, far - 1, 0, 0}, 3 + 35},
		"wider than that":          {[]int64{0, 0, far, 0, 0}, 0},
		"from one end to the next": {[]int64{math.MinInt64, math.MaxInt64, math.MinInt64, math.MaxInt64}, 13},
		"the ends and between":     {[]int64{math.MinInt64, math.MaxInt64, 0, 17, math.MaxInt64}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, ok := appendPacked(nil, c.numbers)
			if ok != (c.size > 0) {
				t.Fatalf("packed: %t, in %d bytes", ok, len(b))
			}
			if ok {
				unpackSame(t, b, c.numbers)
			}
			if ok && len(b) > c.size {
				t.Errorf("%d bytes, want at most %d", len(b), c.size)
			}
		})
	}
}

func unpackSame(t interface{ Fatalf(string, ...any) }, b []byte, want []int64) {
	r := reader{rest: b, packed: true}
	got := r.unpacked(len(want))
	if err := r.end(); err != nil || !slices.Equal(got, want) {
		t.Fatalf("packed %v\nunpacked %v, %v", want, got, err)
	}
}

func TestAnyNumbersPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SampledFrom([]*rapid.Generator[int64]{
			rapid.Int64(), rapid.Int64Range(-1000, 1000), rapid.Int64Range(1e12, 1e12+1), rapid.SampledFrom([]int64{
				math.MinInt64, -1, 0, 1, math.MaxInt64}),
		}).Draw(t, "kind")
		numbers := rapid.SliceOfN(number, 0, 300).Draw(t, "numbers")
		slope := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-20_000, 20_000)).Draw(t, "slope")
		for i := range numbers {
			numbers[i] += int64(i) * slope
		}
		if b, ok := appendPacked(nil, numbers); ok {
			unpackSame(t, b, numbers)
		}
	})
}

// What is sampled in step is packed; where one number is far off, the deflated form is smaller and is taken.
func TestSmallestFormIsTaken(t *testing.T) {
	steady := cpu(240, 3)
	stopped := slices.Clone(steady)
	for i := range stopped[120:] {
		stopped[120+i].At = stopped[120+i].At.Add(48 * time.Hour)
	}
	idle := every(15*time.Second, make([]float64, 240)...)
	spike := slices.Clone(idle)
	spike[100].Value = 98.7654321
	for name, c := range map[string]struct {
		points []engine.Point
		form   byte
		size   int
	}{
		"in step":         {steady, packed, 480},
		"not yet":         {nil, 0, header + 3},
		"idle":            {idle, packed, 24},
		"after a stop":    {stopped, deflated, 640},
		"a spike":         {spike, deflated, 80},
		"too many":        {every(time.Second, make([]float64, maxPacked+1)...), deflated, 400},
		"as many as fit":  {every(time.Second, make([]float64, maxPacked)...), packed, 24},
		"without decimal": {every(time.Second, math.NaN(), 1, math.Inf(1), 2), packed, 60},
	} {
		t.Run(name, func(t *testing.T) {
			chunk := Encode(c.points)
			if chunk[1] != c.form {
				t.Errorf("form is %d, want %d", chunk[1], c.form)
			}
			if len(chunk) > c.size {
				t.Errorf("%d bytes, want at most %d", len(chunk), c.size)
			}
			b := encode(c.points)
			if other := len(new(Encoder).deflate(b.plain)); len(chunk) > header+min(other, len(b.plain)) {
				t.Errorf("%d bytes, deflated it has %d", len(chunk), header+other)
			}
			roundTrip(t, c.points)
		})
	}
}

// The forms that were there before the packed one are read as ever.
func TestEarlierFormsAreRead(t *testing.T) {
	points := cpu(240, 3)
	plain := encode(points).plain
	for name, chunk := range map[string][]byte{
		"plain":    seal(plain, 0),
		"deflated": seal(new(Encoder).deflate(plain), deflated),
	} {
		if got, err := Decode(chunk); err != nil || !slices.EqualFunc(got, points, identical) {
			t.Errorf("%s: %d points, %v", name, len(got), err)
		}
	}
}

// A few bytes that say there are many rows cost little memory.
func TestPackedMemoryIsBounded(t *testing.T) {
	most := Encode(every(time.Second, make([]float64, maxPacked)...))
	if len(most) > 30 {
		t.Fatalf("%d bytes, want a few", len(most))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Decode(most); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("%d bytes of memory for a chunk of %d", n, len(most))
	}
}
