package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// cpu is n samples at 15 s from an instant on, of four digits.
func cpu(n int, from time.Time) engine.Series {
	s := engine.Series{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: "r1"}
	dice := rand.New(rand.NewPCG(1, uint64(from.Unix())))
	for i := range n {
		s.Points = append(s.Points, engine.Point{
			At: from.Add(time.Duration(i) * 15 * time.Second), Value: float64(dice.IntN(10000)) / 100,
		})
	}
	return s
}

var always = engine.Range{Subject: "live/shop", From: start.AddDate(-9, 0, 0), To: start.AddDate(9, 0, 0)}

// holds wants exactly these samples, each metric's for itself.
func holds(t *testing.T, s *Store, want ...engine.Series) {
	t.Helper()
	got, err := s.Samples(t.Context(), always)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d series, %v; want %d", len(got), err, len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("series %d is %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

// counted is how many samples the rollups sum up.
func counted(t *testing.T, s *Store) (count int) {
	t.Helper()
	all, err := s.Rollups(t.Context(), always)
	check(t, err)
	for _, one := range all {
		for _, r := range one.Rollups {
			count += r.Count
		}
	}
	return count
}

func rowsIn(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	check(t, s.read.QueryRow("SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func flush(t *testing.T, s *Store, series engine.Series) {
	t.Helper()
	s.Keep([]engine.Series{series})
	check(t, s.Flush(t.Context(), series.Points[len(series.Points)-1].At))
}

func TestFileOfVersion1IsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	old, err := os.ReadFile("testdata/version1.sql")
	check(t, err)
	db, err := sql.Open("sqlite", path)
	check(t, err)
	shop := engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}
	_, err = db.Exec(string(old) + `; PRAGMA application_id = 0x666c7962; PRAGMA user_version = 1; PRAGMA journal_mode = wal;
		INSERT INTO switch VALUES (1, 1, 'anna', 7);
		INSERT INTO state VALUES ('` + shop.Subject() + `', '{"virtual":3}', '{"policy":"web"}');
		INSERT INTO decision VALUES (5, 'web', 'live', 'hold', 'Steady', 'r1', 1, 2, 2, '{"policy":"web"}');
		INSERT INTO event VALUES (9, 'e1', 'shop', 'live', 1, 2, '{"id":"e1"}');`)
	check(t, errors.Join(err, db.Close()))
	same := func(s *Store) {
		t.Helper()
		state, err := s.State(t.Context(), shop)
		if err != nil || !state.Enabled || state.Virtual != 3 {
			t.Errorf("state is %+v, %v", state, err)
		}
		rows, err := s.Decisions(t.Context(), "web", 0)
		if err != nil || len(rows) != 1 || rows[0].Count != 2 {
			t.Errorf("decisions are %+v, %v", rows, err)
		}
		events, err := s.History(t.Context(), "", 0)
		if err != nil || len(events) != 1 || events[0].ID != "e1" {
			t.Errorf("history is %+v, %v", events, err)
		}
	}

	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	same(reader)
	holds(t, reader)
	if n := counted(t, reader); n != 0 {
		t.Errorf("rollups of %d samples", n)
	}

	for range 2 {
		s := openAt(t, path)
		same(s)
		flush(t, s, cpu(300, start))
		holds(t, s, cpu(300, start))
		holds(t, reader, cpu(300, start))
		var version int
		check(t, s.read.QueryRow("PRAGMA user_version").Scan(&version))
		if version != 5 {
			t.Errorf("version is %d, want 5", version)
		}
		check(t, s.Shutdown())
	}
	if left, _ := filepath.Glob(path + ".corrupt*"); len(left) > 0 {
		t.Errorf("moved aside: %v", left)
	}
}

func TestChunksFillUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	whole := cpu(500, start)
	rows := func(s *Store, full, open int) {
		t.Helper()
		if f, o := rowsIn(t, s, "chunk"), rowsIn(t, s, "open_chunk"); f != full || o != open {
			t.Errorf("%d full chunks and %d open ones, want %d and %d", f, o, full, open)
		}
	}
	for _, c := range []struct{ from, to, full, open int }{
		{0, 100, 0, 1}, {100, 239, 0, 1}, {239, 240, 1, 0}, {240, 241, 1, 1}, {241, 500, 2, 1}, {240, 260, 2, 1},
	} {
		s := openAt(t, path)
		part := whole
		part.Points = whole.Points[c.from:c.to]
		flush(t, s, part)
		rows(s, c.full, c.open)
		check(t, s.arrivals.Flush(s.log, func(left series.Fresh) error {
			return fmt.Errorf("%d samples are still in memory", len(left))
		}))
		check(t, s.Shutdown())
	}
	s := openAt(t, path)
	holds(t, s, whole)
	if n := counted(t, s); n != 500 {
		t.Errorf("rollups count %d samples, want 500", n)
	}
}

func TestReaderSeesWhatIsFlushed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	writer := openAt(t, path)
	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	series := cpu(250, start)
	writer.Keep([]engine.Series{series})
	holds(t, writer, series)
	holds(t, reader)
	check(t, writer.Flush(t.Context(), start))
	holds(t, reader, series)
	if n := counted(t, reader); n != 250 {
		t.Errorf("the reader's rollups count %d samples, want 250", n)
	}
	reader.Keep([]engine.Series{cpu(10, start.Add(-time.Hour))})
	check(t, reader.Flush(t.Context(), start.AddDate(9, 0, 0)))
	holds(t, reader, series)
}

func TestNothingIsScanned(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	for name, c := range map[string]struct {
		query string
		args  []any
	}{
		"full chunks": {chunksOf, []any{"live/shop", "", "", 1, 2}},
		"open chunks": {openChunksOf, []any{"live/shop", "", "", 1, 2}},
		"days":        {daysOf, []any{"live/shop", "", "", 1, 2}},
		"newest":      {newestClosed, nil},
		"newest open": {newestOpen, nil},
		"idle ones":   {idleChunks, []any{1, 2}},
		"old chunks":  {dropChunks, []any{1, 2}},
		"old days":    {dropDays, []any{1, 2}},
		"old series":  {dropSeries, []any{1}},
		"decision at": {decisionAt, []any{"web", "live", 1}},
		"revisions":   {dropRevisions, []any{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := s.write.Query("EXPLAIN QUERY PLAN "+c.query, c.args...)
			check(t, err)
			defer rows.Close()
			steps := 0
			for rows.Next() {
				var id, parent, unused int
				var step string
				check(t, rows.Scan(&id, &parent, &unused, &step))
				steps++
				if strings.Contains(step, "SCAN") && step != "SCAN c" && step != "SCAN r" { // idle ones and policies are few
					t.Errorf("it goes through everything: %s", step)
				}
			}
			if steps == 0 {
				t.Error("no plan")
			}
		})
	}
}

func TestNotANumberHasNoRollup(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	odd := cpu(240, start)
	for i := range odd.Points {
		odd.Points[i].Value = math.Inf(1)
	}
	flush(t, s, odd)
	holds(t, s, odd)
	if all, err := s.Rollups(t.Context(), always); err != nil || len(all) != 0 {
		t.Errorf("rollups are %+v, %v; want none", all, err)
	}
}
