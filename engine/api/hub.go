package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	mostListeners = 2000
	mostOfOne     = mostListeners / 2 // by one token or person
	mostBehind    = 256               // messages that one who listens may be behind; who is slower is let go, and asks again from where they were
)

// Hub passes on what happens, to all who listen.
type Hub struct {
	mu        sync.Mutex
	listeners map[*listener]bool
}

// message is one thing that happened, written once for all who listen.
type message struct {
	number  int64  // of the entry of the audit log; 0: it is nothing that is on record
	service string // that it is about; "": all
	text    []byte
}

// listener is one who listens.
type listener struct {
	who      string       // "": whoever may open the socket, who may have all
	messages chan message // is closed once it is too far behind
}

// Entry passes an entry of the audit log on.
func (h *Hub) Entry(e store.Entry) error {
	m, err := entryMessage(e)
	if err == nil {
		h.tell(m)
	}
	return err
}

// Policy passes on what a policy has come to.
func (h *Hub) Policy(p PolicyStatus) error {
	m, err := written("policy", 0, p.Service, p)
	if err == nil {
		h.tell(m)
	}
	return err
}

// Part lets everybody go: what was told is not how it was any more. Who asks again hears it anew.
func (h *Hub) Part() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		close(l.messages)
	}
	clear(h.listeners)
}

// Listeners is how many there are.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.listeners)
}

func (h *Hub) tell(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		select {
		case l.messages <- m:
		default:
			close(l.messages)
			delete(h.listeners, l)
		}
	}
}

var (
	errFull = errors.New("as many listen to events as can")
	errMany = errors.New("as many listen to events with this token as can")
)

func (h *Hub) listen(who string) (*listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) >= mostListeners {
		return nil, errFull
	}
	same := 0
	for l := range h.listeners {
		if who != "" && l.who == who {
			same++
		}
	}
	if same >= mostOfOne {
		return nil, errMany
	}
	if h.listeners == nil {
		h.listeners = map[*listener]bool{}
	}
	l := &listener{who, make(chan message, mostBehind)}
	h.listeners[l] = true
	return l, nil
}

func (h *Hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
}

// entryMessage is one of an entry. One about access has a number alone: who logs in is for those who may read the audit log.
func entryMessage(e store.Entry) (message, error) {
	if e.Kind == store.OfAccess {
		return message{number: e.Number}, nil
	}
	return written("entry", e.Number, e.Service, e)
}

// written is a message as server-sent events have it. JSON has no line breaks of its own.
func written(event string, number int64, service string, data any) (message, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return message{}, err
	}
	text := fmt.Appendf(nil, "event: %s\n", event)
	if number > 0 {
		text = fmt.Appendf(text, "id: %d\n", number)
	}
	return message{number, service, fmt.Appendf(text, "data: %s\n\n", body)}, nil
}
