package auth

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// known is the first vector of argon2id in the tests of the reference implementation.
const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestPassword(t *testing.T) {
	p := newPasswords()
	made, err := HashPassword(good)
	if err != nil || !strings.HasPrefix(made, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("got %q, %v", made, err)
	}
	if again, _ := HashPassword(good); again == made {
		t.Error("the same salt twice")
	}
	for name, c := range map[string]struct {
		password, stored string
		want             bool
	}{
		"the reference's": {"password", known, true},
		"made here":       {good, made, true},
		"another":         {good + ".", made, false},
		"empty":           {"", made, false},
		"nobody":          {good, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := p.check(t.Context(), c.password, c.stored); err != nil || got != c.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if right, err := p.check(t.Context(), good, "$2y$10$"); right || err == nil {
		t.Errorf("a hash of another kind: %v, %v", right, err)
	}
}

func TestPasswordsThatWillNotDo(t *testing.T) {
	for password, want := range map[string]string{
		"":                               "the password has 0 characters; allowed is 8 or more",
		"seven c":                        "has 7 characters",
		"ümläutü":                        "has 7 characters",
		strings.Repeat("a", 1025):        "has 1025 bytes; allowed is 1024 at most",
		"not \xff in UTF-8 at all, alas": "not text in UTF-8",
	} {
		if _, err := HashPassword(password); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", password, err, want)
		}
	}
}

func TestStoredHashIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"memory":       strings.Replace(known, "m=65536", "m=65537", 1),
		"all memory":   strings.Replace(known, "m=65536", "m=4294967295", 1),
		"beyond":       strings.Replace(known, "m=65536", "m=4294967296", 1),
		"no memory":    strings.Replace(known, "m=65536", "m=7", 1),
		"passes":       strings.Replace(known, "t=2", "t=11", 1),
		"no pass":      strings.Replace(known, "t=2", "t=0", 1),
		"threads":      strings.Replace(known, "p=1", "p=5", 1),
		"no thread":    strings.Replace(known, "p=1", "p=0", 1),
		"a sign":       strings.Replace(known, "t=2", "t=+2", 1),
		"version":      strings.Replace(known, "v=19", "v=16", 1),
		"another kind": strings.Replace(known, "argon2id", "argon2i", 1),
		"salt":         strings.Replace(known, "c29tZXNhbHQ", "c29t", 1),
		"sum":          known[:len(known)-30],
		"padding":      strings.Replace(known, "c29tZXNhbHQ", "c29tZXNhbHQ==", 1),
		"behind":       known + "$",
		"more":         strings.Replace(known, "p=1", "p=1,x=1", 1),
	} {
		if _, err := parsePHC(text); err == nil {
			t.Errorf("%s: %s is taken", name, text)
		}
	}
}

func FuzzPHC(f *testing.F) {
	for _, seed := range []string{known, "", "$$$$$", "$argon2id$v=19$m=1,t=1,p=1$$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parsePHC(text)
		if err != nil {
			return
		}
		if h.String() != text || h.memory > 64<<10 || h.passes > 10 || h.threads > 4 {
			t.Errorf("%q is read as %v", text, h)
		}
	})
}

func TestLoginsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPasswords()
		for range atOnce {
			p.slots <- struct{}{}
		}
		began := time.Now()
		_, err := p.check(t.Context(), good, "")
		if status(err) != 429 || time.Since(began) != queueTime {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := p.check(gone, good, ""); err != context.Canceled {
			t.Errorf("got %v", err)
		}
		<-p.slots
		if _, err := p.check(t.Context(), good, ""); err != nil || len(p.slots) != atOnce-1 {
			t.Errorf("got %v, and %d are taken", err, len(p.slots))
		}
	})
}

func TestEmail(t *testing.T) {
	for text, want := range map[string]string{
		"anna@example.org":           "anna@example.org",
		" Anna@Example.ORG\n":        "anna@example.org",
		"anna":                       "",
		"":                           "",
		"Anna <anna@example.org>":    "",
		"a b@example.org":            "",
		`"a b"@example.org`:          "",
		"a@b@example.org":            "",
		"anna@example.org, b@c.org":  "",
		strings.Repeat("a", 255):     "",
		"anna/admin@example.org":     "",
		"anna@example.org\nb: admin": "",
		"anna\u202e@example.org":     "",
		"anna\u009b31m@example.org":  "",
	} {
		if got, err := Email(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzEmail(f *testing.F) {
	f.Add("anna@example.org")
	f.Add("İ@example.org")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := Email(text)
		if err != nil {
			return
		}
		if again, err := Email(once); err != nil || again != once {
			t.Errorf("%q is %q, and that is %q, %v", text, once, again, err)
		}
	})
}
