package redis

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"redis://redis":                                  "redis at redis:6379, database 0, prefix flyball",
		"redis://redis:7000/3":                           "redis at redis:7000, database 3, prefix flyball",
		"redis://[::1]:7000/":                            "redis at [::1]:7000, database 0, prefix flyball",
		"redis://10.0.0.9?prefix=shop":                   "redis at 10.0.0.9:6379, database 0, prefix shop",
		"rediss://redis":                                 "redis at redis:6379, database 0, prefix flyball, TLS",
		"redis+sentinel://one,two:7000/master":           "redis master of the sentinels at one:26379,two:7000, database 0, prefix flyball",
		"rediss+sentinel://one/master/2":                 "redis master of the sentinels at one:26379, database 2, prefix flyball, TLS",
		"redis+cluster://one,two:7000,[::1]?prefix=a.b-": "redis cluster at one:6379,two:7000,[::1]:6379, database 0, prefix a.b-",
	} {
		a, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := fmt.Sprintf("%s, database %d, prefix %s", a, a.database, a.prefix)
		if a.tls != nil {
			got += ", TLS"
		}
		if got != want {
			t.Errorf("%s is %s; want %s", text, got, want)
		}
		check(t, Address(text))
	}
}

func TestNoAddresses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	check(t, os.WriteFile(empty, []byte("nothing"), 0o600))
	const none, host = "not the address of a Redis; allowed: one such as redis://redis:6379/0", "a host in it can't be read"
	for name, c := range map[string]struct{ url, says string }{
		"nothing":                   {"", none},
		"a web address":             {"http://" + canary, none},
		"no scheme":                 {canary + ":6379", none},
		"another kind":              {"redis+" + canary + "://redis", none},
		"two kinds":                 {"redis+sentinel+cluster://redis", none},
		"no host":                   {"redis://", host},
		"no host, a port":           {"redis://:6379", host},
		"a port that is none":       {"redis://redis:" + canary, host},
		"a host missing":            {"redis+cluster://one,,two", host},
		"an address in brackets":    {"redis://[" + canary, host},
		"several of one":            {"redis://one,two", "write redis+sentinel:// where they are Sentinels"},
		"a user":                    {"redis://me@redis", "write username and password beside it"},
		"a password":                {"redis://:" + canary + "@redis", "write username and password beside it"},
		"a database by name":        {"redis://redis/" + canary, "not the number of a database"},
		"a database below 0":        {"redis://redis/-1", "not the number of a database"},
		"two databases":             {"redis://redis/1/2", "not the number of a database"},
		"a database of a cluster":   {"redis+cluster://redis/1", "a Cluster has only one"},
		"sentinels of no master":    {"redis+sentinel://redis", "name of the Sentinels' master is missing"},
		"a fragment":                {"redis://redis#" + canary, "what follows the host can't be read"},
		"a setting of a library":    {"redis://redis?password=" + canary, "something unknown in it; allowed: prefix=name and ca=file"},
		"a query that is none":      {"redis://redis?%zz", "what follows ? can't be read"},
		"a prefix that is none":     {"redis://redis?prefix=a{b}", "prefix is not a name"},
		"an empty prefix":           {"redis://redis?prefix=", "prefix is not a name"},
		"certificates without TLS":  {"redis://redis?ca=" + empty, "ca is for TLS: write rediss"},
		"certificates not there":    {"rediss://redis?ca=" + empty + "x", "read the certificates to trust (ca)"},
		"no certificates in a file": {"rediss://redis?ca=" + empty, "has no certificates in it"},
	} {
		t.Run(name, func(t *testing.T) {
			isError(t, Address(c.url), c.says)
			_, err := Open(Options{URL: c.url})
			isError(t, err, c.says)
		})
	}
	_, err := Open(Options{URL: "redis://redis", Username: "me"})
	isError(t, err, "a username without a password")
}

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"redis://redis:6379/0", "rediss+sentinel://one:1,two:2/master/3?prefix=a", "redis+cluster://[::1]:1,two?ca=x", "redis://%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "ca=") || strings.Contains(text, "%") {
			return // no file is to be opened here
		}
		a, err := parse(text)
		if err != nil {
			return
		}
		if len(a.hosts) == 0 || a.database < 0 || !prefixes.MatchString(a.prefix) {
			t.Errorf("%q is taken apart as %+v", text, a)
		}
		for _, h := range a.hosts {
			if u, err := url.Parse("//" + h); err != nil || u.Port() == "" {
				t.Errorf("%q has host %q: %v", text, h, err)
			}
		}
	})
}

// A server may be anything.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "-ERR no\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*-1\r\n", "$-1\r\n", "$9999999999\r\n", "*4\r\n*4\r\n*4\r\n", "HTTP/1.1 400\r\n", "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := answer(bufio.NewReader(strings.NewReader(text)))
		if len(all) > mostWords || err != nil && all != nil && len(all) != 1 {
			t.Errorf("%q is %q, %v", text, all, err)
		}
	})
}

func TestSecretsAreNotPrinted(t *testing.T) {
	o := Options{URL: "redis://127.0.0.1:1", Username: "me", Password: canary}
	var log journal
	o.Log = log.log()
	s := follower(t, o)
	o.Log.Info("x", "options", o, "store", s)
	_ = s.SetEnabled(t.Context(), true, "anna", now)
	for _, text := range []string{
		fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o), fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), log.String(),
		slog.AnyValue(o).Resolve().String(),
	} {
		if strings.Contains(text, canary) || !strings.Contains(text, "redis at 127.0.0.1:1") {
			t.Errorf("printed: %s", text)
		}
	}
}
