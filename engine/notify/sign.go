package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Secret is a key of the Standard Webhooks. It is not printed.
type Secret struct{ key []byte }

// LogValue keeps it out of logs.
func (Secret) LogValue() any { return "(secret)" }

// String keeps it out of texts.
func (Secret) String() string { return "(secret)" }

// ParseSecret reads whsec_ and 24 to 64 bytes in base64. The error does not say what was found.
func ParseSecret(text string) (Secret, error) {
	const allowed = "allowed is whsec_ and 24 to 64 random bytes in base64, such as echo whsec_$(openssl rand -base64 32) makes"
	encoded, is := strings.CutPrefix(strings.TrimSpace(text), "whsec_")
	if !is {
		return Secret{}, errors.New("the secret does not begin with whsec_; " + allowed)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return Secret{}, errors.New("the secret is not in base64; " + allowed)
	}
	if n := len(key); n < 24 || n > 64 {
		return Secret{}, fmt.Errorf("the secret has %d bytes; %s", n, allowed)
	}
	return Secret{key}, nil
}

// Sign is the header webhook-signature of a body that is sent under an id at an instant.
func (s Secret) Sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + ".")) // a hash never fails
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
