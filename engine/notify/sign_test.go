package notify

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The example of the specification, which its libraries test with too.
func TestStandardWebhooksVector(t *testing.T) {
	s, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	of := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for name, text := range map[string]string{
		"no prefix": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "not base64": "whsec_hunter2!", "too short": of(23), "too long": of(65), "empty": "", "prefix alone": "whsec_",
	} {
		if _, err := ParseSecret(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, n := range []int{24, 32, 64} {
		if s, err := ParseSecret(" " + of(n) + "\n"); err != nil || fmt.Sprintf("%v %+v", s, s) != "(secret) (secret)" {
			t.Errorf("%d bytes: %v, prints %+v", n, err, s)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	f.Add("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	f.Add("whsec_====")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSecret(text)
		if err == nil && (len(s.key) < 24 || len(s.key) > 64) {
			t.Errorf("a key of %d bytes", len(s.key))
		}
		if err != nil && len(text) > 12 && strings.Contains(err.Error(), text) {
			t.Errorf("the error shows it: %v", err)
		}
	})
}
