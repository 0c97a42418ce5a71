package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// shown is how many characters of somebody else's text an error quotes.
const shown = 300

// unfit is why there is no number, said by us.
type unfit string

func (u unfit) Error() string { return string(u) }

// one is the number that a query answers. stop ends the query: of an answer with several rows no more than two are read.
func one(ctx context.Context, stop func(), tx *sql.Tx, query string) (float64, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	if len(columns) != 1 {
		stop()
		return 0, unfit(fmt.Sprintf("the answer has %s; allowed: one, with a number in it", count(columns)))
	}
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return 0, err
		}
		return 0, unfit("the answer has no row; allowed: one (count(*) and coalesce(sum(x), 0) always give one)")
	}
	var found any
	if err := rows.Scan(&found); err != nil {
		return 0, err
	}
	if rows.Next() {
		stop()
		return 0, unfit("the answer has several rows; allowed: one, such as that of an aggregate, or of ORDER BY … LIMIT 1")
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return number(found, columns[0].DatabaseTypeName())
}

func count(columns []*sql.ColumnType) string {
	if len(columns) == 0 {
		return "no column"
	}
	names := make([]string, 0, 5)
	for _, c := range columns[:min(len(columns), cap(names))] {
		names = append(names, c.Name())
	}
	if len(columns) > len(names) {
		names = append(names, "…")
	}
	return fmt.Sprintf("%d columns (%s)", len(columns), short(strings.Join(names, ", ")))
}

// number reads a value of a column whose type the database gives a name.
func number(value any, name string) (float64, error) {
	switch v := value.(type) {
	case nil:
		return 0, unfit("the answer is NULL; allowed: a number (write coalesce(x, 0) where none means 0)")
	case int64:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case float32:
		return finite(float64(v))
	case float64:
		return finite(v)
	case bool:
		return 0, unfit(fmt.Sprintf("the answer is %t; allowed: a number, such as that of CASE WHEN x THEN 1 ELSE 0 END", v))
	case time.Time:
		return 0, unfit("the answer is a time; allowed: a number, such as the seconds since then")
	case string:
		return decimal(v)
	case []byte:
		if binary(name) {
			return 0, unfit(fmt.Sprintf("the answer is of type %s; allowed: a number (write CAST(x AS DECIMAL(20, 4)))", name))
		}
		return decimal(string(v))
	default:
		return 0, unfit(fmt.Sprintf("the answer is of type %s; allowed: a number", name))
	}
}

// binary says that values of a type are bytes that stand for no text. Decimals and texts come as bytes, too.
func binary(name string) bool {
	return strings.Contains(name, "BLOB") || strings.Contains(name, "BINARY") ||
		name == "BIT" || name == "BYTEA" || name == "GEOMETRY" || name == "VECTOR"
}

func finite(v float64) (float64, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, unfit(fmt.Sprintf("the answer is %v; allowed: a finite number", v))
	}
	return v, nil
}

// decimal is the float64 nearest to the number that a text is: "12", "-0.5", "1e3". Not what only Go reads as one, such
// as "0x10" and "Inf".
func decimal(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case strings.Trim(text, "0123456789+-.eE") != "" || errors.Is(err, strconv.ErrSyntax):
		return 0, unfit(fmt.Sprintf("the answer is the text %q; allowed: a finite number", short(text)))
	case err != nil:
		return 0, unfit(fmt.Sprintf("the answer is a number of %d characters, beyond ±1.8e308", len(text)))
	default:
		return v, nil
	}
}

// short makes one short line, of printable characters, of what somebody else wrote.
func short(text string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text[:min(len(text), 4*shown)])
	all := []rune(strings.Join(strings.Fields(line), " "))
	if len(all) > shown {
		return string(all[:shown]) + "…"
	}
	return string(all)
}
