package notify

import (
	"fmt"
	"net/netip"
	"strings"
)

// Allow is what may be called of what else is refused: a receiver's address could be made to lead to what only this machine
// can reach. An address of the open internet needs none.
type Allow struct {
	ranges []netip.Prefix
	hosts  []string
}

// ParseAllow reads ranges such as 10.0.0.0/8, addresses and host names.
func ParseAllow(entries []string) (Allow, error) {
	var a Allow
	for _, e := range entries {
		if r, err := netip.ParsePrefix(e); err == nil && !r.Addr().Is4In6() {
			a.ranges = append(a.ranges, r.Masked())
		} else if one, err := netip.ParseAddr(e); err == nil && one.Zone() == "" {
			one = one.Unmap()
			a.ranges = append(a.ranges, netip.PrefixFrom(one, one.BitLen()))
		} else if isHost(e) {
			a.hosts = append(a.hosts, strings.ToLower(strings.TrimSuffix(e, ".")))
		} else {
			return Allow{}, fmt.Errorf("%q is neither a range such as 10.0.0.0/8, nor an address, nor the name of a host", e)
		}
	}
	return a, nil
}

// isHost says whether a text is a name of letters, digits, dashes, underscores and dots, and not a mistaken address.
func isHost(text string) bool {
	name := strings.TrimSuffix(text, ".")
	if name == "" || len(name) > 253 || strings.Trim(name, "0123456789.") == "" {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}

// inner are the ranges that are refused unless they are named: what a name of the open internet has no business to lead to.
// deep ones are refused also of a host that is allowed by name: a machine's own secrets are behind them.
var inner = []struct {
	what string
	deep bool
	of   netip.Prefix
}{
	{"loopback", false, netip.MustParsePrefix("127.0.0.0/8")},
	{"loopback", false, netip.MustParsePrefix("::1/128")},
	{"link-local, where clouds keep their metadata", true, netip.MustParsePrefix("169.254.0.0/16")},
	{"link-local", true, netip.MustParsePrefix("fe80::/10")},
	{"a cloud's metadata", true, netip.MustParsePrefix("fd00:ec2::254/128")},
	{"a cloud's metadata", true, netip.MustParsePrefix("fd20:ce::254/128")},
	{"a cloud's metadata", true, netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128")},
	{"a cloud's metadata", true, netip.MustParsePrefix("100.100.100.200/32")},
	{"a cloud's metadata", true, netip.MustParsePrefix("168.63.129.16/32")},
	{"a cloud's metadata", true, netip.MustParsePrefix("192.0.0.192/32")},
	{"private", false, netip.MustParsePrefix("10.0.0.0/8")},
	{"private", false, netip.MustParsePrefix("172.16.0.0/12")},
	{"private", false, netip.MustParsePrefix("192.168.0.0/16")},
	{"private", false, netip.MustParsePrefix("fc00::/7")},
	{"private", false, netip.MustParsePrefix("fec0::/10")},
	{"a carrier's own", false, netip.MustParsePrefix("100.64.0.0/10")},
	{"unspecified", false, netip.MustParsePrefix("0.0.0.0/8")},
	{"unspecified", false, netip.MustParsePrefix("::/128")},
	{"reserved", false, netip.MustParsePrefix("192.0.0.0/24")},
	{"reserved", false, netip.MustParsePrefix("198.18.0.0/15")},
	{"reserved", false, netip.MustParsePrefix("240.0.0.0/4")},
	{"multicast", false, netip.MustParsePrefix("224.0.0.0/4")},
	{"multicast", false, netip.MustParsePrefix("ff00::/8")},
	{"a local translation to IPv4", false, netip.MustParsePrefix("64:ff9b:1::/48")},
	{"a local translation to IPv4", false, netip.MustParsePrefix("::ffff:0:0:0/96")},
	{"a tunnel to IPv4", false, netip.MustParsePrefix("2001::/32")},
	{"a local address in an old form", false, netip.MustParsePrefix("::/96")},
}

// ErrRefused is an address that is not called.
type ErrRefused struct {
	Address netip.Addr
	What    string // it is
}

func (e ErrRefused) Error() string {
	return fmt.Sprintf("%s is %s, and is not called unless you say so; write config: notify: allow: [%q]", e.Address, e.What,
		netip.PrefixFrom(e.Address, e.Address.BitLen()))
}

// Dial says whether an address may be dialled for a host. It is asked with the address that is dialled, after the name was
// looked up, so that no second look-up can lead elsewhere.
func (a Allow) Dial(host string, to netip.Addr) error {
	to = to.Unmap().WithZone("")
	named := false
	for _, h := range a.hosts {
		named = named || h == strings.ToLower(strings.TrimSuffix(host, "."))
	}
	for _, form := range forms(to) {
		for _, r := range a.ranges {
			if r.Contains(form) {
				return nil
			}
		}
	}
	for _, form := range forms(to) {
		for _, r := range inner {
			if r.of.Contains(form) && (r.deep || !named) {
				return ErrRefused{to, r.what}
			}
		}
	}
	return nil
}

// forms are an address, and the IPv4 address that it is translated to on its way.
func forms(a netip.Addr) []netip.Addr {
	all := []netip.Addr{a}
	b := a.As16()
	for _, translated := range []string{"64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96"} {
		if a.Is6() && netip.MustParsePrefix(translated).Contains(a) {
			all = append(all, netip.AddrFrom4([4]byte(b[12:])))
		}
	}
	if a.Is6() && netip.MustParsePrefix("2002::/16").Contains(a) {
		all = append(all, netip.AddrFrom4([4]byte(b[2:6])))
	}
	return all
}
