package setup

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// imageOf is what the files tell of a service's image. An error means that there is a Dockerfile which can't be read.
func imageOf(s types.ServiceConfig) (image, error) {
	b := s.Build
	if b == nil {
		return image{name: s.Image}, nil
	}
	args := map[string]string{}
	for name, value := range b.Args {
		if value != nil {
			args[name] = *value
		}
	}
	if b.DockerfileInline != "" {
		return scan(b.DockerfileInline, b.Target, args), nil
	}
	path := b.Dockerfile
	if path == "" {
		path = "Dockerfile"
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.Context, path)
	}
	if !filepath.IsAbs(path) { // a context that is not on this machine
		return image{built: true}, nil
	}
	text, err := readFile(path)
	if err != nil {
		return image{built: true}, err
	}
	return scan(text, b.Target, args), nil
}

// readFile reads as much of a file as a Dockerfile may have.
func readFile(path string) (string, error) {
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() { // to open a pipe waits for who writes into it
		return "", &os.PathError{Op: "read", Path: path, Err: os.ErrInvalid}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	return string(text), err
}

// The names by which images are known: the ends of their paths, without tag and flavour, such as postgres of
// bitnami/postgres:16.
var (
	stores = strings.Fields(`postgres postgresql postgis timescaledb pgvector mysql mysql-server mariadb percona percona-server redis
		redis-stack redis-stack-server redis-server redismod redisearch valkey keydb dragonfly memcached mongo mongodb mongodb-community-server cassandra
		scylla couchdb couchbase elasticsearch opensearch solr meilisearch typesense clickhouse clickhouse-server influxdb
		victoria-metrics prometheus alertmanager loki tempo mimir graphite-statsd rabbitmq kafka cp-kafka cp-server redpanda zookeeper
		cp-zookeeper pulsar etcd consul vault nats eclipse-mosquitto mosquitto emqx activemq activemq-artemis minio neo4j arangodb
		cockroach rethinkdb mssql/server azure-sql-edge db2 oracle-xe oracle-free qdrant weaviate milvus chroma registry
		mailhog mailpit maildev`)
	proxies = strings.Fields(`nginx nginx-unprivileged openresty traefik haproxy caddy envoy nginx-proxy swag kong`)
	tools   = strings.Fields(`phpmyadmin adminer pgadmin4 pgadmin mongo-express redis-commander redisinsight portainer
		flower grafana kibana watchtower autoheal dozzle cadvisor`)
	// shells are images with a shell and grep: Docker's official ones of languages, web servers and applications, on Debian or Alpine.
	shells = strings.Fields(`alpine debian ubuntu busybox node python ruby php golang rust openjdk eclipse-temurin amazoncorretto
		tomcat jetty nginx nginx-unprivileged httpd caddy haproxy traefik wordpress drupal joomla ghost nextcloud odoo matomo redmine
		mediawiki perl elixir erlang swift sonarqube`)
)

// known is the name of a list by which an image goes, "" where it is on none.
func (i image) known(list []string) string {
	path := i.path()
	for _, name := range list {
		if path == name || strings.HasSuffix(path, "/"+name) {
			return name
		}
	}
	return ""
}

// path is an image's name without registry, tag and flavour: acme/shop of ghcr.io/acme/shop-alpine:2.
func (i image) path() string {
	path, _, _ := strings.Cut(i.name, "@")
	if host, rest, ok := strings.Cut(path, "/"); ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		path = rest
	}
	path, _, _ = strings.Cut(path, ":")
	for _, flavour := range []string{"-alpine", "-debian", "-ubuntu", "-slim", "-oss", "-ce", "-ee", "-enterprise"} {
		path = strings.TrimSuffix(path, flavour)
	}
	return path
}

// hasShell says that a health check of the overlay's can run in the image: that it has sh and grep.
func (i image) hasShell() bool {
	if !i.built {
		return i.known(shells) != ""
	}
	return i.name != "" && i.name != "scratch" && !strings.Contains(i.name, "distroless") && !strings.HasPrefix(i.name, "cgr.dev/chainguard/")
}
