package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

func TestFileOfVersion4IsMigrated(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "flyball.db")
	old, err := os.ReadFile("testdata/version4.sql")
	check(t, err)
	db, err := sql.Open("sqlite", path)
	check(t, err)
	shop := engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}
	// The checksums are those that the flyball of that version made.
	_, err = db.Exec(string(old) + `; PRAGMA application_id = 0x666c7962; PRAGMA user_version = 4; PRAGMA journal_mode = wal;
		INSERT INTO switch VALUES (1, 1, 'anna', 1772366400000000000);
		INSERT INTO state VALUES ('` + shop.Subject() + `', '{"sum":"63336b28","virtual":3}', NULL);
		INSERT INTO audit VALUES (4, 1772366400000000000, 'anna', 'switch', '', '', '', '', 'autoscaling is on', 4060340891);
		INSERT INTO outbox VALUES (1, 'm1', 1, 2, 0, '{"id":"m1"}', '{}');`)
	check(t, errors.Join(err, db.Close()))
	same := func(s *Store, entries int) {
		t.Helper()
		audited, err := s.Audited(ctx, store.Filter{})
		if err != nil || len(audited) != entries || audited[0].Number != 4 || audited[0].Actor != "anna" || audited[0].Reason != "" {
			t.Errorf("audit log is %+v, %v; want %d entries", audited, err, entries)
		}
		if p := storetest.Everything(t, s); len(p.Entries) != entries || len(p.Messages) != 1 || len(p.Subjects) != 1 || !p.Switch.On {
			t.Errorf("export is %+v", p)
		}
		if found, err := s.Check(ctx); err != nil || len(found.Problems) > 0 {
			t.Errorf("a check finds %q, %v", found.Problems, err)
		}
		if empty, err := s.Empty(ctx); err != nil || empty {
			t.Errorf("it is empty: %v, %v", empty, err)
		}
		if waiting, dead, err := s.Depth(ctx); waiting != 1 || dead != 0 || err != nil {
			t.Errorf("%d wait, %d were given up, %v", waiting, dead, err)
		}
	}
	none := func(s *Store) {
		t.Helper()
		tokens, one := s.Tokens(ctx)
		users, two := s.Users(ctx)
		documents, three := s.Documents(ctx)
		_, token, four := s.Token(ctx, "t1")
		_, user, five := s.User(ctx, "ben")
		_, told, six := s.Posted(ctx)
		if err := errors.Join(one, two, three, four, five, six); err != nil || len(tokens)+len(users)+len(documents) > 0 || token || user || told {
			t.Errorf("there are %+v, %+v, %+v, told: %v; %v", tokens, users, documents, told, err)
		}
	}

	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	same(reader, 1)
	none(reader)
	wantError(t, reader.PutToken(ctx, store.Token{}, store.Entry{}), "reading only")
	wantError(t, reader.PutDocument(ctx, store.Document{}, "", store.Entry{}), "reading only")
	wantError(t, reader.Post(ctx, 1), "reading only")

	for i := range 2 {
		s := openAt(t, path)
		if i == 0 {
			none(s)
		}
		same(s, 1+i)
		check(t, s.PutToken(ctx, store.Token{ID: fmt.Sprint("t", i), Created: start}, store.Entry{At: start, Kind: store.OfAccess, Reason: "a reason"}))
		check(t, s.Post(ctx, int64(4+i)))
		same(s, 2+i)
		same(reader, 2+i)
		if tokens, err := reader.Tokens(ctx); err != nil || len(tokens) != 1+i {
			t.Errorf("tokens are %+v, %v", tokens, err)
		}
		if upTo, _, err := reader.Posted(ctx); err != nil || upTo != int64(4+i) {
			t.Errorf("it was told up to %d, %v", upTo, err)
		}
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

// What can't be read lets nobody in, and can be got rid of.
func TestAccountsThatCannotBeRead(t *testing.T) {
	ctx, s := t.Context(), openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	storetest.Use(t, s, "web")
	for _, spoil := range []string{
		"UPDATE token SET token = replace(token, 'operator', 'adminadm') WHERE id = 'web t1'", "UPDATE token SET token = '{' WHERE id = 'web s1'",
		"UPDATE person SET person = '{'", "UPDATE document SET document = '{'",
	} {
		_, err := s.write.Exec(spoil)
		check(t, err)
	}
	for what, err := range map[string]error{
		"token": second(s.Token(ctx, "web t1")), "session": second(s.Token(ctx, "web s1")), "person": second(s.User(ctx, "web@example.org")),
	} {
		if !errors.Is(err, errDamaged) {
			t.Errorf("%s that is damaged: %v", what, err)
		}
	}
	_, tokens := s.Tokens(ctx)
	wantError(t, tokens, "read the tokens", "damaged")
	_, users := s.Users(ctx)
	wantError(t, users, "read who may log in", "damaged")
	_, documents := s.Documents(ctx)
	wantError(t, documents, "read the policies that came by the API", "damaged")

	entry := store.Entry{At: start, Kind: store.OfAccess}
	check(t, s.PutUser(ctx, store.User{Email: "web@example.org"}, entry)) // beside a session that can't be read
	for _, id := range []string{"web t1", "web s1"} {
		if removed, err := s.RemoveToken(ctx, id, entry); err != nil || !removed {
			t.Errorf("token %s is removed: %v, %v", id, removed, err)
		}
	}
	check(t, s.RemoveDocument(ctx, "web", "1", entry))
	if found, err := s.Check(ctx); err != nil || len(found.Problems) > 0 {
		t.Errorf("a check finds %q, %v", found.Problems, err)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

// Where nobody can say what was told, the log says so, and the next message does.
func TestWhatWasToldCannotBeRead(t *testing.T) {
	var log bytes.Buffer
	s, err := Open(filepath.Join(t.TempDir(), "flyball.db"), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	check(t, err)
	t.Cleanup(func() { s.Shutdown() })
	check(t, s.Post(t.Context(), 7))
	_, err = s.write.Exec("UPDATE posted SET posted = replace(posted, '7', '9')")
	check(t, err)
	if upTo, known, err := s.Posted(t.Context()); known || err != nil || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("it was told up to %d, %v, %v, and the log has %q", upTo, known, err, &log)
	}
	check(t, s.Post(t.Context(), 8))
	if upTo, known, err := s.Posted(t.Context()); upTo != 8 || !known || err != nil {
		t.Errorf("it was told up to %d, %v, %v; want 8", upTo, known, err)
	}
}

// Each request of the API asks for a token: that is one look into an index, however many there are.
func TestATokenIsLookedUp(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	for query, index := range map[string]string{
		oneToken: "sqlite_autoindex_token_1", oneUser: "sqlite_autoindex_person_1",
	} {
		var id, parent, unused int
		var plan string
		check(t, s.read.QueryRow("EXPLAIN QUERY PLAN "+query, 1).Scan(&id, &parent, &unused, &plan))
		if !strings.Contains(plan, index) {
			t.Errorf("%s: %s; want it by %s", query, plan, index)
		}
	}
}
