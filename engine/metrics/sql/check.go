package sql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const longest = 64 << 10 // bytes of a query

const allowed = "allowed: one statement that begins with SELECT, WITH, VALUES, TABLE or SHOW"

// Check says what is wrong with a query, as far as can be told without a database: that it is empty, has several
// statements, does not begin with SELECT, WITH, VALUES, TABLE or SHOW, or that a string or comment in it does not end. A
// query that is right for one of PostgreSQL, MySQL and SQLite is right.
func Check(query string) error {
	err := postgreSQL.check(query)
	for _, d := range []dialect{mariaDB, sqLite} {
		if err == nil {
			return nil
		}
		if d.check(query) == nil {
			return nil
		}
	}
	return err
}

// dialect is how strings and comments are written. All have 'text', "name" and /* comments */, and -- comments to the
// line's end.
type dialect struct {
	backslash bool // 'it\'s'
	escaped   bool // E'it\'s'
	dollar    bool // $$text$$, $tag$text$tag$
	nested    bool // /* one /* in */ another */
	hash      bool // # comment to the line's end
	backtick  bool // `name`
	bracket   bool // [name]
}

var (
	postgreSQL = dialect{escaped: true, dollar: true, nested: true}
	mariaDB    = dialect{backslash: true, hash: true, backtick: true}
	sqLite     = dialect{backtick: true, bracket: true}
)

// check is Check for one dialect. It stands before the database's own refusals, not in their place.
func (d dialect) check(query string) error {
	switch {
	case len(query) > longest:
		return fmt.Errorf("the query is %d bytes long; allowed: %d", len(query), longest)
	case !utf8.ValidString(query) || strings.ContainsRune(query, 0):
		return errors.New("the query has bytes that are no text; allowed: UTF-8 without NUL")
	}
	first, ended := "", false
	for rest := query; rest != ""; {
		token, kind, err := d.next(rest)
		if err != nil {
			return err
		}
		rest = rest[len(token):]
		switch {
		case kind == blank:
		case token == ";" && first == "":
			return errors.New("the query is empty; " + allowed)
		case ended:
			return fmt.Errorf("the query goes on with %.40q after a semicolon; %s", token, allowed)
		case token == ";":
			ended = true
		case first == "" && token != "(":
			first = token
		}
	}
	switch {
	case first == "":
		return errors.New("the query is empty; " + allowed)
	case !slices.Contains([]string{"SELECT", "WITH", "VALUES", "TABLE", "SHOW"}, strings.ToUpper(first)):
		return fmt.Errorf("the query begins with %.40q; %s", first, allowed)
	default:
		return nil
	}
}

// kind is what a token is.
type kind int

const (
	other kind = iota
	blank      // space, comment
)

// next is the first token of a text that is not empty.
func (d dialect) next(text string) (string, kind, error) {
	c := text[0]
	switch {
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		return text[:1], blank, nil
	case strings.HasPrefix(text, "--"), d.hash && c == '#':
		line, _, _ := strings.Cut(text, "\n")
		return line, blank, nil
	case strings.HasPrefix(text, "/*"):
		token, err := d.comment(text)
		return token, blank, err
	case d.escaped && len(text) > 1 && (c == 'E' || c == 'e') && text[1] == '\'':
		token, err := quoted(text, 1, '\'', true)
		return token, other, err
	case c == '\'', c == '"':
		token, err := quoted(text, 0, c, d.backslash)
		return token, other, err
	case d.backtick && c == '`':
		token, err := quoted(text, 0, c, false)
		return token, other, err
	case d.bracket && c == '[':
		token, err := quoted(text, 0, ']', false)
		return token, other, err
	case d.dollar && c == '$':
		token, err := dollar(text)
		return token, other, err
	case letter(c):
		end := strings.IndexFunc(text, func(r rune) bool { return r < utf8.RuneSelf && !letter(byte(r)) && r != '$' })
		if end < 0 {
			end = len(text)
		}
		return text[:end], other, nil
	default:
		return text[:1], other, nil
	}
}

// letter says that a byte is of a word or number.
func letter(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

// quoted is the string or name whose opening quote is at a place. A quote in it is written twice.
func quoted(text string, at int, quote byte, backslash bool) (string, error) {
	for i := at + 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] != quote:
		case i+1 < len(text) && text[i+1] == quote && quote != ']':
			i++
		default:
			return text[:i+1], nil
		}
	}
	return "", fmt.Errorf("a %c that opens a string or name is not closed; write a quote in it twice", text[at])
}

func (d dialect) comment(text string) (string, error) {
	depth := 1
	for i := len("/*"); i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			if d.nested {
				depth++
				i++
			}
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return text[:i+1], nil
		}
	}
	return "", errors.New("a comment that begins with /* does not end with */")
}

// dollar is a string such as $tag$text$tag$, or a single $.
func dollar(text string) (string, error) {
	end := strings.IndexFunc(text[1:], func(r rune) bool { return r < utf8.RuneSelf && !letter(byte(r)) })
	if end < 0 || text[1+end] != '$' || '0' <= text[1] && text[1] <= '9' {
		return text[:1], nil
	}
	tag := text[:end+2]
	length := strings.Index(text[len(tag):], tag)
	if length < 0 {
		return "", fmt.Errorf("a string that begins with %.40q does not end with it", tag)
	}
	return text[:2*len(tag)+length], nil
}
