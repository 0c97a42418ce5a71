package auth

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
)

// Email is an address as people are known by it: in small letters, without a name beside it.
func Email(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(text)
	steers := func(r rune) bool { return !unicode.IsPrint(r) } // a terminal, or which way the text runs
	if err != nil || parsed.Address != text || len(text) > 254 || strings.ContainsAny(text, " \"/\\<>") || strings.ContainsFunc(text, steers) {
		return "", fmt.Errorf("%.100q is not an email address such as anna@example.org", text)
	}
	return text, nil
}
