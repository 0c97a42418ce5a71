package api

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Remote is a daemon that is reached at a URL.
type Remote struct {
	URL   string // such as https://scaler.example.com:5001
	Token string
	CA    string // a file of the certificate authority that its certificate is of; empty: those that the machine trusts
}

// Reach makes a client of a daemon at a URL. It does not ask anything yet.
func Reach(r Remote) (*Client, error) {
	c, err := ReachBare(r)
	if err == nil && r.Token == "" {
		return nil, errors.New("a daemon at a URL asks for a token: set AUTOSCALING_TOKEN, or name a file of it with --token-file; flyball token create makes one, where the daemon runs")
	}
	return c, err
}

// ReachBare is Reach for what anybody may ask: there may be no token.
func ReachBare(r Remote) (*Client, error) {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the URL of the daemon is %q; allowed is one such as https://scaler.example.com:5001", r.URL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("the URL of the daemon is %s; allowed is a scheme, a host and a port", u.Redacted())
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true}
	if r.CA != "" {
		if transport.TLSClientConfig, err = trusting(r.CA); err != nil {
			return nil, err
		}
	}
	return &Client{
		http: &http.Client{
			Timeout: 30 * time.Second, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for this host
		},
		at: u.Scheme + "://" + u.Host, token: r.Token,
	}, nil
}

func trusting(file string) (*tls.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the certificate authority: %s holds no certificate in PEM", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
