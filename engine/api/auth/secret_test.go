package auth

import (
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	id, secret := newSecret()
	if got, err := parseSecret(secret); err != nil || got != id {
		t.Errorf("%s has the id %q, %v, want %q", secret, got, err, id)
	}
	if other, again := newSecret(); other == id || again == secret {
		t.Error("two tokens are the same")
	}
	key := strings.Repeat("a", keyLength)
	for name, c := range map[string]struct{ secret, want string }{
		"empty":         {"", "does not begin with flyball_"},
		"another's":     {"ghp_" + key, "does not begin with flyball_"},
		"no key":        {"flyball_abcdefghijklm", "not flyball_ID_KEY"},
		"a short id":    {"flyball_abc_" + key, "ID of 13 characters"},
		"a short key":   {"flyball_abcdefghijklm_" + key[1:], "has 51 characters, not 52: was all of it copied?"},
		"a long key":    {"flyball_abcdefghijklm_" + key + "a", "has 53 characters"},
		"large letters": {"flyball_abcdefghijklm_" + strings.ToUpper(key), "other than a to z"},
		"a blank":       {"flyball_abcdefghijkl _" + key, "other than a to z"},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := parseSecret(c.secret)
			if id != "" || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v, want %q", id, err, c.want)
			}
		})
	}
}

func FuzzSecret(f *testing.F) {
	_, secret := newSecret()
	for _, seed := range []string{"", "flyball_", "flyball__", secret, secret + "\n", strings.ToUpper(secret)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := parseSecret(text)
		if err == nil && (len(text) != len(secretPrefix)+idLength+1+keyLength || !strings.HasPrefix(text, secretPrefix+id+"_")) {
			t.Errorf("%q has the id %q", text, id)
		}
		if err != nil && len(text) > 30 && strings.Contains(err.Error(), text[len(text)-20:]) {
			t.Errorf("%v shows a part of %q", err, text)
		}
		if id, err := idOf(text); err == nil && id == givenID && CheckGiven(text) != nil {
			t.Errorf("%q may be the operator's", text)
		}
	})
}

func TestGivenSecret(t *testing.T) {
	for name, c := range map[string]struct{ secret, want string }{
		"random":            {"0123456789abcdef0123456789abcdef", ""},
		"empty":             {"", "it has 0 characters; allowed are 32 to 256; openssl"},
		"short":             {"0123456789abcdef0123456789abcde", "it has 31 characters"},
		"long":              {strings.Repeat("0123456789", 26), "it has 260 characters"},
		"always the same":   {strings.Repeat("changeme", 5), "it has 7 different characters"},
		"a blank":           {"0123456789abcdef 0123456789abcdef", "it has a blank"},
		"beyond ASCII":      {"0123456789abcdefü0123456789abcdef", "beyond ASCII"},
		"one of flyball's":  {"flyball_0123456789abcdef0123456789abcdef", "it begins with flyball_"},
		"with a line break": {"0123456789abcdef0123456789abcdef\n", "it has a blank"},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckGiven(c.secret)
			if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
