package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	client "github.com/redis/go-redis/v9"
)

// numberSize is the bytes that a number's text may have. Longer ones are not fetched.
const numberSize = 512

func (s *Source) ask(ctx context.Context, q query) (float64, error) {
	switch q.command {
	case "XLEN":
		return s.entries(ctx, q.key)
	case "XLAG", "XPENDING":
		return s.group(ctx, q)
	case "GET":
		return s.text(ctx, q.key)
	case "HGET":
		return s.field(ctx, q.key, q.member)
	default:
		return s.count(ctx, q)
	}
}

// count asks a command that counts, of a key.
func (s *Source) count(ctx context.Context, q query) (float64, error) {
	answer, err := s.client.Do(ctx, q.command, q.key).Result()
	if err != nil {
		return 0, err
	}
	n, whole := answer.(int64)
	if !whole {
		return 0, unfit("the answer is no whole number")
	}
	return float64(n), nil
}

// entries counts those of a stream. A stream may be there and empty, so that none and no stream are not the same.
func (s *Source) entries(ctx context.Context, stream string) (float64, error) {
	n, err := s.client.XLen(ctx, stream).Result()
	if n > 0 || err != nil {
		return float64(n), err
	}
	known, err := s.client.Exists(ctx, stream).Result()
	if err == nil && known == 0 {
		err = unfit("there is no such stream")
	}
	return 0, err
}

// text reads the number at a key: no more of it than a number has.
func (s *Source) text(ctx context.Context, key string) (float64, error) {
	text, err := s.client.GetRange(ctx, key, 0, numberSize).Result()
	if err != nil {
		return 0, err
	}
	if text == "" {
		return 0, unfit("there is no such key, or the text at it is empty")
	}
	return s.number(text)
}

// field reads the number in a field of a hash. Redis reads no part of one, so its size is asked first.
func (s *Source) field(ctx context.Context, key, field string) (float64, error) {
	size, err := s.client.HStrLen(ctx, key, field).Result()
	switch {
	case err != nil:
		return 0, err
	case size == 0:
		return 0, unfit("there is no such key or field, or the text in it is empty")
	case size > numberSize:
		return 0, unfit(fmt.Sprintf("a text of %d bytes; allowed: a number", size))
	}
	text, err := s.client.HGet(ctx, key, field).Result()
	if errors.Is(err, client.Nil) {
		return 0, unfit("there is no such key or field")
	}
	if err != nil {
		return 0, err
	}
	return s.number(text)
}

func (s *Source) number(text string) (float64, error) {
	if len(text) > numberSize {
		return 0, unfit(fmt.Sprintf("a text of more than %d bytes; allowed: a number", numberSize))
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, unfit(fmt.Sprintf("the text %q; allowed: a finite number", s.options.quote(text)))
	}
	return value, nil
}

// group reads what Redis knows of a consumer group of a stream.
func (s *Source) group(ctx context.Context, q query) (float64, error) {
	answer, err := s.client.Do(ctx, "XINFO", "GROUPS", q.key).Slice()
	if err != nil {
		return 0, err
	}
	var names []string
	for _, item := range answer {
		g := pairs(item)
		name, _ := g["name"].(string)
		if name == q.member {
			return figure(g, q.command)
		}
		names = append(names, strconv.Quote(name))
	}
	if len(names) == 0 {
		return 0, unfit("the stream has no groups")
	}
	return 0, unfit(fmt.Sprintf("the stream has no such group; it has %s", s.options.quote(strings.Join(names, ", "))))
}

// figure is the one that a command asks for, of what is known of a group.
func figure(g map[string]any, command string) (float64, error) {
	name := strings.ToLower(strings.TrimPrefix(command, "X"))
	value, told := g[name]
	n, whole := value.(int64)
	switch {
	case whole && n < 0:
		return 0, unfit(fmt.Sprintf("Redis counts a %s of %d: the group was made or set with an ENTRIESREAD that is too high; "+
			"XGROUP SETID stream group with the group's last-delivered-id, as XINFO GROUPS shows it, has Redis count anew", name, n))
	case whole:
		return float64(n), nil
	case !told:
		return 0, unfit(fmt.Sprintf("this server does not tell the %s of a group; Redis does since 7.0", name))
	default:
		return 0, unfit(fmt.Sprintf("Redis can't tell the %s: entries were deleted, or the group was made in the middle of the stream; "+
			"it can again once the group has read to the end", name))
	}
}

// pairs makes a map of names and values in turn.
func pairs(answer any) map[string]any {
	list, _ := answer.([]any)
	all := map[string]any{}
	for i := 0; i+1 < len(list); i += 2 {
		if name, ok := list[i].(string); ok {
			all[name] = list[i+1]
		}
	}
	return all
}
