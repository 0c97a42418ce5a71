package redis

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// held is what there is of a series.
type held struct {
	series.ID
	chunks []heldChunk // full ones and days
	open   int64       // bytes that the open chunk takes; 0: there is none
	last   int64       // when its last sample was taken, in milliseconds since 1970; 0: it is damaged
}

// heldChunk is a full chunk, or a day.
type heldChunk struct {
	field string
	kind  store.ChunkKind
	series.Span
	bytes int64
	gone  bool // it is to go
}

// end is when the last of what it tells of was.
func (c heldChunk) end() int64 {
	if c.kind == store.DayChunk {
		return c.First + (24 * time.Hour).Milliseconds()
	}
	return c.Last
}

// readHeld reads what the script sizes says of a series.
func readHeld(who series.ID, words []any) (held, error) {
	h := held{ID: who}
	for n := 0; n+1 < len(words); n += 2 {
		field := text(words[n])
		kind, span, err := readField(field)
		if err != nil {
			return held{}, err
		}
		if kind == store.OpenChunk {
			data := text(words[n+1])
			h.open = fieldBytes(field, int64(len(data)))
			if points, err := chunk.Decode([]byte(data)); err == nil && len(points) > 0 {
				h.last = points[len(points)-1].At.UnixMilli()
			}
			continue
		}
		size, _ := words[n+1].(int64)
		h.chunks = append(h.chunks, heldChunk{field: field, kind: kind, Span: span, bytes: fieldBytes(field, size)})
	}
	return h, nil
}

// newest is when the newest of all samples was taken.
func newest(all []held) time.Time {
	var last int64
	for _, h := range all {
		last = max(last, h.last)
		for _, c := range h.chunks {
			if c.kind == store.FullChunk {
				last = max(last, c.Last)
			}
		}
	}
	return time.UnixMilli(last)
}

// outdate marks what is past its retention.
func outdate(all []held, over series.Limits) {
	for i := range all {
		for n := range all[i].chunks {
			c := &all[i].chunks[n]
			c.gone = c.kind == store.FullChunk && c.Last < over.Samples || c.kind == store.DayChunk && c.First < over.Days
		}
	}
}

// thin marks the oldest chunks and days alike, until what is left takes no more than so many bytes, and answers how many it
// marked. So rollups that have outlived their samples go before newer samples do.
func thin(all []held, most int64) (marked int) {
	var total int64
	var left []*heldChunk
	for i := range all {
		total += hashBytes + all[i].open
		for n := range all[i].chunks {
			if c := &all[i].chunks[n]; !c.gone {
				total += c.bytes
				left = append(left, c)
			}
		}
	}
	slices.SortStableFunc(left, func(a, b *heldChunk) int { return cmp.Compare(a.end(), b.end()) })
	for ; marked < len(left) && total > most; marked++ {
		left[marked].gone = true
		total -= left[marked].bytes
	}
	return marked
}

// gone are the fields of what was marked; over says that nothing else is left.
func (h held) gone() (fields []string, over bool) {
	for _, c := range h.chunks {
		if c.gone {
			fields = append(fields, c.field)
		}
	}
	return fields, len(fields) == len(h.chunks) && h.open == 0
}

// What Redis takes beside the text of a field and its data, each rounded up to a size that it allocates.
const (
	hashBytes  = 700 // for the key of a series, its hash, and its name among those of the subject
	entryBytes = 24 + 16
)

func fieldBytes(field string, data int64) int64 {
	return allocated(int64(len(field))+2) + allocated(data+6) + entryBytes
}

// allocated rounds up as jemalloc does: there are four sizes between a power of two and the next.
func allocated(n int64) int64 {
	step := int64(8)
	if n > 64 {
		step = 1 << (bits.Len64(uint64(n-1)) - 3)
	}
	return (n + step - 1) / step * step
}
