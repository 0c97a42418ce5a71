package setup

const overlayText = `# What autoscaling adds to {{.ComposeNames}}. flyball init wrote it, and it is yours now.
{{- with .Remember}}
# Once, in this folder, so that docker compose always takes this file too:
#
{{- range .}}
#   {{.}}
{{- end}}
{{- end}}
#
#   docker compose up -d
#   docker compose exec {{.Daemon}} flyball enable
#   docker compose exec {{.Daemon}} flyball status
#
{{- if .Entrances}}
# An up -d without it wants the published ports, which the balancer has, and the application is down.
{{- end}}
# Or name the files in each command, for down too:
#
#   {{.Command}} up -d

x-logging: &logging # what a service prints takes 30 MB at most
  driver: json-file
  options: {max-size: 10m, max-file: "3"}

services:
  {{yaml .Daemon}}:
    image: ${FLYBALL_IMAGE:-flyball:latest}
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    group_add: ["${DOCKER_GID:-{{.Group}}}"] # the group of the socket: stat -c %g {{.Socket}}
{{- if .EnvFile}}
    env_file: {{yaml (print "./" .Policies "/.env.autoscaling")}}
{{- end}}
    environment:
      COMPOSE_PROJECT_NAME: ${COMPOSE_PROJECT_NAME}
      AUTOSCALING_LISTEN: 0.0.0.0:5001
{{- with .Reached}}
    networks: {{list .}} # the balancer is told by them which replica goes
{{- end}}
    ports: ["127.0.0.1:{{.Port}}:5001"] # the dashboard and the API, for this machine alone
    volumes:
      - {type: bind, source: {{yaml (print "./" .Policies)}}, target: /flyball/config/autoscaling, read_only: true}
      - {type: bind, source: {{yaml .Socket}}, target: /var/run/docker.sock}
      - {type: volume, source: {{yaml .Ledger}}, target: /flyball/.flyball}
    healthcheck:
      test: [CMD, flyball, health]
      interval: 10s
      timeout: 5s
      retries: 3
      start_period: 30s
    deploy:
      resources:
        limits: {cpus: "0.5", memory: 256M}
    logging: *logging
{{- if .Entrances}}

  # It takes the published ports of what scales, and follows the replicas by Docker's DNS: {{.Config}}.
  {{yaml .Entrance}}:
    image: haproxy:3.2-alpine
{{- with .Asked}}
    profiles: {{list .}}
{{- end}}
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    stop_grace_period: 30s # for requests in flight
    depends_on: # so that it stops first
{{- range .Behind}}
      {{yaml .Name}}: {condition: service_started{{if .Profiles}}, required: false{{end}}}
{{- end}}
{{- with .Reached}}
    networks: {{list .}}
{{- end}}
    ports: # as the services had them when init read their file; they are changed here
{{- range .Entrances}}{{range .Publish}}
      - {{yaml .}}
{{- end}}{{end}}
    volumes:
      - {type: bind, source: {{yaml (print "./" .Config)}}, target: /usr/local/etc/haproxy/haproxy.cfg, read_only: true}
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:8404/healthz"]
      interval: 10s
      timeout: 3s
      retries: 3
    deploy:
      resources:
        limits: {memory: 512M}
    logging: *logging
{{- end}}
{{- range .Changes}}

  {{yaml .Name}}:
{{- if .Unpublish}}
{{- if .Ranges}}
    ports: !override {{list .Ranges}} # the balancer has the others
{{- else}}
    ports: !reset [] # the balancer has them
{{- end}}
{{- end}}
{{- if .Limit}}
    deploy:
      resources:
        limits: {cpus: "{{.Grant}}"} # of which a policy's percent are; memory has no limit, because a wrong one kills
{{- end}}
{{- if .Check}}
    healthcheck: # does anything listen on port {{.Port}}? A path of its own would say more
      test: [CMD-SHELL, "grep -qs '{{.Listening}}' /proc/net/tcp /proc/net/tcp6"]
      interval: 5s
      timeout: 3s
      retries: 3
      start_period: 60s
{{- end}}
{{- if .Rotate}}
    logging: *logging
{{- end}}
{{- end}}

volumes:
  {{yaml .Ledger}}: # its ledger: decisions, history, who may use it
`
