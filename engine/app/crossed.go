package app

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/schema"
)

// bared are where a text has what whoever reads policies is not to see: an address with more to it than its host, and what should
// have been {env: …} or {file: …}, in quotes, or without them in YAML. Of a text that can't be used nobody knows more than how it looks.
var bared = []*regexp.Regexp{
	regexp.MustCompile(`\burl["']?[ \t]*:[ \t]*["']?(?:[a-z+]+://[^\s"'/?#@]*/([^\s"']+)|[a-z+]+://[^\s"'/?#@]*([?#][^\s"']+)|[a-z+]+://([^\s"']*@[^\s"']+))`),
	regexp.MustCompile(`\b(?:password|token|dsn|secret|urlFrom)["']?[ \t]*:[ \t]*(?:"([^"\n]+)"|'([^'\n]+)')`),
	regexp.MustCompile(`(?m)^[ \t-]*(?:password|token|dsn|secret|urlFrom)[ \t]*:[ \t]+([^\s"'{}\[\]|>&*#][^"'\n{}#]*)$`),
}

// crossedOut is a text without its secrets: the addresses at which whoever knows them may post, as configs that could be read have
// them, and whatever looks like one. The addresses of sources and of the store are none. All else keeps its column.
func crossedOut(text string, configs ...schema.Config) string {
	var known []string
	for _, c := range configs {
		text = withoutAddress(text, c.Notify.Heartbeat.URL)
		for _, r := range c.Notify.Receivers {
			text = withoutAddress(text, r.URL)
		}
		for _, s := range c.Sources {
			known = append(known, s.URL)
		}
		known = append(known, c.Store.URL)
	}
	crossed := []byte(text)
	for _, one := range bared {
		for _, at := range one.FindAllStringSubmatchIndex(text, -1) {
			_, value, _ := strings.Cut(text[at[0]:at[1]], ":")
			if slices.Contains(known, strings.Trim(value, " \t\"'")) {
				continue
			}
			for group := 2; group < len(at); group += 2 {
				for i := at[group]; i >= 0 && i < at[group+1]; i++ {
					crossed[i] = 'x'
				}
			}
		}
	}
	return string(crossed)
}

// withoutAddress crosses out an address behind its host wherever it stands.
func withoutAddress(text, secret string) string {
	at, err := url.Parse(secret)
	if err != nil || secret == "" {
		return text
	}
	shown := at.Scheme + "://" + at.Host + "/"
	if hidden := len(secret) - len(shown); hidden > 0 {
		text = strings.ReplaceAll(text, secret, shown+strings.Repeat("x", hidden))
	}
	return text
}
