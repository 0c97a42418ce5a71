package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"
)

// Format is how a receiver wants to be told.
type Format string

const (
	JSON         Format = "json"         // flyball's own
	CloudEvents  Format = "cloudevents"  // 1.0, structured
	Slack        Format = "slack"        // and what takes the same, such as Mattermost
	Discord      Format = "discord"      // a channel's webhook
	Teams        Format = "teams"        // a workflow that posts what it receives
	Alertmanager Format = "alertmanager" // its API, version 2
)

// Formats are all of them.
var Formats = []Format{JSON, CloudEvents, Slack, Discord, Teams, Alertmanager}

// Guess is the format of a receiver whose author named none, from its address.
func Guess(address string) Format {
	u, err := url.Parse(address)
	if err != nil {
		return JSON
	}
	host := strings.ToLower(u.Hostname())
	in := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	switch {
	case host == "hooks.slack.com" || host == "hooks.slack-gov.com":
		return Slack
	case (in("discord.com") || in("discordapp.com")) && strings.HasPrefix(u.Path, "/api/"):
		return Discord
	case in("logic.azure.com") || in("powerplatform.com") || in("powerautomate.com") || in("webhook.office.com"):
		return Teams
	case strings.HasSuffix(u.Path, "/api/v2/alerts"):
		return Alertmanager
	}
	return JSON
}

// told are the kinds that a format is for where its author named none. An Alertmanager keeps what is wrong, not what went well.
func (f Format) told() []Kind {
	if f == Alertmanager {
		return []Kind{Failed, RolledBack, PolicyError, Exhausted, Unavailable, Recovered}
	}
	return Kinds
}

// Payload is what is posted.
type Payload struct {
	Type string // of its content
	Body []byte
}

// Render writes a content as a receiver wants it. The same content under the same id gives the same bytes, whenever it is sent.
func Render(f Format, id string, c Content) (Payload, error) {
	body, kind := any(nil), "application/json"
	switch f {
	case JSON:
		body = own(id, c)
	case CloudEvents:
		body, kind = cloudEvent(id, c), "application/cloudevents+json; charset=utf-8"
	case Slack:
		body = slack(c)
	case Discord:
		body = discord(c)
	case Teams:
		body = teams(c)
	case Alertmanager:
		body = alerts(c)
	default:
		return Payload{}, fmt.Errorf("no format %q", f)
	}
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	w.SetEscapeHTML(false) // which would make six bytes of one
	err := w.Encode(body)
	return Payload{kind, bytes.TrimSpace(out.Bytes())}, err
}

// own is a notification with its fields at the top, or a digest with its own.
func own(id string, c Content) any {
	if c.Notification != nil {
		n := *c.Notification
		n.ID = id
		return n
	}
	return struct {
		ID   string    `json:"id"`
		Kind string    `json:"kind"`
		At   time.Time `json:"at"`
		Text string    `json:"text"`
		Digest
	}{id, "digest", c.Digest.To, c.lines()[0], *c.Digest}
}

type cloudEventBody struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        any       `json:"data"`
}

func cloudEvent(id string, c Content) any {
	e := cloudEventBody{
		SpecVersion: "1.0", ID: id, Source: "/flyball", Type: "dev.flyball.digest", ContentType: "application/json", Data: own(id, c),
	}
	if n := c.Notification; n != nil {
		e.Type, e.Subject, e.Time = "dev.flyball."+string(n.Kind), n.Service, n.At.UTC()
	} else {
		e.Time = c.Digest.To.UTC()
	}
	return e
}

// Slack takes 40,000 characters and advises 4,000. Only these three are read as more than text, once its markup is off.
func slack(c Content) any {
	const most = 3000
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(cut(strings.Join(c.lines(), "\n"), most))
	return struct {
		Text   string `json:"text"`
		Markup bool   `json:"mrkdwn"`
		Links  bool   `json:"unfurl_links"`
		Media  bool   `json:"unfurl_media"`
	}{Text: text}
}

// Discord takes 2,000 characters, in which a backslash makes a plain one of what has a meaning in its markup.
func discord(c Content) any {
	const most = 2000
	var text strings.Builder
	size := 0
	for _, r := range strings.Join(c.lines(), "\n") {
		piece := string(r)
		if strings.ContainsRune("\\*_~`|<>[]#:@", r) {
			piece = `\` + piece
		}
		if size += len(utf16.Encode([]rune(piece))); size >= most {
			text.WriteString("…")
			break
		}
		text.WriteString(piece)
	}
	type mentions struct {
		Parse []string `json:"parse"`
	}
	const noPreviews = 1 << 2
	return struct {
		Content  string   `json:"content"`
		Mentions mentions `json:"allowed_mentions"` // nobody, whatever the text says
		Flags    int      `json:"flags"`
	}{text.String(), mentions{[]string{}}, noPreviews}
}

// Teams takes 28 kB. A RichTextBlock shows its text as it is; a TextBlock would read Markdown in it.
func teams(c Content) any {
	const most = 4000
	type run struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type block struct {
		Type    string `json:"type"`
		Inlines []run  `json:"inlines"`
	}
	type card struct {
		Schema  string  `json:"$schema"`
		Type    string  `json:"type"`
		Version string  `json:"version"`
		Body    []block `json:"body"`
	}
	type attachment struct {
		ContentType string `json:"contentType"`
		Content     card   `json:"content"`
	}
	var blocks []block
	left := most
	for _, text := range c.lines() {
		if left < 2 {
			break
		}
		text = cut(text, left)
		left -= len([]rune(text))
		blocks = append(blocks, block{"RichTextBlock", []run{{"TextRun", text}}})
	}
	return struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{
		"application/vnd.microsoft.card.adaptive", card{"http://adaptivecards.io/schemas/adaptive-card.json", "AdaptiveCard", "1.4", blocks},
	}}}
}
