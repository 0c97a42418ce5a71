package redis

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Address says what is wrong with the URL of a Redis, without connecting to it. Allowed are
//
//	redis://host:port/database                        one Redis; port 6379 and database 0 unless written
//	redis+sentinel://host:port,host:port/master       whatever these Sentinels say is the master of that name; port 26379
//	redis+sentinel://host:port/master/database        unless written
//	redis+cluster://host:port,host:port               a Cluster that these are of
//
// and the same with rediss for TLS. ?prefix=name is what keys begin with (flyball unless written), ?ca=file a file of
// the certificates to trust in the place of the system's.
func Address(text string) error {
	_, err := parse(text)
	return err
}

const allowed = "allowed: one such as redis://redis:6379/0, redis+sentinel://one:26379,two:26379/master/0 or " +
	"redis+cluster://one:6379,two:6379, or with rediss for TLS"

type kind string

const (
	single   kind = ""
	sentinel kind = "sentinel"
	cluster  kind = "cluster"
)

// address is a URL taken apart.
type address struct {
	kind     kind
	tls      *tls.Config // nil: without
	hosts    []string    // with their ports
	master   string
	database int
	prefix   string
}

// String names it in messages.
func (a address) String() string {
	name := "redis at " + strings.Join(a.hosts, ",")
	switch a.kind {
	case sentinel:
		name = fmt.Sprintf("redis %s of the sentinels at %s", a.master, strings.Join(a.hosts, ","))
	case cluster:
		name = "redis cluster at " + strings.Join(a.hosts, ",")
	}
	return name
}

var prefixes = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// parse takes a URL apart. It quotes none of it: what is wrong may be a password.
func parse(text string) (address, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	scheme, of, _ := strings.Cut(scheme, "+")
	a := address{kind: kind(of), prefix: "flyball"}
	if scheme != "redis" && scheme != "rediss" || a.kind != single && a.kind != sentinel && a.kind != cluster {
		return address{}, errors.New("it is not the address of a Redis; " + allowed)
	}
	if strings.Contains(rest, "@") {
		return address{}, errors.New("it has a user in it; write username and password beside it")
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	if err := a.takeHosts(rest[:end]); err != nil {
		return address{}, err
	}
	u, err := url.Parse(rest[end:])
	if err != nil || u.Fragment != "" {
		return address{}, errors.New("what follows the host can't be read; " + allowed)
	}
	if err := a.takePath(strings.Trim(u.Path, "/")); err != nil {
		return address{}, err
	}
	if scheme == "rediss" {
		a.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return a, a.takeQuery(u.RawQuery)
}

func (a *address) takeHosts(text string) error {
	port := "6379"
	if a.kind == sentinel {
		port = "26379"
	}
	for one := range strings.SplitSeq(text, ",") {
		u, err := url.Parse("//" + one)
		if err != nil || u.Hostname() == "" || u.Host != one || strings.Contains(u.Hostname(), ":") && one[0] != '[' {
			return errors.New("a host in it can't be read; " + allowed)
		}
		a.hosts = append(a.hosts, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)))
	}
	if a.kind == single && len(a.hosts) > 1 {
		return errors.New("it has several hosts: write redis+sentinel:// where they are Sentinels, redis+cluster:// where they are of a Cluster")
	}
	return nil
}

// takePath takes the master of the Sentinels, and the number of the database.
func (a *address) takePath(path string) error {
	if a.kind == sentinel {
		a.master, path, _ = strings.Cut(path, "/")
		if a.master == "" {
			return errors.New("the name of the Sentinels' master is missing; allowed: one such as redis+sentinel://one:26379/master")
		}
	}
	if path == "" {
		return nil
	}
	if a.kind == cluster {
		return errors.New("it has a database, and a Cluster has only one: leave it out")
	}
	var err error
	if a.database, err = strconv.Atoi(path); err != nil || a.database < 0 {
		return errors.New("what follows the host is not the number of a database; " + allowed)
	}
	return nil
}

func (a *address) takeQuery(text string) error {
	query, err := url.ParseQuery(text)
	if err != nil {
		return errors.New("what follows ? can't be read; allowed: prefix=name and ca=file")
	}
	for name, values := range query {
		switch value := values[len(values)-1]; name {
		case "prefix":
			if !prefixes.MatchString(value) {
				return errors.New("prefix is not a name; allowed: letters, digits, . _ and -, 64 at most")
			}
			a.prefix = value
		case "ca":
			if a.tls == nil {
				return errors.New("ca is for TLS: write rediss in the place of redis")
			}
			if a.tls.RootCAs, err = trusted(value); err != nil {
				return err
			}
		default:
			return errors.New("what follows ? has something unknown in it; allowed: prefix=name and ca=file")
		}
	}
	return nil
}

// trusted reads the certificates of a file.
func trusted(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust (ca): %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the file of ca has no certificates in it; allowed: some in PEM, -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}
