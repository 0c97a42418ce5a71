package backtest_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/backtest"
)

func TestReadCSV(t *testing.T) {
	row := func(seconds int, demand float64) backtest.Row { return backtest.Row{Seconds: seconds, Demand: demand} }
	for name, tc := range map[string]struct {
		text string
		how  backtest.CSV
		rows []backtest.Row
		err  error // beside the trace
	}{
		"requests a minute, by the column's name": {
			text: "timestamp,requests_per_minute\n2026-01-01T00:00:00Z,60\n2026-01-01T00:01:00Z,120\n",
			rows: []backtest.Row{row(60, 1), row(60, 2)},
		},
		"requests a second, by the column's name": {
			text: "time,rps\n2026-01-01T00:00:00Z,1.5\n2026-01-01T00:00:01Z,2\n",
			rows: []backtest.Row{row(1, 1.5), row(1, 2)},
		},
		"no name tells": {
			text: "timestamp,value\n2026-01-01 00:00:00,60\n2026-01-01 00:01:00,120\n",
			rows: []backtest.Row{row(60, 1), row(60, 2)}, err: backtest.ErrNoUnit,
		},
		"a unit that is said wins over the name": {
			text: "t,rpm\n2026-01-01 00:00:00,60\n2026-01-01 00:01:00,120\n", how: backtest.CSV{Unit: backtest.PerSecond},
			rows: []backtest.Row{row(60, 60), row(60, 120)},
		},
		"requests of a row": {
			text: "t,v\n2026-01-01 00:00:00,300\n2026-01-01 00:05:00,600\n", how: backtest.CSV{Unit: backtest.Count},
			rows: []backtest.Row{row(300, 1), row(300, 2)},
		},
		"percent of a replica, ten of them": {
			text: "t,cpu_percent\n2026-01-01 00:00:00,50\n2026-01-01 00:05:00,100\n", how: backtest.CSV{Capacity: 120, Scale: 10},
			rows: []backtest.Row{row(300, 10), row(300, 20)},
		},
		"scaled": {
			text: "t,rpm\n2026-01-01 00:00:00,60\n2026-01-01 00:05:00,120\n", how: backtest.CSV{Scale: 0.5},
			rows: []backtest.Row{row(300, 0.5), row(300, 1)},
		},
		"another column": {
			text: "t,rpm,errors\n2026-01-01 00:00:00,60,6\n2026-01-01 00:05:00,120,12\n", how: backtest.CSV{Column: "errors", Unit: backtest.PerMinute},
			rows: []backtest.Row{row(300, 0.1), row(300, 0.2)},
		},
		"unix seconds, spaces, a byte order mark, CRLF, quotes, no newline at the end": {
			text: "\xef\xbb\xbft, rpm\r\n1767225600, 60\r\n\"1767225660\",\"120\"",
			rows: []backtest.Row{row(60, 1), row(60, 2)},
		},
		"other zones": {
			text: "t,rpm\n2026-01-01T01:00:00+01:00,60\n2026-01-01T00:01:00Z,120\n",
			rows: []backtest.Row{row(60, 1), row(60, 2)},
		},
		"a gap is held, and the last row is as long as most": {
			text: "t,rpm\n0,60\n60,120\n120,180\n3600,240\n3660,0\n",
			rows: []backtest.Row{row(60, 1), row(60, 2), row(3480, 3), row(60, 4), row(60, 0)},
		},
		"as often: the last is as long as the shorter": {
			text: "t,rpm\n0,60\n100,60\n130,60\n",
			rows: []backtest.Row{row(100, 1), row(30, 1), row(30, 1)},
		},
		"fractions of a second are left off": {
			text: "t,rps\n2026-01-01T00:00:00.9Z,1\n2026-01-01T00:00:02.1Z,2\n2026-01-01T00:00:04.1Z,2\n",
			rows: []backtest.Row{row(2, 1), row(2, 2), row(2, 2)},
		},
		"nothing is demanded": {
			text: "t,rpm\n0,0\n60,0\n", rows: []backtest.Row{row(60, 0), row(60, 0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := backtest.ReadCSV([]byte(tc.text), tc.how)
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if len(trace.Rows) != len(tc.rows) {
				t.Fatalf("got %v, want %v", trace.Rows, tc.rows)
			}
			for i, want := range tc.rows {
				if got := trace.Rows[i]; got.Seconds != want.Seconds || math.Abs(got.Demand-want.Demand) > 1e-12 {
					t.Errorf("row %d is %v, want %v", i, got, want)
				}
			}
		})
	}
}

func TestReadCSVSaysWhatIsWrong(t *testing.T) {
	const head = "t,rpm\n"
	for name, tc := range map[string]struct {
		text string
		how  backtest.CSV
		want string
	}{
		"nothing":    {"", backtest.CSV{}, "no header: EOF; a trace begins with a line such as timestamp,requests_per_minute"},
		"one column": {"t\n0\n60\n", backtest.CSV{}, "the header has 1 column; a trace has a time and a demand"},
		"no header": {"2026-01-01T00:00:00Z,5\n2026-01-01T00:01:00Z,6\n", backtest.CSV{},
			`line 1 is a time and a number, "2026-01-01T00:00:00Z,5": the header is missing; put a line such as timestamp,requests_per_minute before it`},
		"another column":       {"t,rpm,errors\n0,1,1\n", backtest.CSV{Column: "latency"}, `no column "latency"; there are: rpm, errors`},
		"the column of time":   {"t,rpm\n0,1\n", backtest.CSV{Column: "t"}, `no column "t"; there are: rpm`},
		"no rows":              {head, backtest.CSV{}, "rows: 0; a trace has two at least"},
		"one row":              {head + "0,1\n", backtest.CSV{}, "rows: 1; a trace has two at least"},
		"no time":              {head + "0,1\nsoon,1\n", backtest.CSV{}, `line 3: time is "soon"; allowed: RFC 3339, "2006-01-02 15:04:05" or seconds since 1970`},
		"time below 0":         {head + "-60,1\n0,1\n", backtest.CSV{}, `line 2: time is "-60"`},
		"no number":            {head + "0,many\n60,1\n", backtest.CSV{}, `line 2: demand is "many"; allowed: a number, 0 or more`},
		"empty":                {head + "0,\n60,1\n", backtest.CSV{}, `line 2: demand is ""`},
		"NaN":                  {head + "0,NaN\n60,1\n", backtest.CSV{}, `line 2: demand is "NaN"`},
		"infinite":             {head + "0,+Inf\n60,1\n", backtest.CSV{}, `line 2: demand is "+Inf"`},
		"too large for floats": {head + "0,1e999\n60,1\n", backtest.CSV{}, `line 2: demand is "1e999"`},
		"below 0":              {head + "0,-1\n60,1\n", backtest.CSV{}, `line 2: demand is "-1"`},
		"back in time":         {head + "60,1\n0,1\n", backtest.CSV{}, "line 3: time 0 is not a second or more after the row before, 1970-01-01T00:01:00Z; rows go from old to new"},
		"twice the same time":  {head + "60,1\n60,1\n", backtest.CSV{}, "line 3: time 60 is not a second or more after"},
		"too few fields":       {head + "0,1\n60\n", backtest.CSV{}, "line 3: wrong number of fields"},
		"a quote":              {head + "0,1\n60,\"1\n", backtest.CSV{}, "line 3: "},
		"lines of a blank one": {head + "\n0,1\n\n60,x\n", backtest.CSV{}, `line 5: demand is "x"`},
		"too much":             {head + "0,1e12\n60,1\n", backtest.CSV{}, "the highest demand is 1.6666666666666666e+10 requests a second; allowed are 1e+09 at most"},
		"longer than a trace may be": {head + "0,1\n99999999999,1\n", backtest.CSV{},
			"line 3: time 99999999999 is more than 10 years after the first row, 1970-01-01T00:00:00Z; a trace is shorter"},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := backtest.ReadCSV([]byte(tc.text), tc.how)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v and\n%v, want\n%s", trace, err, tc.want)
			}
		})
	}
}

// Whatever the file, it is a trace that can be run, or an error of one line.
func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{
		"t,rpm\n0,1\n60,2\n", "t,v\n2026-01-01 00:00:00,1\n2026-01-01 00:05:00,1e9\n", "\xef\xbb\xbft,cpu\r\n1,1\r\n3,1",
		"t,rps\n0,0.1\n1,NaN\n", "t,\"a\nb\"\n0,1\n", "t,rpm\n0,1\n1099511627775,1\n", "t,rps\n9999-12-31T23:59:59Z,1\n", "t,rps\n-0,1\n0001-01-01T00:00:00Z,1\n",
	} {
		f.Add([]byte(text), "", 1.0)
	}
	f.Add([]byte("t,a,b\n0,1,2\n60,1,2\n"), "b", 1e300)
	f.Fuzz(func(t *testing.T, text []byte, column string, scale float64) {
		trace, err := backtest.ReadCSV(text, backtest.CSV{Column: column, Scale: math.Abs(scale), Capacity: 60})
		if err != nil && !errors.Is(err, backtest.ErrNoUnit) {
			return
		}
		total := 0
		for _, r := range trace.Rows {
			if r.Seconds < 1 || !(r.Demand >= 0) || r.Demand > 1e9 {
				t.Fatalf("row %+v", r)
			}
			total += r.Seconds
		}
		if len(trace.Rows) < 2 || total != trace.Seconds() || time.Duration(total)*time.Second > 20*366*24*time.Hour {
			t.Fatalf("%d rows, %d seconds", len(trace.Rows), total)
		}
	})
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]backtest.Fault{
		"metrics@1h+10m":       {Kind: backtest.NoMetrics, From: time.Hour, For: 10 * time.Minute},
		"start@0s+90s":         {Kind: backtest.NoStart, For: 90 * time.Second},
		"crash@2h":             {Kind: backtest.Crash, From: 2 * time.Hour, For: time.Second},
		"crash@1h30m+5s":       {Kind: backtest.Crash, From: 90 * time.Minute, For: 5 * time.Second},
		"metrics@1d12h+1d":     {Kind: backtest.NoMetrics, From: 36 * time.Hour, For: 24 * time.Hour},
		"metrics@1500ms+500ms": {Kind: backtest.NoMetrics, From: time.Second, For: 500 * time.Millisecond},
	} {
		if got, err := backtest.ParseFault(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "metrics", "metrics@", "metrics@1h", "start@1h+", "metrics@1h+0s", "metrics@1h+-5m", "metrics@-1h+5m", "network@1h+5m", "@1h+5m",
		"crash@", "crash@soon", "crash@1h+", "crash@1h+x", "metrics@1+1", "Metrics@1h+1m", "metrics@1h+1m+1m",
	} {
		if f, err := backtest.ParseFault(text); err == nil || !strings.HasPrefix(err.Error(), "fault is ") || !strings.Contains(err.Error(), "metrics@1h+10m") {
			t.Errorf("%q is %+v, %v; want an error that says what is allowed", text, f, err)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, text := range []string{"metrics@1h+10m", "start@0s+1ns", "crash@2h", "crash@1h+", "metrics@-1h+1m", "metrics@9999999h+9999999h", "@+"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := backtest.ParseFault(text)
		if err == nil && (fault.From < 0 || fault.For <= 0 || !slices.Contains(backtest.FaultKinds(), fault.Kind)) {
			t.Errorf("%q is %+v", text, fault)
		}
	})
}
