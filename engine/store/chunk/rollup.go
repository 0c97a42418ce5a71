package chunk

import (
	"encoding/binary"

	"github.com/flyball-dev/flyball/engine"
)

func encodeRollups(all []engine.Rollup) []byte {
	n := len(all)
	from, count := make([]int64, n), make([]int64, n)
	lowest, highest, mean := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, r := range all {
		from[i], count[i] = r.From.UnixMilli(), int64(r.Count)
		lowest[i], highest[i], mean[i] = r.Min, r.Max, r.Mean
	}
	body := binary.AppendUvarint(make([]byte, 0, 16+12*n), uint64(n))
	body = appendInts(appendTimes(body, from), count)
	return appendValues(appendValues(appendValues(body, lowest), highest), mean)
}

func decodeRollups(body []byte) ([]engine.Rollup, error) {
	r := reader{rest: body}
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
