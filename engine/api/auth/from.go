package auth

import "net/netip"

// From is where a request comes from, as far as one can be told from another: an IPv4 address, or the /64 of an IPv6 one,
// all of which is one customer's. The zero From is unknown.
type From struct{ prefix netip.Prefix }

// FromAddress is that of the address of the other end, such as 192.0.2.1:4711. One that is no address is unknown.
func FromAddress(remote string) From {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return From{}
	}
	address := at.Addr().Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return From{}
	}
	return From{prefix}
}

func (f From) String() string {
	switch {
	case !f.prefix.IsValid():
		return "an unknown address"
	case f.prefix.Addr().Is4():
		return f.prefix.Addr().String()
	}
	return f.prefix.String()
}
