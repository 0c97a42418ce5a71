package redis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

// page is how many entries are read at once.
const page = 1000

// entryText is an entry as it is kept: without its number, which is that in the stream.
func entryText(e store.Entry) (string, error) {
	e.Number = 0
	text, err := json.Marshal(e)
	return string(text), err
}

// Audit appends entries, and gives them their numbers.
func (s *Store) Audit(ctx context.Context, entries ...store.Entry) error {
	args := []any{rand.Text(), keepEntries}
	for _, e := range entries {
		line, err := entryText(e)
		if err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		args = append(args, line)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := s.run(ctx, s.scripts.audit, []string{auditKey}, args...); err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	return nil
}

// Audited lists entries, the oldest first.
func (s *Store) Audited(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	all, err := s.audited(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return all, nil
}

// audited reads forwards from a number on, or else backwards from the newest, until there are as many as are asked for.
func (s *Store) audited(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	backwards := f.After == 0 && f.Limit > 0
	all := []store.Entry{}
	from, to := "("+strconv.FormatInt(max(f.After, 0), 10)+"-0", "+"
	if backwards {
		from, to = "-", "+"
	}
	for {
		var some *client.XMessageSliceCmd
		err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
			if backwards {
				some = p.XRevRangeN(ctx, key(auditKey), to, from, page)
			} else {
				some = p.XRangeN(ctx, key(auditKey), from, to, page)
			}
		})
		if err != nil {
			return nil, err
		}
		for _, m := range some.Val() {
			e, err := readEntry(m)
			if err != nil {
				return nil, err
			}
			if f.Has(e) {
				all = append(all, e)
			}
			if f.Limit > 0 && len(all) == f.Limit {
				break
			}
		}
		if len(some.Val()) < page || f.Limit > 0 && len(all) == f.Limit {
			break
		}
		last := "(" + some.Val()[page-1].ID
		if backwards {
			to = last
		} else {
			from = last
		}
	}
	if backwards {
		slices.Reverse(all)
	}
	return all, nil
}

func readEntry(m client.XMessage) (store.Entry, error) {
	var e store.Entry
	line, _ := m.Values["entry"].(string)
	before, _, _ := strings.Cut(m.ID, "-")
	n, err := strconv.ParseInt(before, 10, 64)
	if err == nil {
		err = json.Unmarshal([]byte(line), &e)
	}
	if err != nil {
		return e, fmt.Errorf("entry %s can't be read: %w", m.ID, err)
	}
	e.Number = n
	return e, nil
}
