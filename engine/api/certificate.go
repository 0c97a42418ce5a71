package api

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificate is one in files, which are renewed from time to time.
type certificate struct {
	cert, key string // paths

	mu     sync.Mutex
	loaded *tls.Certificate
	of     [2]time.Time // when the files were written that it was loaded from
}

// encrypted is how connections are encrypted with the certificate of two files.
func encrypted(cert, key string) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key}
	if _, err := c.newest(); err != nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.newest() },
	}, nil
}

// newest is the certificate as it is in the files now. While those are being replaced, it is the one before.
func (c *certificate) newest() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var of [2]time.Time
	for i, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			of[i] = info.ModTime()
		}
	}
	if c.loaded != nil && of == c.of {
		return c.loaded, nil
	}
	loaded, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.loaded, c.of = &loaded, of
	case c.loaded == nil:
		return nil, err
	}
	return c.loaded, nil
}

// CheckCertificate says why the certificate of two files can't be used; nil: it can.
func CheckCertificate(cert, key string) error {
	_, err := encrypted(cert, key)
	return err
}
