package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

const pageSize = 4 << 20 // bytes of a page that are read

// look is what a sweep over the replicas saw.
type look struct {
	at       time.Time // of the newest page; zero: none could be read
	replicas []engine.Replica
	known    []*replica // of each
	errs     []error    // of each: why it could not be read
	series   []series   // of all that could
	gone     []series   // of those that could not, and of those that are gone
	lost     time.Time  // until when there were replicas whose series are forgotten
}

// sweep reads the pages of all replicas, side by side.
func (s *Source) sweep(ctx context.Context, svc *service, replicas []engine.Replica, questions []asked) look {
	known, gone := svc.sees(replicas, time.Now())
	l := look{replicas: replicas, known: known, errs: make([]error, len(replicas)), lost: svc.forgotten()}
	pages := make([]page, len(replicas))
	var wg sync.WaitGroup
	for i, r := range replicas {
		wg.Go(func() { pages[i] = s.page(ctx, svc, r, l.known[i], questions) })
	}
	wg.Wait()
	for i, p := range pages {
		if l.errs[i] = p.err; p.err != nil {
			l.gone = known[i].then(l.gone) // what it once said is not of now
			continue
		}
		if p.at.After(l.at) {
			l.at = p.at
		}
		l.series = known[i].now(l.series)
	}
	for _, r := range gone {
		l.gone = r.then(l.gone)
	}
	return l
}

// page reads a replica's page, unless somebody just did.
func (s *Source) page(ctx context.Context, svc *service, r engine.Replica, known *replica, questions []asked) page {
	select {
	case known.turn <- struct{}{}:
		defer func() { <-known.turn }()
	case <-ctx.Done():
		return page{err: context.Cause(ctx)}
	}
	if p, young := known.recent(time.Now(), questions); young {
		return p
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return page{err: fmt.Errorf("waited for other replicas: %w", context.Cause(ctx))}
	}
	p := page{}
	p.selected, p.at = svc.selection()
	limited, cancel := patience(ctx)
	defer cancel()
	found, err := s.fetch(limited, r, known, p.selected)
	if err != nil && ctx.Err() != nil { // what was cut short from outside says nothing about the replica
		return page{err: context.Cause(ctx)}
	}
	p.err = err
	p.err = known.keep(p, found)
	return p
}

// patience ends the wait for one page so early that a quarter of the sweep's time is left to answer from the others.
func patience(ctx context.Context) (context.Context, context.CancelFunc) {
	most := deadline
	if end, limited := ctx.Deadline(); limited {
		most = min(most, time.Until(end)*3/4).Truncate(time.Millisecond)
	}
	return context.WithTimeoutCause(ctx, most, fmt.Errorf("no answer within %s", most))
}

// fetch reads what is wanted from a replica's page.
func (s *Source) fetch(ctx context.Context, r engine.Replica, known *replica, wanted *selection) ([]found, error) {
	addresses, err := s.addresses(r)
	if err != nil {
		return nil, err
	}
	address, answer, err := s.reach(ctx, known, addresses)
	if err != nil {
		return nil, err
	}
	var buffer []byte
	select { // not before the answer begins: who hangs takes no memory
	case buffer = <-s.buffers:
		defer func() { s.buffers <- buffer }()
		defer answer.Body.Close() // before the next page has its turn
	case <-ctx.Done():
		answer.Body.Close()
		return nil, fmt.Errorf("%s: waited for other pages: %w", address, context.Cause(ctx))
	}
	if buffer, err = fill(ctx, buffer, answer.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	all, err := read(buffer, answer.Header.Get("Content-Type"), label(r), wanted, known.series)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", address, s.quote(err.Error()))
	}
	return all, nil
}

// reach asks for the page at the first of a replica's addresses that can be reached from here, beginning with the one that
// could be the last time: a replica may be on networks that are apart from ours.
func (s *Source) reach(ctx context.Context, known *replica, addresses []string) (address string, answer *http.Response, err error) {
	if at := slices.Index(addresses, known.reached); at > 0 {
		addresses[0], addresses[at] = addresses[at], addresses[0]
	}
	var tried []string
	for _, address = range addresses {
		if answer, err = s.get(ctx, address); err == nil {
			known.reached = address
			return address, answer, nil
		}
		tried = append(tried, address)
		if dial := (*net.OpError)(nil); !errors.As(err, &dial) || dial.Op != "dial" {
			break
		}
	}
	return "", nil, fmt.Errorf("%s: %w", strings.Join(tried, " and "), err)
}

// label is how series call a replica.
func label(r engine.Replica) string {
	if r.Name == "" {
		return r.ID
	}
	return r.Name
}

// addresses are where a replica's page may be.
func (s *Source) addresses(r engine.Replica) ([]string, error) {
	port := s.options.Port
	switch {
	case len(r.Addresses) == 0:
		return nil, errors.New("it has no address that is known")
	case port > 0:
	case len(r.Ports) == 1:
		port = r.Ports[0]
	case len(r.Ports) == 0:
		return nil, errors.New("it names no port that it listens at; set `port` of the source")
	default:
		return nil, fmt.Errorf("it listens at the ports %s; set `port` of the source to one of them", ports(r))
	}
	all := make([]string, len(r.Addresses))
	for i, address := range r.Addresses {
		all[i] = "http://" + net.JoinHostPort(address, strconv.Itoa(port)) + s.options.Path
	}
	return all, nil
}

func ports(r engine.Replica) string {
	all := make([]string, len(r.Ports))
	for i, p := range r.Ports {
		all[i] = strconv.Itoa(p)
	}
	return strings.Join(all, ", ")
}

// get asks for a page. What it answers is to be closed.
func (s *Source) get(ctx context.Context, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "flyball")
	r.Header.Set("Accept", "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1")
	if s.options.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.options.Token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, cause(ctx, err)
	}
	switch status := answer.StatusCode; {
	case status == http.StatusOK:
		return answer, nil
	case status >= 300 && status < 400:
		err = fmt.Errorf("answers %d %s, to %s, which is not followed; set `path` of the source", status, http.StatusText(status), s.quote(answer.Header.Get("Location")))
	default:
		err = fmt.Errorf("answers %d %s", status, http.StatusText(status))
	}
	answer.Body.Close()
	return nil, err
}

// fill reads a page into a buffer, which grows to the largest page that is allowed, at most.
func fill(ctx context.Context, buffer []byte, page io.Reader) ([]byte, error) {
	buffer = buffer[:0]
	for {
		if len(buffer) == cap(buffer) {
			grown := make([]byte, len(buffer), min(max(2*len(buffer), 64<<10), pageSize+1))
			copy(grown, buffer)
			buffer = grown
		}
		n, err := page.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > pageSize:
			return buffer, errors.New("the page is larger than 4 MB")
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return buffer, fmt.Errorf("the page breaks off: %w", cause(ctx, err))
		}
	}
}

// cause is why there was no answer, without the address.
func cause(ctx context.Context, err error) error {
	way := &url.Error{}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &way):
		return way.Err
	}
	return err
}

// stay follows no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// quote makes one short line of what a replica wrote, without our token: it may be what we sent.
func (s *Source) quote(text string) string {
	if s.options.Token != "" {
		text = strings.ReplaceAll(text, s.options.Token, "…")
	}
	return poll.Short(text)
}
