package backtest

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trace is a demand over time.
type Trace struct {
	Start time.Time
	Rows  []Row
}

// Row is a stretch of constant demand.
type Row struct {
	Seconds int
	Demand  float64 // requests a second, finite and not negative
}

// Seconds is the length of the trace.
func (t Trace) Seconds() int {
	n := 0
	for _, r := range t.Rows {
		n += r.Seconds
	}
	return n
}

// Peak is the highest demand, in requests a second.
func (t Trace) Peak() float64 {
	peak := 0.0
	for _, r := range t.Rows {
		peak = max(peak, r.Demand)
	}
	return peak
}

// Unit says what the numbers of a trace are.
type Unit string

const (
	PerMinute Unit = "rpm"     // requests a minute
	PerSecond Unit = "rps"     // requests a second
	Count     Unit = "count"   // requests of the row as a whole
	Percent   Unit = "percent" // of what one replica can do
)

// Units are all of them, as --unit names them.
func Units() []Unit { return []Unit{PerMinute, PerSecond, Count, Percent} }

// CSV says how a trace is written.
type CSV struct {
	Column   string  // that holds the demand; empty: the second
	Unit     Unit    // empty: as the name of the column tells, else requests a minute
	Scale    float64 // multiplies the demand; 0: 1
	Capacity float64 // requests a minute of one replica, which percentages are of
}

// ErrNoUnit says that requests a minute were assumed, because nothing told the unit.
var ErrNoUnit = errors.New("the unit is not told")

// ReadCSV reads a trace: a header, then one row an instant, oldest first, with the time in the first column (RFC 3339,
// "2006-01-02 15:04:05" in UTC, or seconds since 1970) and a demand in another. A row holds until the next begins; the last
// holds as long as most do. An error that is ErrNoUnit comes beside a trace.
func ReadCSV(text []byte, how CSV) (Trace, error) {
	records := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	records.TrimLeadingSpace, records.ReuseRecord = true, true
	head, err := records.Read()
	if err != nil {
		return Trace{}, fmt.Errorf("no header: %w; a trace begins with a line such as timestamp,requests_per_minute", plain(err))
	}
	if headless(head) {
		return Trace{}, fmt.Errorf("line 1 is a time and a number, %.50q: the header is missing; put a line such as timestamp,requests_per_minute before it", strings.Join(head, ","))
	}
	column, err := how.column(head)
	if err != nil {
		return Trace{}, err
	}
	unit, told := how.unit(head[column])
	var at []time.Time
	var values []float64
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Trace{}, plain(err)
		}
		line, _ := records.FieldPos(0)
		when, value, err := row(record, column)
		if err == nil && len(at) > 0 {
			err = follows(record[0], when, at)
		}
		if err != nil {
			return Trace{}, fmt.Errorf("line %d: %w", line, err)
		}
		at, values = append(at, when), append(values, value)
	}
	trace, err := how.Rows(at, values, unit)
	if err == nil && !told {
		err = ErrNoUnit
	}
	return trace, err
}

const (
	mostDemand = 1e9                       // requests a second: sums of a year of it are exact enough
	longest    = 10 * 366 * 24 * time.Hour // from the first row to the last
)

// follows says whether a row may come after those before it.
func follows(text string, when time.Time, before []time.Time) error {
	switch last := before[len(before)-1]; {
	case when.Sub(last) < time.Second:
		return fmt.Errorf("time %s is not a second or more after the row before, %s; rows go from old to new", text, last.Format(time.RFC3339))
	case when.Sub(before[0]) > longest:
		return fmt.Errorf("time %s is more than 10 years after the first row, %s; a trace is shorter", text, before[0].Format(time.RFC3339))
	}
	return nil
}

func (how CSV) column(head []string) (int, error) {
	if len(head) < 2 {
		return 0, fmt.Errorf("the header has %d column; a trace has a time and a demand", len(head))
	}
	if how.Column == "" {
		return 1, nil
	}
	if i := slices.Index(head, how.Column); i > 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no column %q; there are: %s", how.Column, strings.Join(head[1:], ", "))
}

// headless says whether the first line is a row already.
func headless(head []string) bool {
	if len(head) < 2 {
		return false
	}
	_, err := instant(head[0])
	_, wrong := strconv.ParseFloat(strings.TrimSpace(head[1]), 64)
	return err == nil && wrong == nil
}

// unit is what was said, or else what the name of the column tells.
func (how CSV) unit(name string) (Unit, bool) {
	name = strings.ToLower(name)
	switch {
	case how.Unit != "":
		return how.Unit, true
	case strings.Contains(name, "minute") || strings.Contains(name, "rpm"):
		return PerMinute, true
	case strings.Contains(name, "second") || strings.Contains(name, "rps"):
		return PerSecond, true
	case strings.Contains(name, "percent") || strings.Contains(name, "cpu"):
		return Percent, true
	}
	return PerMinute, false
}

func row(record []string, column int) (time.Time, float64, error) {
	at, err := instant(record[0])
	if err != nil {
		return at, 0, err
	}
	text := strings.TrimSpace(record[column])
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return at, 0, fmt.Errorf("demand is %.50q; allowed: a number, 0 or more", text)
	}
	return at, v, nil
}

func instant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 && seconds < 1<<40 {
		return time.Unix(seconds, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("time is %.50q; allowed: RFC 3339, \"2006-01-02 15:04:05\" or seconds since 1970", text)
}

// Rows makes a trace of instants, a second or more apart, and what was demanded from each on. Fractions of a second are left
// off.
func (how CSV) Rows(at []time.Time, values []float64, unit Unit) (Trace, error) {
	if len(at) < 2 {
		return Trace{}, fmt.Errorf("rows: %d; a trace has two at least", len(at))
	}
	t := Trace{Start: at[0], Rows: make([]Row, len(at))}
	steps := map[int]int{}
	for i := range at[1:] {
		t.Rows[i].Seconds = int(at[i+1].Unix() - at[i].Unix())
		steps[t.Rows[i].Seconds]++
	}
	usual := 0
	for step, n := range steps {
		if c := cmp.Compare(n, steps[usual]); c > 0 || c == 0 && step < usual {
			usual = step
		}
	}
	t.Rows[len(at)-1].Seconds = usual
	for i, v := range values {
		t.Rows[i].Demand = how.demand(v, unit, t.Rows[i].Seconds)
	}
	if peak := t.Peak(); !(peak <= mostDemand) {
		return Trace{}, fmt.Errorf("the highest demand is %g requests a second; allowed are %g at most", peak, mostDemand)
	}
	return t, nil
}

// demand is a value in requests a second.
func (how CSV) demand(v float64, unit Unit, seconds int) float64 {
	switch unit {
	case PerMinute:
		v /= 60
	case Count:
		v /= float64(seconds)
	case Percent:
		v = v / 100 * how.Capacity / 60
	}
	return v * cmp.Or(how.Scale, 1)
}

// plain is an error of the CSV reader without its name for the place.
func plain(err error) error {
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
	}
	return err
}
