package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

const (
	leastPassword = 8    // characters: the least that NIST SP 800-63B allows
	mostPassword  = 1024 // bytes
)

// cost is what one look at a password takes: the parameters of argon2id.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// usual is OWASP's recommendation for argon2id: cheatsheetseries.owasp.org, Password Storage.
func usual() cost { return cost{memory: 19 << 10, passes: 2, threads: 1} }

// phc is a hash as the PHC string format writes it.
type phc struct {
	cost
	salt, sum []byte
}

// HashPassword is the hash under which a password is kept. An error says what is wrong with the password.
func HashPassword(password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return "", errors.New("the password is not text in UTF-8")
	case n < leastPassword:
		return "", fmt.Errorf("the password has %d characters; allowed is %d or more, such as four words", n, leastPassword)
	case len(password) > mostPassword:
		return "", fmt.Errorf("the password has %d bytes; allowed is %d at most", len(password), mostPassword)
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	h := phc{cost: usual(), salt: salt}
	h.sum = h.of(password, 32)
	return h.String(), nil
}

func (h phc) of(password string, length int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, uint32(length))
}

func (h phc) String() string {
	text := base64.RawStdEncoding.Strict()
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		text.EncodeToString(h.salt), text.EncodeToString(h.sum))
}

// parsePHC reads a stored hash. Its cost is bounded, for a store can be tampered with.
func parsePHC(text string) (phc, error) {
	parts := strings.Split(text, "$")
	if len(text) > 500 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errors.New("it is not a hash of argon2id")
	}
	var h phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); n != 3 || err != nil {
		return phc{}, errors.New("its parameters are not m=…,t=…,p=…")
	}
	if h.memory < 8*uint32(h.threads) || h.memory > 64<<10 || h.passes < 1 || h.passes > 10 || h.threads < 1 || h.threads > 4 {
		return phc{}, fmt.Errorf("its parameters %.50s are out of bounds", parts[3])
	}
	encoding := base64.RawStdEncoding.Strict()
	var err error
	if h.salt, err = encoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return phc{}, errors.New("its salt is not 8 to 64 bytes in base64")
	}
	if h.sum, err = encoding.DecodeString(parts[5]); err != nil || len(h.sum) < 16 || len(h.sum) > 64 {
		return phc{}, errors.New("its sum is not 16 to 64 bytes in base64")
	}
	if h.String() != text {
		return phc{}, errors.New("it is not written as argon2id writes it")
	}
	return h, nil
}

// passwords looks at so many passwords at once, for each look takes memory.
type passwords struct{ slots chan struct{} }

const (
	atOnce    = 2
	queueTime = 2 * time.Second
)

func newPasswords() passwords { return passwords{make(chan struct{}, atOnce)} }

// check says whether a password is the one of a stored hash. Where there is none it takes the same time, and is false.
func (p passwords) check(ctx context.Context, password, stored string) (bool, error) {
	h := phc{cost: usual(), salt: make([]byte, 16), sum: make([]byte, 32)} // whose password nobody can find
	var wrong error
	if stored != "" {
		found, err := parsePHC(stored)
		if err != nil {
			wrong = fmt.Errorf("read the stored password: %w", err)
		} else {
			h = found
		}
	}
	waiting, cancel := context.WithTimeout(ctx, queueTime)
	defer cancel()
	select {
	case p.slots <- struct{}{}:
	case <-waiting.Done():
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, tooOften("too many logins at once", queueTime)
	}
	defer func() { <-p.slots }()
	same := subtle.ConstantTimeCompare(h.of(password, len(h.sum)), h.sum) == 1
	return same && stored != "" && wrong == nil, wrong
}
