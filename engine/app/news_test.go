package app

import (
	"bufio"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// streamed are the lines of a stream of events that begin with a field, as they come.
func streamed(t *testing.T, a *App, field string) <-chan string {
	t.Helper()
	s := httptest.NewServer(a.front(nil))
	res, err := s.Client().Get(s.URL + "/api/autoscaling/events")
	if err != nil {
		t.Fatal(err)
	}
	lines, read := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(read)
		defer close(lines)
		for text := bufio.NewScanner(res.Body); text.Scan(); {
			if value, found := strings.CutPrefix(text.Text(), field+": "); found {
				lines <- value
			}
		}
	}()
	t.Cleanup(func() {
		a.hub.Part()
		_ = res.Body.Close()
		<-read
		s.Close()
	})
	return lines
}

func heard(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line, there := <-lines:
		if !there {
			return "the end"
		}
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is heard")
		return ""
	}
}

// Of a log that is empty the first entry is news; of one that is not, what comes after its end.
func TestNewsBeginAtTheEndOfTheLog(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	entry := store.Entry{At: time.Now(), Actor: "ana", Kind: store.OfSwitch, Message: "on"}
	first := streamed(t, a, "id")
	last := a.passed(t.Context(), 0)
	a.note(t.Context(), entry)
	if last = a.passed(t.Context(), last); last != 1 {
		t.Fatalf("it was passed on up to %d", last)
	}
	if id := heard(t, first); id != "1" {
		t.Errorf("the first is %s", id)
	}

	last = a.passed(t.Context(), 0) // as another daemon begins
	a.note(t.Context(), entry, entry)
	last = a.passed(t.Context(), a.passed(t.Context(), last))
	for _, want := range []string{"2", "3"} {
		if id := heard(t, first); id != want {
			t.Errorf("then comes %s, want %s", id, want)
		}
	}
	if last != 3 {
		t.Errorf("it was passed on up to %d", last)
	}
}

// Who listened to a log that is gone is let go, and hears the status anew.
func TestNewsOfAStoreThatWasBegunAnew(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	events := streamed(t, a, "event")
	if event := heard(t, events); event != "status" {
		t.Fatalf("the first is %s", event)
	}
	if last := a.passed(t.Context(), 7); last != -1 {
		t.Errorf("it begins after %d, and the log is empty", last)
	}
	if event := heard(t, events); event != "the end" {
		t.Errorf("it goes on with %s", event)
	}
}

// Who listened when the store was replaced is let go too, wherever the numbers of the other log are.
func TestNewsOfAStoreThatWasRestored(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	file := backedUp(t, a)
	events := streamed(t, a, "event")
	if event := heard(t, events); event != "status" {
		t.Fatalf("the first is %s", event)
	}
	if _, err := a.Restore(t.Context(), api.RestoreAsk{File: file, Actor: "ana"}); err != nil {
		t.Fatal(err)
	}
	if event := heard(t, events); event != "the end" {
		t.Errorf("it goes on with %s", event)
	}
}
