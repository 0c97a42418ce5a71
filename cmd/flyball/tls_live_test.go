package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// authority signs the certificates of a test.
type authority struct {
	*site
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority lays its own certificate down as ca.pem.
func newAuthority(s *site) *authority {
	s.Helper()
	a := &authority{site: s, key: newKey(s)}
	der := a.signed(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}, a.key)
	var err error
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		s.Fatal(err)
	}
	s.write("ca.pem", pemOf("CERTIFICATE", der))
	return a
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (a *authority) signed(c *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	a.Helper()
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	by := a.cert
	if by == nil {
		by = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, a.key)
	if err != nil {
		a.Fatal(err)
	}
	return der
}

// issue is a certificate for this machine, with its key.
func (a *authority) issue(serial int64) (cert, key string) {
	a.Helper()
	private := newKey(a)
	der := a.signed(&x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "flyball"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, private)
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		a.Fatal(err)
	}
	return pemOf("CERTIFICATE", der), pemOf("EC PRIVATE KEY", secret)
}

// trusted is how a client trusts it.
func (a *authority) trusted() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool}
}

// serial is that of the certificate that is shown to a new connection.
func (a *authority) serial(address string) int64 {
	a.Helper()
	c, err := tls.Dial("tcp", address, a.trusted())
	if err != nil {
		a.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// A daemon with a certificate in files answers by TLS 1.2 and 1.3 and by HTTP/2, and shows a renewed certificate without a
// restart. Streams of events last, also while nothing happens.
func TestLiveTLS(t *testing.T) {
	t.Parallel()
	curl := metricstest.Program(t, "curl", "curl")
	s := simulated(t, strings.Replace(calmPolicy, `"1s"`, `"10m"`, 1)+`config: api: {tlsCert: "cert.pem", tlsKey: "key.pem"}`+"\n")
	a := newAuthority(s)
	cert, key := a.issue(2)
	s.write("cert.pem", cert)
	s.write("key.pem", key)
	s.run()
	door, token := s.door(), s.token("ops", "viewer")
	at, err := url.Parse(door)
	if err != nil || at.Scheme != "https" {
		t.Fatalf("it listens at %s, %v", door, err)
	}

	transport := &http.Transport{TLSClientConfig: a.trusted(), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	quiet := follow(t, &http.Client{Transport: transport}, door, token, "")
	if quiet.proto != "HTTP/2.0" {
		t.Errorf("the stream comes by %s", quiet.proto)
	}

	s.env = append(s.env, "AUTOSCALING_TOKEN="+token)
	s.mentions(s.flyball("status", "--url", door, "--ca-file", "ca.pem"), "web")
	s.mentions(s.fails(exitUnreachable, "status", "--url", door), "certificate")
	out, err := exec.Command(curl, "-sS", "--cacert", filepath.Join(s.dir, "ca.pem"), "-H", "Authorization: Bearer "+token,
		"-o", "/dev/null", "-w", "%{http_code} by %{http_version}", door+"/api/autoscaling/status").CombinedOutput()
	if err != nil || string(out) != "200 by 2" {
		t.Errorf("curl: %v, %s", err, out)
	}

	for version, fine := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c := a.trusted()
		c.MinVersion, c.MaxVersion = version, version
		made, err := tls.Dial("tcp", at.Host, c)
		if err == nil {
			made.Close()
		}
		if fine != (err == nil) || err != nil && !strings.Contains(err.Error(), "protocol version not supported") {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}

	if n := a.serial(at.Host); n != 2 {
		t.Fatalf("the certificate is number %d", n)
	}
	cert, key = a.issue(3)
	s.write("cert.pem", cert)
	if n := a.serial(at.Host); n != 2 {
		t.Errorf("while the files are being written the certificate is number %d", n)
	}
	s.write("key.pem", key)
	if n := a.serial(at.Host); n != 3 {
		t.Errorf("once renewed the certificate is number %d", n)
	}
	s.mentions(s.flyball("status", "--url", door, "--ca-file", "ca.pem"), "web")

	quiet.until("a sign that the stream is alive", func(m heard) bool { return m.name == ":" })
	s.flyball("pause", "--for", "1h", "--reason", "the certificate is new")
	quiet.entry("pause", "the certificate is new")
}
