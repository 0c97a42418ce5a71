package api

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is one in files, which are renewed from time to time.
type certificate struct {
	cert, key string // paths

	mu     sync.Mutex
	loaded *tls.Certificate
	of     [2]time.Time // when the files were written that were last looked at
	log    *slog.Logger
}

// encrypted is how connections are encrypted with the certificate of two files.
func encrypted(cert, key string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key, log: log}
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
	case err == nil && c.loaded != nil:
		c.log.Info("the renewed TLS certificate is taken up", "file", c.cert)
	case err != nil && c.loaded == nil:
		return nil, err
	case err != nil:
		c.of = of
		c.log.Error("the renewed TLS certificate can't be used: the one before is, until it expires", "file", c.cert, "expires", c.loaded.Leaf.NotAfter, "error", err)
		return c.loaded, nil
	}
	c.loaded, c.of = &loaded, of
	return c.loaded, nil
}

// CheckCertificate says why the certificate of two files can't be used; nil: it can.
func CheckCertificate(cert, key string) error {
	_, err := encrypted(cert, key, slog.New(slog.DiscardHandler))
	return err
}
