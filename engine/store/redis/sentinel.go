package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// master asks all Sentinels at once where the master is, for one of them may hang, and takes the first answer. Where it is
// of yesterday the node says so itself: it is a replica now, and refuses the first write.
func (d *dialer) master(ctx context.Context) (string, error) {
	type answer struct {
		at  string
		err error
	}
	answers := make(chan answer, len(d.address.hosts))
	for _, host := range d.address.hosts {
		go func() {
			at, err := d.masterBy(ctx, host)
			answers <- answer{at, err}
		}()
	}
	var all []error
	for range d.address.hosts {
		a := <-answers
		if a.err == nil {
			return a.at, nil
		}
		all = append(all, a.err)
	}
	return "", errors.Join(all...)
}

// masterBy asks one of them.
func (d *dialer) masterBy(ctx context.Context, host string) (string, error) {
	c, err := d.open(ctx, host)
	if err != nil {
		return "", fmt.Errorf("sentinel %s: %w", host, err)
	}
	defer c.Close()
	at, err := ask(c, "SENTINEL", "get-master-addr-by-name", d.address.master)
	switch {
	case err != nil:
		return "", fmt.Errorf("sentinel %s: %w", host, err)
	case len(at) != 2:
		return "", refused(fmt.Sprintf("sentinel %s knows no master %s", host, d.address.master))
	}
	return net.JoinHostPort(at[0], at[1]), nil
}
