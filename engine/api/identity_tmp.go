package api

import "net/netip"

type Kind string

const Local Kind = "socket"

type Identity struct {
	Kind       Kind
	Name, Role string
	Scopes     []string
}
type Permission struct {
	Action, Operation, Method, Path, Service, Policy string
	From                                             netip.Addr
}
