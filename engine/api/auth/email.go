package auth

import (
	"fmt"
	"net/mail"
	"strings"
)

// Email is an address as people are known by it: in small letters, without a name beside it.
func Email(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 || strings.ContainsAny(text, " \"/\\<>") {
		return "", fmt.Errorf("%.100q is not an email address such as anna@example.org", text)
	}
	return text, nil
}
