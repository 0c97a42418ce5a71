package sqlite

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func TestFileOfVersion2IsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	old, err := os.ReadFile("testdata/version2.sql")
	check(t, err)
	db, err := sql.Open("sqlite", path)
	check(t, err)
	shop := engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}
	_, err = db.Exec(string(old) + `; PRAGMA application_id = 0x666c7962; PRAGMA user_version = 2; PRAGMA journal_mode = wal;
		INSERT INTO switch VALUES (1, 1, 'anna', 7);
		INSERT INTO state VALUES ('` + shop.Subject() + `', '{"virtual":3}', '{"policy":"web"}');
		INSERT INTO series VALUES (1, 'live/shop', 'cpu', 's1', 'r1');`)
	check(t, errors.Join(err, db.Close()))
	same := func(s *Store, pauses int) {
		t.Helper()
		state, err := s.State(t.Context(), shop)
		if err != nil || !state.Enabled || state.Virtual != 3 || len(state.Pauses) != pauses {
			t.Errorf("state is %+v, %v; want %d pauses", state, err, pauses)
		}
		if n := rowsIn(t, s, "series"); n != 1 {
			t.Errorf("%d series, want the one that was there", n)
		}
	}

	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	same(reader, 0)
	wantError(t, reader.Pause(t.Context(), "", engine.Pause{}), "reading only")

	for i := range 2 {
		s := openAt(t, path)
		same(s, i)
		check(t, s.Pause(t.Context(), "", engine.Pause{Since: start, Actor: "anna", Reason: "a sale"}))
		same(s, 1)
		same(reader, 1)
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

// What can't be read could be a pause: nothing is decided on without it.
func TestAPauseThatCannotBeReadHolds(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	_, err := s.write.Exec("INSERT INTO pause VALUES ('', '{')")
	check(t, err)
	_, err = s.State(t.Context(), engine.Policy{Name: "web", Service: "shop", Mode: engine.Live})
	wantError(t, err, "read the pauses")
}
