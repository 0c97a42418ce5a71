package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	stillThere = 15 * time.Second // after so much silence a comment says that the stream is alive
	writeTime  = 10 * time.Second // for a message to be taken
	pageSize   = 500              // entries that are read at once for one who was away
)

// serveEvents adds the stream of what happens.
func (s *server) serveEvents() {
	add(s, operation{
		id: "events", path: "events", action: "read", tag: "autoscaling", endless: true,
		summary: "What happens, as it happens, by server-sent events",
		about: "First comes an event `status` with all that is known, as of the path status. Then an event `policy` whenever a policy has decided, as in that status, " +
			"and an event `entry` for each entry of the audit log but those about access. The id of an entry is its number, and that of the first status the number " +
			"of the last entry before: who sends it back in Last-Event-ID, as browsers do by themselves, gets what was missed first, over restarts too. An event `gap` says which entries are not kept any more. " +
			"Who is too slow is let go, and asks again.",
		kind: "text/event-stream",
	}, func(ctx context.Context, in *struct {
		Caller
		Last    string `header:"Last-Event-ID" pattern:"^[0-9]+$" patternDescription:"the number of an entry" maxLength:"18"`
		After   string `query:"after" pattern:"^[0-9]+$" patternDescription:"the number of an entry" maxLength:"18" doc:"As Last-Event-ID, for who can't set a header"`
		Service string `query:"service" doc:"Of this service alone, and what is about all"`
	}) (*huma.StreamResponse, error) {
		last := int64(-1) // nothing was missed
		for _, text := range []string{in.After, in.Last} {
			if text != "" {
				last, _ = strconv.ParseInt(text, 10, 64) // the pattern has looked at it
			}
		}
		who := ""
		if s.Gate != nil {
			who = in.x.who.Actor()
		}
		isNew := last < 0
		if isNew {
			last = s.newestEntry(ctx)
		}
		l, err := s.Hub.listen(who) // before the status is read, so that nothing falls in between
		if err != nil {
			return nil, Refusal{Status: http.StatusServiceUnavailable, Detail: err.Error(), Wait: stillThere}
		}
		status, err := s.Flyball.Status(ctx)
		if err != nil {
			s.Hub.leave(l)
			return nil, err
		}
		return &huma.StreamResponse{Body: func(huma.Context) {
			defer s.Hub.leave(l)
			st := stream{s: s, x: in.x, service: in.Service, isNew: isNew, last: last, admitted: s.Clock()}
			if err := st.run(ctx, l, status); err != nil && ctx.Err() == nil {
				s.Log.Debug("api: events", "from", in.x.RemoteAddr(), "error", err)
			}
		}}, nil
	})
}

// newestEntry is the number of the last entry of the audit log; 0: there is none, below 0: it can't be read.
func (s *server) newestEntry(ctx context.Context) int64 {
	newest, err := s.Flyball.Audit(ctx, store.Filter{Limit: 1})
	switch {
	case err != nil:
		return -1
	case len(newest) == 0:
		return 0
	}
	return newest[0].Number
}

// stream is what one who listens is told.
type stream struct {
	s       *server
	x       *exchange
	service string
	isNew   bool  // they were told nothing before
	last    int64 // the number of the last entry that was passed; below 0: none was asked for yet

	admitted time.Time // when it was last looked at whether they may listen
}

func (st *stream) run(ctx context.Context, l *listener, status Status) error {
	defer func() { st.writeBy(time.Now().Add(writeTime)) }() // the end of the answer
	st.x.SetHeader("Content-Type", "text/event-stream")
	st.x.SetHeader("X-Accel-Buffering", "no") // nginx passes on what comes at once
	st.x.SetStatus(http.StatusOK)
	if st.x.Method() == http.MethodHead {
		return nil
	}
	number := int64(0)
	if st.isNew { // whoever is cut off before the first entry knows what they have missed
		number = max(0, st.last)
	}
	first, err := written("status", number, "", status)
	if err != nil {
		return err
	}
	st.x.took = st.s.Clock().Sub(st.x.began)
	if err := st.write(first.text); err != nil {
		return err
	}
	if st.last >= 0 && !st.isNew {
		newest, err := st.s.Flyball.Audit(ctx, store.Filter{Limit: 1})
		if err != nil {
			return err
		}
		if len(newest) == 0 || newest[0].Number < st.last { // of a store that was begun anew, or restored, since
			st.last = 0
		}
		if err := st.catchUp(ctx); err != nil {
			return err
		}
	}
	alive := time.NewTicker(stillThere)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, there := <-l.messages:
			if !there {
				return fmt.Errorf("it was %d messages behind", mostBehind)
			}
			if err := st.pass(ctx, m); err != nil {
				return err
			}
		case <-alive.C:
			if err := st.admit(); err != nil {
				return err
			}
			if err := st.write([]byte(":\n\n")); err != nil {
				return err
			}
		}
	}
}

// admit ends the stream of a token that is revoked by now.
func (st *stream) admit() error {
	st.admitted = st.s.Clock()
	return st.s.admit(st.x, st.x.Operation().Metadata["operation"].(operation))
}

// pass passes a message on, after what lies before it.
func (st *stream) pass(ctx context.Context, m message) error {
	switch {
	case m.number == 0:
		return st.tell(m)
	case st.last >= 0 && m.number <= st.last:
		return nil
	case st.last >= 0 && m.number > st.last+1:
		return st.catchUp(ctx)
	}
	st.last = m.number
	if m.text == nil { // access has changed for somebody
		return st.admit()
	}
	return st.tell(m)
}

// catchUp passes on what the audit log has after the last entry.
func (st *stream) catchUp(ctx context.Context) error {
	for {
		if st.s.Clock().Sub(st.admitted) >= stillThere { // whoever reads slowly, and much, must not be let in for as long as that takes
			if err := st.admit(); err != nil {
				return err
			}
		}
		after := st.last
		if after == 0 {
			after = -1 // the zero of a filter asks for the newest
		}
		entries, err := st.s.Flyball.Audit(ctx, store.Filter{After: after, Limit: pageSize})
		if err != nil {
			return err
		}
		if len(entries) > 0 && entries[0].Number > st.last+1 {
			gap, err := written("gap", 0, "", map[string]int64{"from": st.last + 1, "to": entries[0].Number - 1})
			if err != nil {
				return err
			}
			if err := st.write(gap.text); err != nil {
				return err
			}
		}
		for _, e := range entries {
			st.last = e.Number
			m, err := entryMessage(e)
			if err != nil {
				return err
			}
			if err := st.tell(m); err != nil {
				return err
			}
		}
		if len(entries) < pageSize {
			return nil
		}
	}
}

// tell writes what is of interest.
func (st *stream) tell(m message) error {
	if m.text == nil || st.service != "" && m.service != "" && m.service != st.service {
		return nil
	}
	return st.write(m.text)
}

func (st *stream) write(text []byte) error {
	_, w := unwrap(st.x)
	st.writeBy(time.Now().Add(writeTime))
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return err
	}
	st.writeBy(time.Time{}) // one that passes while nothing is written ends the stream all the same, over HTTP/2
	return nil
}

// writeBy sets when what is written must have been taken; zero: whenever.
func (st *stream) writeBy(at time.Time) {
	_, w := unwrap(st.x)
	_ = http.NewResponseController(w).SetWriteDeadline(at) // a recorder of a test has none
}
