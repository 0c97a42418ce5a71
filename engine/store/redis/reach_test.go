package redis

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

// works has a store do everything.
func works(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	lead(t, s)
	storetest.Use(t, s, "web")
	all := storetest.Everything(t, s)
	check(t, s.Replace(ctx, func(take func(store.Part) error) error { return take(all) }, time.Time{}))
	lead(t, s)
	record(t, s, 10000)
	if state := virtual(t, s); state.Virtual != 10000 {
		t.Errorf("state is %+v", state)
	}
	for what, err := range map[string]error{
		"history":   second(s.History(ctx, "", 0)),
		"decisions": second(s.Decisions(ctx, "web", 5)),
		"newest":    second(s.Latest(ctx)),
		"audit log": second(s.Audited(ctx, store.Filter{Limit: 3})),
		"due":       second(s.Due(ctx, now, 1)),
		"dead":      second(s.Dead(ctx, 1)),
		"samples":   second(s.Samples(ctx, engine.Range{Subject: "live/web", From: now, To: now.Add(time.Hour)})),
		"resume":    s.Resume(ctx, "", "anna", now),
		"delivered": s.Delivered(ctx, "web m1"),
		"put":       s.Put(ctx, store.Message{ID: "web m2"}),
		"tokens":    second(s.Tokens(ctx)),
		"policies":  second(s.Documents(ctx)),
		"session":   third(s.Token(ctx, "web s1")),
		"person":    third(s.User(ctx, "web@example.org")),
		"told":      third(s.Posted(ctx)),
		"waiting":   third(s.Depth(ctx)),
		"password":  s.PutUser(ctx, store.User{Email: "web@example.org"}, store.Entry{At: now}),
		"sign out":  second(s.RemoveToken(ctx, "web t1", store.Entry{At: now})),
		"leave":     second(s.RemoveUser(ctx, "nobody", store.Entry{At: now})),
		"withdraw":  s.RemoveDocument(ctx, "web", "1", store.Entry{At: now}),
		"flush":     s.Flush(ctx, time.Now()),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.prune(ctx, now.Add(2*keepAudit))
	sane(t, s)
	check(t, s.Resign(ctx))
	if lease, err := s.Leader(ctx); err != nil || lease.Leader != "" {
		t.Errorf("leader is %+v, %v", lease, err)
	}
}

func second[T any](_ T, err error) error { return err }

func third[A, B any](_ A, _ B, err error) error { return err }

func TestLiveLeastRights(t *testing.T) {
	t.Parallel()
	redis := start(t)
	user := []any{"ACL", "SETUSER", "flyball", "on", ">" + canary}
	for _, right := range strings.Fields(Rights) {
		user = append(user, right)
	}
	redis.do(user...)
	var log journal
	o := Options{URL: redis.url(), Username: "flyball", Password: canary, Log: log.log()}
	s := follower(t, o)
	works(t, s)
	if denied := redis.do("ACL", "LOG").([]any); len(denied) > 0 {
		t.Errorf("it was denied %v", denied)
	}

	redis.do("ACL", "SETUSER", "flyball", "-config|get")
	if risks := s.Risks(t.Context()); len(risks) != 1 || !strings.Contains(risks[0], "its settings can't be read") {
		t.Errorf("risks are %q", risks)
	}
	redis.do("ACL", "SETUSER", "flyball", "-evalsha")
	isError(t, s.SetEnabled(t.Context(), true, "anna", now), "Redis does not permit it; the user needs ~{flyball}:* -@all +eval")
	redis.do("ACL", "SETUSER", "flyball", "-hget")
	isRefused(t, o, "Redis does not permit it")
}

func TestLivePassword(t *testing.T) {
	t.Parallel()
	redis := start(t, "--requirepass", "right-"+canary)
	for name, o := range map[string]Options{
		"none":     {},
		"wrong":    {Password: "wrong-" + canary},
		"nobody's": {Username: "nobody", Password: canary},
	} {
		t.Run(name, func(t *testing.T) {
			o.URL = redis.url()
			isRefused(t, o, "Redis does not let us in; set the username and password")
		})
	}
	leader(t, Options{URL: redis.url() + "/3", Password: "right-" + canary})
	isRefused(t, Options{URL: redis.url() + "/99", Password: "right-" + canary}, "DB index is out of range")
}

// certificate makes one of its own for 127.0.0.1, and answers its file and that of its key.
func certificate(t *testing.T) (file, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	what := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	signed, err := x509.CreateCertificate(rand.Reader, what, what, &private.PublicKey, private)
	check(t, err)
	secret, err := x509.MarshalECPrivateKey(private)
	check(t, err)
	folder := t.TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(folder, name)
		check(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600))
		return path
	}
	return write("certificate.pem", "CERTIFICATE", signed), write("key.pem", "EC PRIVATE KEY", secret)
}

func TestLiveTLS(t *testing.T) {
	t.Parallel()
	file, key := certificate(t)
	port := metricstest.Port(t)
	redis := start(t, "--tls-port", strconv.Itoa(port), "--tls-cert-file", file, "--tls-key-file", key, "--tls-auth-clients", "no",
		"--tls-ca-cert-file", file)
	secure := "rediss://" + metricstest.Address(port)
	works(t, follower(t, Options{URL: secure + "?ca=" + file}))
	for name, c := range map[string]struct{ url, says string }{
		"not trusted": {secure, "certificate signed by unknown authority"},
		"plain":       {"rediss://" + redis.address() + "?ca=" + file, "TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			s := follower(t, Options{URL: c.url})
			var err error
			patiently(t, func() error { // a handshake that a busy machine cuts says neither
				_, err = s.Lead(t.Context(), "one", time.Minute)
				if err == nil || strings.Contains(err.Error(), c.says) || !s.isAway() {
					return nil
				}
				return err
			})
			isError(t, err, c.says)
		})
	}
}

// configured starts a server with a file of settings, which it may rewrite.
func configured(t *testing.T, port int, arguments []string, lines ...string) *metricstest.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "redis.conf")
	lines = append(lines, "port "+strconv.Itoa(port), "bind 127.0.0.1", "dir "+filepath.Dir(file))
	check(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	program := metricstest.Program(t, "redis-server", "redis-server")
	return metricstest.Run(t, exec.Command(program, append([]string{file}, arguments...)...), func() error {
		return metricstest.Listens(metricstest.Address(port))
	})
}

// The Sentinels say who the master is, also after it has died.
func TestLiveSentinel(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	secret := []string{"--requirepass", canary, "--masterauth", canary, "--repl-diskless-sync-delay", "0"}
	master := start(t, secret...)
	replica := start(t, append([]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(master.port)}, secret...)...)
	patiently(t, func() error {
		if info := replica.do("INFO", "replication").(string); !strings.Contains(info, "master_link_status:up") {
			return fmt.Errorf("the replica is not one yet: %s", info)
		}
		return nil
	})
	port := metricstest.Port(t)
	configured(t, port, []string{"--sentinel"},
		fmt.Sprintf("sentinel monitor shop 127.0.0.1 %d 1", master.port),
		"sentinel down-after-milliseconds shop 3000", "sentinel failover-timeout shop 6000",
		"sentinel auth-pass shop "+canary, "requirepass "+canary)
	url := "redis+sentinel://127.0.0.1:1," + metricstest.Address(port) + "/shop" // one of them is not there
	patiently(t, func() error {                                                  // it looks around every ten seconds
		replicas := command(t, metricstest.Address(port), "SENTINEL", "REPLICAS", "shop").([]any)
		if len(replicas) != 1 {
			return fmt.Errorf("the sentinel knows %d replicas", len(replicas))
		}
		return nil
	})
	s := follower(t, Options{URL: url, Password: canary})
	works(t, s)
	if risks := s.Risks(ctx); !strings.Contains(strings.Join(risks, "\n"), "min-replicas-to-write is 0") {
		t.Errorf("risks are %q", risks)
	}
	lease := lead(t, s)
	record(t, s, 20000)
	if n := master.do("WAIT", 1, 60000).(int64); n != 1 {
		t.Fatalf("%d replicas have the last write", n)
	}
	master.running.Kill()
	patiently(t, func() error { return s.Record(ctx, decided(20001, engine.ScaleUp), engine.State{Virtual: 20001}) })
	if state := virtual(t, s); state.Virtual != 20001 {
		t.Errorf("state is %+v", state)
	}
	if role := replica.do("ROLE").([]any); role[0] != "master" {
		t.Errorf("the replica is %v", role)
	}
	if again := lead(t, s); again != lease {
		t.Errorf("lease is %+v, and was %+v: nothing was lost", again, lease)
	}
	sane(t, s)

	isRefused(t, Options{URL: strings.Replace(url, "/shop", "/other", 1), Password: canary}, "knows no master other")
	isRefused(t, Options{URL: url}, "Redis does not let us in")
}

func patiently(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; <-time.After(20 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// A Cluster has all keys of a store on one node, whichever that is.
func TestLiveCluster(t *testing.T) {
	t.Parallel()
	var nodes []*server
	for n := range 3 {
		node := start(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(metricstest.Port(t)), "--cluster-node-timeout", "15000")
		node.do("CLUSTER", "ADDSLOTSRANGE", n*5461, n*5461+5460+n/2)
		node.do("CLUSTER", "SET-CONFIG-EPOCH", n+1)
		nodes = append(nodes, node)
	}
	for _, node := range nodes[1:] {
		nodes[0].do("CLUSTER", "MEET", "127.0.0.1", node.port, node.arguments[5])
	}
	for _, node := range nodes {
		patiently(t, func() error {
			if info := node.do("CLUSTER", "INFO").(string); !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3") {
				return fmt.Errorf("the cluster is not one yet: %s", info)
			}
			return nil
		})
	}
	for _, prefix := range []string{"one", "two", "three"} {
		s := follower(t, Options{URL: "redis+cluster://127.0.0.1:1," + nodes[1].address() + "?prefix=" + prefix})
		works(t, s)
	}
	// A node is taken for all, and slot 15495, that of a, is the third's.
	isRefused(t, Options{URL: nodes[0].url() + "?prefix=a"}, "it is a node of a cluster: write redis+cluster://")
}
