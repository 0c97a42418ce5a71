package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

// allowed are the queries there are.
const allowed = "LLEN key, SCARD key, ZCARD key, XLEN stream, XLAG stream group, XPENDING stream group, GET key, HGET key field"

// query is a command and its one or two arguments.
type query struct {
	command string // in capitals
	key     string
	member  string // the group or the field; empty where the command takes none
}

// Check says what is wrong with a query, without asking anybody: one line that lists what is allowed.
func Check(text string) error {
	_, err := parse(text)
	return err
}

// parse reads a query as one writes it at redis-cli: words with spaces between them, capitals or not. A word with spaces
// in it is written in quotes: in '…' as it is, in "…" with backslashes as Go has them.
func parse(text string) (query, error) {
	words, err := split(text)
	if err != nil {
		return query{}, err
	}
	if len(words) == 0 {
		return query{}, errors.New("there is no query; allowed: " + allowed)
	}
	command, arguments := strings.ToUpper(words[0]), words[1:]
	usage := usage(command)
	if usage == "" {
		return query{}, fmt.Errorf("%q is not allowed; allowed: %s", poll.Short(words[0]), allowed)
	}
	if want := strings.Count(usage, " "); len(arguments) != want {
		return query{}, fmt.Errorf("%s has %d arguments; allowed: %s, with quotes around what has spaces in it",
			command, len(arguments), usage)
	}
	return query{command, arguments[0], strings.Join(arguments[1:], "")}, nil
}

// usage is how a command is written; empty: it is not one of ours.
func usage(command string) string {
	for each := range strings.SplitSeq(allowed, ", ") {
		if name, _, _ := strings.Cut(each, " "); name == command {
			return each
		}
	}
	return ""
}

const spaces = " \t\r\n"

// split takes a text apart into its words.
func split(text string) ([]string, error) {
	var words []string
	for {
		text = strings.TrimLeft(text, spaces)
		if text == "" {
			return words, nil
		}
		word, rest, err := cut(text)
		if err != nil {
			return nil, err
		}
		words, text = append(words, word), rest
	}
}

// cut takes the first word off a text that begins with one.
func cut(text string) (word, rest string, err error) {
	switch text[0] {
	case '\'':
		end := strings.IndexByte(text[1:], '\'')
		if end < 0 {
			return "", "", fmt.Errorf("the ' before %q is not closed", poll.Short(text[1:]))
		}
		word, rest = text[1:end+1], text[end+2:]
	case '"':
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf(`the " before %q is not closed, or a backslash after it is not one of \" \\ \n \t \xff`, poll.Short(text[1:]))
		}
		word, err = strconv.Unquote(quoted)
		if err != nil {
			return "", "", fmt.Errorf("%s can't be read: %w", poll.Short(quoted), err)
		}
		rest = text[len(quoted):]
	default:
		end := strings.IndexAny(text, spaces)
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], nil
	}
	if rest != "" && !strings.Contains(spaces, rest[:1]) {
		return "", "", fmt.Errorf("there is no space between a closing quote and %q", poll.Short(rest))
	}
	return word, rest, nil
}
