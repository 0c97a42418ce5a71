package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// A receiver that hangs holds up nobody but itself; one that refuses a message is told the next.
func TestOneReceiverHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: func(host string, tries int) *http.Response {
			switch {
			case host == "hangs":
				return nil
			case host == "picky" && tries == 1:
				return answers(400)
			}
			return answers(200)
		}}
		_, stop := begun(m, w, "hangs", "picky", "quick")
		defer stop()
		pass(2 * time.Second)
		m.scaled("web")
		m.scaled("api")
		pass(2 * time.Second)
		if quick, picky, hangs := len(w.to("quick")), len(w.to("picky")), len(w.to("hangs")); quick != 2 || picky != 2 || hangs != 1 {
			t.Errorf("quick got %d, picky %d, the one that hangs %d", quick, picky, hangs)
		}
		pass(20 * time.Second)
		if m.list(false)[0].Error != "no answer within 15s" {
			t.Errorf("%+v", m.list(false)[0])
		}
	})
}

// Fault 39: 10,000 events a minute.
func TestStormIsSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(200)}
		_, stop := begun(m, w, "a.example")
		defer stop()
		pass(2 * time.Second)
		const all = 20_000
		for i := range all {
			m.scaled(fmt.Sprintf("s%d", i%30))
			if i == 10_500 {
				m.troubled("db")
			}
			time.Sleep(6 * time.Millisecond)
		}
		pass(2 * time.Minute)
		got := w.to("a.example")
		if len(got) > 60 {
			t.Errorf("%d messages in four minutes", len(got))
		}
		told, troubles := 0, 0
		for _, p := range got {
			var body struct {
				Kind   string
				Counts map[Kind]int
				Text   string
			}
			if err := json.Unmarshal([]byte(p.body), &body); err != nil {
				t.Fatal(err)
			}
			switch body.Kind {
			case "digest":
				told += total(body.Counts)
			case string(Unavailable):
				troubles++
				fallthrough
			default:
				told++
			}
		}
		if told != all+1 || troubles != 1 || len(m.box) != 0 || int(m.upTo) != all+1 {
			t.Errorf("%d told of %d, the trouble %d times; %d wait; made up to %d", told, all+1, troubles, len(m.box), m.upTo)
		}
	})
}

// What waits for a receiver that is down stays bounded, and no trouble goes for scaling.
func TestOutboxStaysBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(503)}
		n, stop := begun(m, w, "a.example")
		defer stop()
		pass(2 * time.Second)
		for i := range 400 {
			m.scaled("web")
			if i < 30 {
				m.troubled(fmt.Sprintf("db%d", i))
			}
			time.Sleep(7 * time.Second)
		}
		pass(time.Minute)
		if m.most > mostWaiting+10 {
			t.Errorf("%d waited at once", m.most)
		}
		troubles, told := map[string]bool{}, 0
		for _, one := range m.list(false) {
			var c Content
			if err := json.Unmarshal(one.Body, &c); err != nil {
				t.Fatal(err)
			}
			if len(one.ID) > 100 {
				t.Errorf("id %s", one.ID)
			}
			if c.Digest != nil {
				told += total(c.Digest.Counts)
			} else if told++; c.Notification.Kind.trouble() {
				troubles[c.Notification.Service] = true
			}
		}
		if told != 430 || len(troubles) != 30 {
			t.Errorf("%d of 430 are told, %d of 30 troubles by themselves", told, len(troubles))
		}
		if n.Counts()["a.example"].Folded == 0 {
			t.Error("nothing was folded")
		}
	})
}

func TestReceiverThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(503)}
		n, stop := begun(m, w, "a.example", "b.example")
		defer stop()
		pass(2 * time.Second)
		m.scaled("web")
		pass(5 * time.Second)
		n.Use(Settings{Receivers: []Receiver{receiver("b.example")}})
		pass(time.Second)
		dead := m.list(true)
		if len(dead) != 1 || dead[0].To != "a.example" || dead[0].Error != "there is no receiver a.example any more" || len(m.list(false)) != 1 {
			t.Errorf("dead %+v, waiting %d", dead, len(m.list(false)))
		}
	})
}

// While the store can't be asked nothing is lost, and nothing else is held up.
func TestStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(200)}
		_, stop := begun(m, w, "a.example")
		defer stop()
		pass(2 * time.Second)
		m.mu.Lock()
		m.fail = store.ErrUnavailable
		m.mu.Unlock()
		m.scaled("web")
		pass(time.Minute)
		if got := w.to("a.example"); len(got) != 0 {
			t.Errorf("told %v, which is not in the outbox", got)
		}
		m.mu.Lock()
		m.fail = nil
		m.mu.Unlock()
		pass(5 * time.Second)
		if got := w.to("a.example"); len(got) != 1 {
			t.Errorf("told %v", got)
		}
	})
}

// What is taken while all is told to stop is not told again.
func TestTakenWhileItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{}
		w.answer = func(string, int) *http.Response {
			time.Sleep(time.Second)
			return answers(200)
		}
		_, stop := begun(m, w, "a.example")
		pass(2 * time.Second)
		m.scaled("web")
		pass(1500 * time.Millisecond)
		stop()
		if got := w.to("a.example"); len(got) != 1 || len(m.box) != 0 {
			t.Errorf("told %v, %d are to be told again", got, len(m.box))
		}
	})
}

// What happens while nobody is notified is not told when somebody is again; what still waited is.
func TestNotificationsThatAreOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(503)}
		n, stop := begun(m, w, "a.example")
		defer stop()
		pass(2 * time.Second)
		m.scaled("before")
		pass(2 * time.Second)
		on, _ := n.now()
		n.Use(Settings{})
		pass(time.Second)
		m.scaled("meanwhile")
		pass(2 * time.Minute)
		tried := len(w.to("a.example"))
		w.mu.Lock()
		w.answer = always(200)
		w.mu.Unlock()
		n.Use(on)
		pass(2 * time.Minute)
		m.scaled("after")
		pass(2 * time.Second)
		var told []string
		for _, p := range w.to("a.example")[tried:] {
			for _, service := range []string{"before", "meanwhile", "after"} {
				if strings.Contains(p.body, service+" ") {
					told = append(told, service)
				}
			}
		}
		if !slices.Equal(told, []string{"before", "after"}) {
			t.Errorf("told of %v", told)
		}
	})
}

func TestTryTellsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: func(host string, _ int) *http.Response {
			if host == "down" {
				return answers(500, "Retry-After", "1")
			}
			return answers(204)
		}}
		n, stop := begun(m, w, "up", "down")
		defer stop()
		tried, err := n.Try(t.Context(), "", "ana")
		if err != nil || len(tried) != 2 || tried["up"].Problem() != "" || tried["down"].Problem() != "answered 500: said" {
			t.Errorf("%+v, %v", tried, err)
		}
		one, err := n.Try(t.Context(), "up", "ana")
		if err != nil || !slices.Equal(slices.Collect(maps.Keys(one)), []string{"up"}) || len(m.box) != 0 {
			t.Errorf("%+v, %v, %d in the outbox", one, err, len(m.box))
		}
		if got := w.to("up"); !strings.Contains(got[0].body, "asked for by ana") {
			t.Error(got)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: always(200)}
		var turns atomic.Bool
		turns.Store(true)
		n, stop := begun(newMemory(), w)
		defer stop()
		n.Use(Settings{Heartbeat: &Heartbeat{URL: receiver("beat").URL, Every: time.Minute, Turns: turns.Load}})
		pass(3*time.Minute + time.Second)
		if got := len(w.to("beat")); got != 4 {
			t.Errorf("%d in three minutes", got)
		}
		turns.Store(false) // the loop hangs
		pass(10 * time.Minute)
		if got := len(w.to("beat")); got != 4 {
			t.Errorf("%d though the loop hangs", got)
		}
		turns.Store(true)
		pass(time.Minute)
		if got := len(w.to("beat")); got != 5 {
			t.Errorf("%d once it turns again", got)
		}
	})
}
