package setup

// Balancer is the configuration of HAProxy, from 2.6 on, for the balancer of the overlay; "" where no port goes through one.
func Balancer(a Application) string {
	all := entrances(a)
	if len(all) == 0 {
		return ""
	}
	modes := map[string]bool{}
	for _, e := range all {
		modes[e.Mode] = true
	}
	return render(balancerText, struct {
		Project   string
		Entrances []entrance
		HTTP, TCP bool
		Inside    int
		Checked   int
	}{a.Project, all, modes[ModeHTTP], modes[ModeTCP], inside, checked})
}

// What each of these settings saves is measured by the live tests of cmd/flyball.
const balancerText = `# The balancer in front of {{.Project}}: it sends each request to the replica that has the least to do, and learns from Docker's
# DNS within a second which replicas there are. flyball init wrote it, and it is yours now. It is read when the balancer starts.

global
  log stdout format raw local0 info
  fd-hard-limit 20000 # or fewer where the engine allows fewer: two a connection
  hard-stop-after 25s # when it is stopped itself, requests in flight have that long

resolvers docker
  nameserver dns 127.0.0.11:53
  accepted_payload_size 8192
  timeout resolve 1s
  timeout retry 1s
  hold obsolete 0s
  # Docker that does not answer, as while it is updated, says nothing about the replicas: go on with those that are known.
  hold timeout 10m
  hold refused 10m
  hold other 10m

defaults all
  log global
  timeout connect 5s
  timeout client 5m # longer than any answer takes
  timeout server 5m
  timeout tunnel 1h # for WebSockets, and in mode tcp
  timeout client-fin 30s
  timeout check 2s
  balance leastconn
  # A replica that can't be connected to is left out at once, and the request goes to another one: a new one has a name
  # before it listens, and one that stops has its name until it is gone. A check that connects lets it in again.
  retries 5
  option redispatch 1
  default-server check inter 1s fastinter 250ms downinter 250ms rise 1 fall 2
  default-server observe layer4 error-limit 1 on-error mark-down
  default-server resolvers docker resolve-prefer ipv4 init-addr none
.if version_atleast(3.1)
  default-server init-state down # a new one is checked before it is used
.endif
{{- if .HTTP}}

defaults http from all
  mode http
  option httplog
  option dontlog-normal # what went well; what failed or was sent again is logged
  option forwardfor     # the client's address, which the replica sees no more
  timeout http-request 30s
  timeout http-keep-alive 2m
  # A connection for each request: one that is kept may be closed by a replica that stops, just when a request is sent on it.
  option http-server-close
  # A request that only reads is sent again too where a replica ended before its answer began.
  retry-on conn-failure empty-response
{{- end}}
{{- if .TCP}}

defaults tcp from all
  mode tcp
  option tcplog
  option dontlog-normal
{{- end}}

# For who asks on the application's networks: /healthz, and /metrics for Prometheus. By /leave?address=172.18.0.5 flyball says that
# a replica goes: it is sent nothing more, and what is in flight goes on. If it is still there after a minute, it is let in again.
frontend inside from all
  mode http
  bind :{{.Inside}}
  no log
  monitor-uri /healthz
  http-request use-service prometheus-exporter if { path /metrics }
  http-request track-sc0 url_param(address) table leaving if { path /leave }
  http-request return status 200 if { path /leave }
  http-request return status 404

backend leaving from all
  stick-table type ip size 10k expire 5s store gpc0

# What the check of a replica asks first: whether it is to leave. The checks keep that in mind for 240 of them, which is a minute;
# without an address to check, five seconds are enough: it may be a new replica's next.
frontend check from all
  mode http
  bind 127.0.0.1:{{.Checked}}
  no log
  http-request set-var(txn.address) req.hdr(X-Haproxy-Server-State),regsub(".*address=",""),regsub(";.*","")
  http-request track-sc0 var(txn.address) table leaving if { var(txn.address),table_gpc0(leaving) lt 240 } { var(txn.address),in_table(leaving) }
  http-request sc-inc-gpc0(0) if { var(txn.address),in_table(leaving) }
  http-request return status 503 if { var(txn.address),in_table(leaving) }
  http-request return status 200
{{- range .Entrances}}

listen {{.Name}} from {{.Mode}}
  bind :{{.Listen}}
{{- if eq .Mode "http"}}
  http-request disable-l7-retry unless METH_GET # GET and HEAD: others might be done twice
{{- end}}
  option httpchk
  http-check send-state
  http-check connect addr 127.0.0.1 port {{$.Checked}}
  http-check send meth GET uri /
  http-check expect status 200
  http-check connect
  server-template {{.Service}}- {{.Slots}} {{.Service}}:{{.Target}}
{{- end}}
`
