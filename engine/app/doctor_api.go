package app

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// checkAPI looks where the API of the daemon that runs is, or else where it is to be, and whether it can be there as the
// config says.
func checkAPI(o Options, running *api.Daemon) Check {
	secure := o.api.TLSCert != ""
	if running != nil {
		o.Listen, secure = listening(running.Listens)
	}
	if o.Listen == none {
		return Check{"api", fine, "at the socket alone", ""}
	}
	if o.api.TLSCert != "" {
		if err := api.CheckCertificate(o.api.TLSCert, o.api.TLSKey); err != nil {
			return Check{"api", failed, err.Error(), "mend config.api.tlsCert and tlsKey"}
		}
	}
	if _, err := o.adminToken(); err != nil {
		return Check{"api", failed, err.Error(), "a token of flyball token create will do"}
	}
	at, err := net.ResolveTCPAddr("tcp", o.Listen)
	switch {
	case err != nil:
		return Check{"api", failed, err.Error(), "give another --listen, or --listen none"}
	case secure:
		return Check{"api", fine, "at " + o.Listen + ", with TLS", ""}
	case !local(at):
		return Check{"api", warning, "at " + o.Listen + ", without TLS: tokens and passwords go over the network as they are", "set config.api.tlsCert and tlsKey, or put a proxy with TLS in front"}
	}
	return Check{"api", fine, "at " + o.Listen + ", which this machine alone reaches", ""}
}

// listening is the address that a daemon says it listens at, and whether that is by TLS.
func listening(at string) (address string, secure bool) {
	if at == "" {
		return none, false
	}
	scheme, address, _ := strings.Cut(at, "://")
	return address, scheme == "https"
}

// checkReceivers looks whether those who are notified can be, as far as can be seen without telling them anything, and whether
// anything did not arrive.
func checkReceivers(ctx context.Context, o Options, c schema.Notify) []Check {
	settings, _, err := o.notified(c)
	if err != nil {
		return []Check{{"notifications", failed, err.Error(), "mend config.notify"}}
	}
	var checks []Check
	for _, r := range settings.Receivers {
		if err := usable(r); err != nil {
			checks = append(checks, Check{"receiver " + r.Name, failed, err.Error(), "set it, or mend config.notify.receivers"})
			continue
		}
		checks = append(checks, Check{"receiver " + r.Name, fine, fmt.Sprintf("%s, as %s", shownAddress(r), r.As()), ""})
	}
	_ = (&Offline{o: o}).read(func(ledger store.Store) error { // else checkStore says why not
		u, err := undelivered(ctx, ledger)
		if u != nil && u.GivenUp > 0 {
			checks = append(checks, Check{"notifications", warning, fmt.Sprintf("%d were given up", u.GivenUp), "flyball notify list says why, flyball notify replay has them tried again"})
		}
		return err
	})
	return checks
}

// usable says why a receiver can't be called, where that shows before it is.
func usable(r notify.Receiver) error {
	if _, err := r.URL(); err != nil || r.Secret == nil {
		return err
	}
	text, err := r.Secret()
	if err == nil {
		_, err = notify.ParseSecret(text)
	}
	if err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	return nil
}
