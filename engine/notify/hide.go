package notify

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// hide takes out of a text whatever of an address is a secret: who answers may well repeat the path that was asked for, and it would
// stand in the log, the outbox and the API.
func hide(address, text string) string {
	u, err := url.Parse(address)
	if err != nil {
		return text
	}
	secrets := []string{u.RequestURI(), u.Path, u.RawQuery}
	if u.User != nil {
		password, _ := u.User.Password()
		pair := u.User.Username() + ":" + password
		secrets = append(secrets, pair, password, base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	pieces := strings.Split(u.Path, "/")
	for _, values := range u.Query() {
		pieces = append(pieces, values...)
	}
	for _, s := range append(secrets, pieces...) {
		const short = 6 // a word such as hooks says nothing
		for _, form := range []string{s, url.PathEscape(s), url.QueryEscape(s)} {
			if len(form) >= short {
				text = strings.ReplaceAll(text, form, "…")
			}
		}
	}
	return text
}
