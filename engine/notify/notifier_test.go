package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
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
		pass(2 * time.Second)
		m.scaled("web")
		pass(36 * time.Hour)
		before := len(w.to("down.example"))
		stop()
		n, stop := begun(m, w, "down.example", "up.example") // a restart in between
		defer stop()
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
