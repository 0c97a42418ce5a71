package convert

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// setUp sets a source up at an address, without the secrets that stand in it. An address that can't be is one that is not
// there. user and env, the variable that holds the password, may be empty.
func (k *trigger) setUp(name, kind, written, otherwise, user, env string) string {
	var comment part
	told, name := orElse(k.meta, k.node), fit(name, metricName, 120)
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || !slices.Contains(schemes(kind), u.Scheme) {
		comment.comment(k.remark(k.name, told, NoEqual, "where %s is does not stand in the file; write its url under config: sources", name))
		u, _ = url.Parse(otherwise) // which is written below
	}
	user = cmp.Or(u.User.Username(), user)
	if env == "" && (user != "" || u.User != nil) {
		env = strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_PASSWORD"
		comment.comment(k.remark(k.name, told, Differs, "the password of %s is left out; put it into the environment as %s", name, env))
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	settings := []string{pair("type", kind), pair("url", u.String())}
	if user != "" {
		settings = append(settings, pair("username", user))
	}
	if env != "" && (user != "" || kind == "redis") { // others know nobody by a password alone
		settings = append(settings, "password: {"+pair("env", env)+"}")
	}
	return k.source(name, comment, settings...)
}

func schemes(kind string) []string {
	if kind == "redis" {
		return []string{"redis", "rediss"}
	}
	return []string{"http", "https"}
}

func (k *trigger) prometheus() (asked, bool) {
	query := k.must("query", "PromQL")
	if n := k.get("ignoreNullValues"); !n.is("false") {
		k.differs(&k.metrics, orElse(n, k.node), "an empty answer is 0 to KEDA, and an error here, which scales nothing down; to have 0 write query or vector(0)")
	}
	source := k.setUp("prometheus", "prometheus", k.word("serverAddress"), "http://prometheus:9090", "", "")
	return asked{name: "prometheus", kind: "custom", source: source, query: query, target: k.get("threshold"), field: "threshold"}, query != ""
}

// redisSource is the server of a list or a stream.
func (k *trigger) redisSource() string {
	address := k.word("address")
	if host := k.word("host"); address == "" && host != "" {
		address = host + ":" + cmp.Or(k.word("port"), "6379")
	}
	scheme := "redis"
	if k.get("enableTLS").is("true") {
		scheme = "rediss"
	}
	index, _ := k.whole(k.get("databaseIndex"), k.path+".databaseIndex", 0, 1e6, 0)
	database := fmt.Sprintf("/%d", index)
	if address != "" {
		address = scheme + "://" + address + database
	}
	env := k.word("passwordFromEnv")
	if !environment(env) {
		env = ""
	}
	return k.setUp("redis", "redis", address, scheme+"://redis:6379"+database, k.word("username"), env)
}

func environment(name string) bool {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name)
}

func (k *trigger) redis(key, length string, unwritten float64, command string) (asked, bool) {
	list := k.must(key, "the name of a list")
	return asked{name: list, kind: "queue_length", source: k.redisSource(), query: command + " " + redisWord(list),
		target: k.get(length), want: unwritten, field: length}, list != ""
}

func (k *trigger) stream() (asked, bool) {
	stream := k.must("stream", "the name of a stream")
	a := asked{name: stream, kind: "queue_length", source: k.redisSource(), field: "pendingEntriesCount", want: 5}
	for _, f := range []struct{ field, command string }{{"pendingEntriesCount", "XPENDING"}, {"lagCount", "XLAG"}, {"streamLength", "XLEN"}} {
		n := k.get(f.field)
		if n == nil && f.command != "XPENDING" || a.target != nil {
			continue
		}
		if a.target, a.query = n, f.command+" "+redisWord(stream); n != nil {
			a.field, a.want = f.field, 0
		}
		if f.command != "XLEN" {
			a.query += " " + redisWord(k.word("consumerGroup"))
		}
	}
	return a, stream != ""
}

// redisWord is a word of a command, in quotes where it takes them.
func redisWord(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\r\n'\"\\") {
		return strconv.Quote(s)
	}
	return s
}

// rabbit is the length of a queue, or the rate of its messages, as RabbitMQ's management API tells it.
func (k *trigger) rabbit() (asked, bool) {
	queue := k.must("queueName", "the name of a queue")
	u, err := url.Parse(k.word("host"))
	if err != nil {
		u = &url.URL{}
	}
	vhost := "/"
	if path := strings.Trim(u.EscapedPath(), "/"); path != "" {
		if vhost, err = url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:]); err != nil {
			vhost = "/"
		}
	}
	vhost = cmp.Or(k.word("vhostName"), vhost)
	if u.Scheme == "amqp" || u.Scheme == "amqps" {
		k.differs(&k.metrics, k.get("host"), "KEDA asks RabbitMQ by AMQP, and flyball its management API, which listens at another port: hold the url to it")
		u.Scheme = strings.Replace(u.Scheme, "amqp", "http", 1)
		u.Host = u.Hostname() + ":15672"
	}
	const plainly = "/api/queues/"
	where := (&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host}).String()
	if u.Host == "" {
		where = ""
	} else {
		where += plainly + url.PathEscape(vhost) + "/" + url.PathEscape(queue)
	}
	k.get("protocol")
	source := k.setUp("rabbitmq_"+queue, "http", where, "http://rabbitmq:15672"+plainly+url.PathEscape(vhost)+"/"+url.PathEscape(queue), "", "")
	a := asked{name: queue, kind: "queue_length", source: source, query: "$.messages", target: k.get("value"), field: "value", want: 20}
	switch mode := k.get("mode"); {
	case mode.is("MessageRate"):
		a.kind, a.query = "custom", "$.message_stats.publish_details.rate"
	case k.get("excludeUnacknowledged").is("true"):
		a.query = "$.messages_ready"
	}
	if old := k.get("queueLength"); a.target == nil && old != nil {
		a.target, a.field = old, "queueLength"
	}
	return a, queue != ""
}

// sql is a query of a database.
func (k *trigger) sql(driver string) (asked, bool) {
	query := k.must("query", "a query of one value")
	target, field := "targetQueryValue", "connectionFromEnv"
	if driver == "mysql" {
		target, field = "queryValue", "connectionStringFromEnv"
	}
	env := k.word(field)
	if !environment(env) {
		env = "DATABASE_DSN"
	}
	var comment part
	comment.comment(k.remark(k.name, k.node, Differs, "put the address of the database into the environment as %s, in the form that flyball reads: "+
		"postgres://USER:PASSWORD@HOST/NAME, or USER:PASSWORD@tcp(HOST)/NAME for mysql", env))
	source := k.source("database", comment, pair("type", "sql"), pair("driver", driver), "dsn: {"+pair("env", env)+"}")
	return asked{name: "query", kind: "custom", source: source, query: query, target: k.get(target), field: target}, query != ""
}
