package chunk

import "github.com/flyball-dev/flyball/engine"

func encodeRollups(all []engine.Rollup) *body {
	n := len(all)
	from, count := make([]int64, n), make([]int64, n)
	lowest, highest, mean := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, r := range all {
		from[i], count[i] = r.From.UnixMilli(), int64(r.Count)
		lowest[i], highest[i], mean[i] = r.Min, r.Max, r.Mean
	}
	b := newBody(n, 5)
	b.times(from)
	b.ints(count)
	b.values(lowest)
	b.values(highest)
	b.values(mean)
	return b
}

func decodeRollups(r reader) ([]engine.Rollup, error) {
	n := r.count(5) // a byte at least for each of five numbers
	from, count := r.times(n), r.ints(n)
	lowest, highest, mean := r.values(n), r.values(n), r.values(n)
	if err := r.end(); err != nil {
		return nil, err
	}
	all := make([]engine.Rollup, n)
	for i := range all {
		all[i] = engine.Rollup{From: instant(from[i]), Count: int(count[i]), Min: lowest[i], Max: highest[i], Mean: mean[i]}
	}
	return all, nil
}
