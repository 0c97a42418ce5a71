package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine/store"
)

// A secret is flyball_ID_KEY, ID of 64 and KEY of 256 bits of chance. What is hashed is all of it.
const (
	secretPrefix = "flyball_"
	idBytes      = 8
	keyBytes     = 32
	idLength     = 13 // of base32
	keyLength    = 52
)

// letters are those of base32, without an _ and small, so that a double click takes a whole secret.
const letters = "abcdefghijklmnopqrstuvwxyz234567"

func newSecret() (id, secret string) {
	id, key := chance(idBytes), chance(keyBytes)
	return id, secretPrefix + id + "_" + key
}

func chance(n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // it never fails
	return base32.NewEncoding(letters).WithPadding(base32.NoPadding).EncodeToString(bytes)
}

// parseSecret finds the id in a secret. The error says what is wrong with it, and has nothing of it.
func parseSecret(secret string) (id string, err error) {
	rest, ours := strings.CutPrefix(secret, secretPrefix)
	if !ours {
		return "", errors.New("it does not begin with " + secretPrefix)
	}
	id, key, both := strings.Cut(rest, "_")
	switch {
	case !both || len(id) != idLength:
		return "", fmt.Errorf("it is not %sID_KEY with an ID of %d characters", secretPrefix, idLength)
	case len(key) != keyLength:
		return "", fmt.Errorf("its last part has %d characters, not %d: was all of it copied?", len(key), keyLength)
	case strings.Trim(id+key, letters) != "":
		return "", errors.New("it has characters other than a to z and 2 to 7")
	}
	return id, nil
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// fits says whether a secret is that of a token, in the same time whatever it is.
func fits(t store.Token, secret string) bool {
	return subtle.ConstantTimeCompare(t.Hash, hashOf(secret)) == 1
}
