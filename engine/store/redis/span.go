package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// span is what is looked through for rows of decisions: Redis has no index, and they are few enough.
type span struct {
	id          int64
	first, last time.Time
	count       int
	label
}

func (r span) field() string { return strconv.FormatInt(r.id, 10) }

func readSpan(id, value string) (span, error) {
	words := strings.SplitN(value, " ", 4)
	if len(words) < 4 {
		return span{}, fmt.Errorf("row %s can't be read: it says %q", id, value)
	}
	n, err := strconv.Atoi(words[2])
	if err != nil {
		return span{}, fmt.Errorf("row %s can't be read: %w", id, err)
	}
	r := span{id: number(id), first: instant(words[0]), last: instant(words[1]), count: n}
	if err := json.Unmarshal([]byte(words[3]), &r.label); err != nil {
		return span{}, fmt.Errorf("row %s can't be read: %w", id, err)
	}
	return r, nil
}

func (r span) String() string {
	of, _ := json.Marshal(r.label) // it is made of strings
	return r.times() + " " + string(of)
}

func (r span) times() string {
	return nanoseconds(r.first) + " " + nanoseconds(r.last) + " " + strconv.Itoa(r.count)
}

// tip is the newest row of a policy as the core has it, with what further holds must be like.
func (r span) tip(like string) string { return r.field() + " " + r.times() + " " + like }

// spans reads those of all rows, in no order.
func (s *Store) spans(ctx context.Context) ([]span, error) {
	return all(ctx, s, spansKey, readSpan)
}

// rows reads the rows of spans, but for those that were dropped meanwhile.
func (s *Store) rows(ctx context.Context, spans []span) ([]store.Row, error) {
	rows := []store.Row{}
	for some := range slices.Chunk(spans, page) {
		fields := make([]string, len(some))
		for i, r := range some {
			fields[i] = r.field()
		}
		values, err := s.fields(ctx, rowsKey, fields)
		if err != nil {
			return nil, err
		}
		for i, packed := range values {
			if packed == nil {
				continue
			}
			row, err := some[i].row(text(packed))
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (r span) row(packed string) (store.Row, error) {
	record, err := unpack[engine.Record](packed)
	if err != nil {
		return store.Row{}, fmt.Errorf("row %d: %w", r.id, err)
	}
	return store.Row{ID: r.id, First: r.first, Last: r.last, Count: r.count, Record: record}, nil
}

// happening is what is looked through for events.
type happening struct {
	id             string
	number         int64 // rises with every event
	started, ended time.Time
	label
}

func readHappening(id, value string) (happening, error) {
	words := strings.SplitN(value, " ", 4)
	if len(words) < 4 {
		return happening{}, fmt.Errorf("event %s can't be read: it says %q", id, value)
	}
	e := happening{id: id, number: number(words[0]), started: instant(words[1]), ended: instant(words[2])}
	if err := json.Unmarshal([]byte(words[3]), &e.label); err != nil {
		return happening{}, fmt.Errorf("event %s can't be read: %w", id, err)
	}
	return e, nil
}

func (e happening) before(other happening) int {
	return cmp.Or(e.started.Compare(other.started), cmp.Compare(e.number, other.number))
}

// all reads a hash, and what each field says.
func all[T any](ctx context.Context, s *Store, hash string, read func(field, value string) (T, error)) ([]T, error) {
	var fields *client.MapStringStringCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) { fields = p.HGetAll(ctx, key(hash)) })
	if err != nil {
		return nil, err
	}
	values := make([]T, 0, len(fields.Val()))
	for field, value := range fields.Val() {
		one, err := read(field, value)
		if err != nil {
			return nil, err
		}
		values = append(values, one)
	}
	return values, nil
}
