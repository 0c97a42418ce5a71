package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// memory is a store in memory, with an audit log that tests write.
type memory struct {
	mu      sync.Mutex
	entries []store.Entry
	events  map[string]engine.Event
	upTo    int64
	posted  bool
	box     map[string]store.Message
	order   []string
	most    int // messages that waited at once
	fail    error
}

func newMemory() *memory {
	return &memory{events: map[string]engine.Event{}, box: map[string]store.Message{}}
}

// note appends an entry at now.
func (m *memory) note(e store.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.Number, e.At = int64(len(m.entries)+1), time.Now()
	m.entries = append(m.entries, e)
}

// scaled notes that an event of a service began.
func (m *memory) scaled(service string) {
	e := raise("", 0, "")
	m.mu.Lock()
	e.ID, e.Service = fmt.Sprintf("%s-%d", service, len(m.entries)), service
	m.events[e.ID] = e
	m.mu.Unlock()
	m.note(store.Entry{Kind: store.OfDecision, Event: e.ID, Service: service, Policy: service})
}

func (m *memory) troubled(service string) {
	m.note(store.Entry{Kind: store.OfTrouble, Service: service, Policy: service, Reason: NoneReady, Message: "none is ready"})
}

func (m *memory) Audited(_ context.Context, f store.Filter) ([]store.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []store.Entry
	for _, e := range m.entries {
		if f.Has(e) {
			found = append(found, e)
		}
	}
	if n := len(found); f.Limit > 0 && n > f.Limit {
		if f.After == 0 {
			return found[n-f.Limit:], m.fail
		}
		return found[:f.Limit], m.fail
	}
	return found, m.fail
}

func (m *memory) Event(_ context.Context, id string) (engine.Event, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, found := m.events[id]
	return e, found, m.fail
}

func (m *memory) Posted(context.Context) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.upTo, m.posted, m.fail
}

func (m *memory) Post(_ context.Context, upTo int64, messages ...store.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if upTo > 0 {
		m.upTo, m.posted = max(m.upTo, upTo), true
	}
	for _, one := range messages {
		if _, there := m.box[one.ID]; !there {
			m.box[one.ID] = one
			m.order = append(m.order, one.ID)
		}
	}
	m.most = max(m.most, len(m.list(false)))
	return nil
}

func (m *memory) list(dead bool) []store.Message {
	var found []store.Message
	for _, id := range m.order {
		if one, there := m.box[id]; there && one.Dead == dead {
			found = append(found, one)
		}
	}
	return found
}

func (m *memory) Due(_ context.Context, at time.Time, _ int) ([]store.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(m.list(false), func(one store.Message) bool { return one.Due.After(at) }), m.fail
}

func (m *memory) Dead(context.Context, int) ([]store.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list(true), m.fail
}

func (m *memory) Put(_ context.Context, one store.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.box[one.ID]; !there {
		return fmt.Errorf("%s is not in the outbox", one.ID)
	}
	m.box[one.ID] = one
	return m.fail
}

func (m *memory) Delivered(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.box, id)
	return m.fail
}

func (m *memory) Depth(context.Context) (waiting, dead int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.list(false)), len(m.list(true)), m.fail
}

// world answers what is posted, by the host of the address, and remembers it.
type world struct {
	mu     sync.Mutex
	answer func(host string, tries int) *http.Response // nil: it hangs
	got    map[string][]post                           // by host
}

type post struct {
	at   time.Time
	id   string
	body string
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	w.mu.Lock()
	w.got[r.URL.Host] = append(w.got[r.URL.Host], post{time.Now(), r.Header.Get("Webhook-Id"), string(body)})
	answer := w.answer(r.URL.Host, len(w.got[r.URL.Host]))
	w.mu.Unlock()
	if answer == nil {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return answer, nil
}

// to is what a host was posted.
func (w *world) to(host string) []post {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got[host])
}

func answers(status int, headers ...string) *http.Response {
	r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("said"))}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func always(status int) func(string, int) *http.Response {
	return func(string, int) *http.Response { return answers(status) }
}

func receiver(name string) Receiver {
	return Receiver{Name: name, URL: func() (string, error) { return "https://" + name + "/hook", nil }}
}

// begun starts a notifier for receivers of these names. It is stopped by what is returned.
func begun(m *memory, w *world, names ...string) (n *Notifier, stop func()) {
	w.got = map[string][]post{}
	n = &Notifier{Outbox: m, Now: time.Now, Log: slog.New(slog.DiscardHandler), Chance: func() float64 { return 1 }, carry: w}
	var s Settings
	for _, name := range names {
		s.Receivers = append(s.Receivers, receiver(name))
	}
	n.Use(s)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	synctest.Wait()
	return n, func() { cancel(); <-done }
}

// pass lets time go by.
func pass(d time.Duration) {
	time.Sleep(d) // of the bubble's clock
	synctest.Wait()
}

func TestToldOnceFromTheFirstStartOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(200)}
		m.scaled("old")
		_, stop := begun(m, w, "a.example", "b.example")
		pass(time.Minute)
		m.scaled("web")
		m.note(store.Entry{Kind: store.OfPause, Message: "paused"})
		pass(time.Minute)
		stop()
		_, stop = begun(m, w, "a.example", "b.example") // as after a restart
		pass(time.Minute)
		stop()
		if got := w.to("a.example"); len(got) != 0 {
			t.Errorf("after the restart %v", got)
		}
		if len(m.box) != 0 || m.upTo != 3 {
			t.Errorf("%d in the outbox, made up to %d", len(m.box), m.upTo)
		}
	})
}

func TestEachReceiverIsToldWhatItAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(200)}
		n, stop := begun(m, w)
		defer stop()
		kinds, services, am := receiver("kinds"), receiver("services"), receiver("am")
		kinds.Kinds, services.Services, am.Format = []Kind{Unavailable}, []string{"api"}, Alertmanager
		n.Use(Settings{Receivers: []Receiver{receiver("all"), kinds, services, am}})
		pass(2 * time.Second)
		m.scaled("web")
		m.scaled("api")
		m.troubled("web")
		m.note(store.Entry{Kind: store.OfTrouble, Reason: PoliciesUnusable, Message: "broken"})
		pass(5 * time.Second)
		for host, want := range map[string]int{"all": 4, "kinds": 1, "services": 2, "am": 2} {
			if got := w.to(host); len(got) != want {
				t.Errorf("%s got %d, want %d: %v", host, len(got), want, got)
			}
		}
	})
}

// Fault 38: a receiver that is down for three days.
func TestRetriedForThreeDaysUnderOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), &world{answer: always(503)}
		_, stop := begun(m, w, "down.example", "up.example")
		defer func() { stop() }()
		pass(2 * time.Second)
		m.scaled("web")
		pass(36 * time.Hour)
		before := len(w.to("down.example"))
		stop()
		n, halt := begun(m, w, "down.example", "up.example") // a restart in between
		stop = halt
		pass(35 * time.Hour)
		if waiting, dead, _ := m.Depth(t.Context()); waiting != 2 || dead != 0 {
			t.Fatalf("after 71 h %d wait and %d are dead", waiting, dead)
		}
		pass(3 * time.Hour)
		if waiting, dead, _ := m.Depth(t.Context()); waiting != 0 || dead != 2 {
			t.Fatalf("after 74 h %d wait and %d are dead", waiting, dead)
		}
		ids := map[string]bool{}
		for _, p := range w.to("down.example") {
			ids[p.id] = true
		}
		if len(ids) != 1 || before < 30 || before > 150 {
			t.Errorf("ids %v, %d tries in 36 h", ids, before)
		}
		if dead := m.list(true); dead[0].Error != "answered 503: said" || dead[0].Attempts < 60 {
			t.Errorf("%+v", dead[0])
		}

		w.mu.Lock()
		w.answer = always(200)
		w.mu.Unlock()
		again, err := n.Replay(t.Context(), func(one store.Message) bool { return one.To == "up.example" })
		pass(time.Second)
		if err != nil || len(again) != 1 || len(m.box) != 1 || w.to("up.example")[len(w.to("up.example"))-1].id != again[0].ID {
			t.Errorf("replayed %v, %v; %d are left", again, err, len(m.box))
		}
		if got := n.Counts()["up.example"]; got.Delivered != 1 || got.Dropped != 1 || got.Failed < 30 {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestWhenItIsTriedAgain(t *testing.T) {
	tests := []struct {
		name   string
		answer *http.Response
		tries  []time.Duration // since the first, attempts alone
		dead   bool
	}{
		{"twice as long each time", answers(503, "Retry-After", "0"), []time.Duration{0, 5, 15, 35, 75, 155}, false},
		{"when the receiver says", answers(429, "Retry-After", "60"), []time.Duration{0, 60, 120, 180, 240}, false},
		{"an hour at most", answers(429, "Retry-After", "999999"), []time.Duration{0, 3600, 7200}, false},
		{"a few times where it is refused", answers(400), []time.Duration{0, 5, 15, 35, 75}, true},
		{"where it leads elsewhere", answers(302, "Location", "http://169.254.169.254/"), []time.Duration{0, 5, 15, 35, 75}, true},
		{"not where it is gone", answers(410), []time.Duration{0}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, w := newMemory(), &world{answer: func(string, int) *http.Response {
					r := *tt.answer
					r.Body = io.NopCloser(strings.NewReader(""))
					return &r
				}}
				_, stop := begun(m, w, "a.example")
				defer stop()
				pass(2 * time.Second)
				m.scaled("web")
				last := tt.tries[len(tt.tries)-1] * time.Second
				pass(last + 4*time.Second)
				got := w.to("a.example")
				if len(got) != len(tt.tries) {
					t.Fatalf("%d tries, want %d", len(got), len(tt.tries))
				}
				for i, p := range got {
					if since := p.at.Sub(got[0].at).Round(time.Second); since != tt.tries[i]*time.Second {
						t.Errorf("try %d came after %s, want %s", i+1, since, tt.tries[i]*time.Second)
					}
				}
				if _, dead, _ := m.Depth(t.Context()); (dead == 1) != tt.dead {
					t.Errorf("%d are dead", dead)
				}
			})
		})
	}
}

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
		defer func() { stop() }()
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
