package notify

import (
	"net/netip"
	"strings"
	"testing"
)

func TestWhatMayBeDialled(t *testing.T) {
	tests := []struct {
		name    string
		allow   []string
		host    string
		address string
		refused string // what the address is; empty: it may be dialled
	}{
		{"the internet", nil, "a.example", "93.184.216.34", ""},
		{"the internet, IPv6", nil, "a.example", "2606:2800:220:1::1", ""},
		{"loopback", nil, "a.example", "127.0.0.1", "loopback"},
		{"loopback, IPv6", nil, "a.example", "::1", "loopback"},
		{"loopback, as mapped", nil, "a.example", "::ffff:127.0.0.1", "loopback"},
		{"loopback, behind NAT64", nil, "a.example", "64:ff9b::7f00:1", "loopback"},
		{"metadata", nil, "a.example", "169.254.169.254", "link-local"},
		{"metadata, as mapped", nil, "a.example", "::ffff:169.254.169.254", "link-local"},
		{"metadata, behind NAT64", nil, "a.example", "64:ff9b::a9fe:a9fe", "link-local"},
		{"metadata, by 6to4", nil, "a.example", "2002:a9fe:a9fe::1", "link-local"},
		{"metadata of AWS, IPv6", nil, "a.example", "fd00:ec2::254", "metadata"},
		{"metadata of Google, IPv6, of a host that is allowed", []string{"a.example"}, "a.example", "fd20:ce::254", "metadata"},
		{"metadata of Oracle, IPv6, of a host that is allowed", []string{"a.example"}, "a.example", "fd00:c1::a9fe:a9fe", "metadata"},
		{"metadata, by a translation of one's own", []string{"a.example"}, "a.example", "64:ff9b:1::a9fe:a9fe", "link-local"},
		{"metadata, in the old form", []string{"a.example"}, "a.example", "::169.254.169.254", "link-local"},
		{"a stateless translation to loopback", nil, "a.example", "::ffff:0:7f00:1", "translation"},
		{"a stateless translation to the internet", nil, "a.example", "::ffff:0:5db8:d822", "translation"},
		{"metadata of Alibaba", nil, "a.example", "100.100.100.200", "metadata"},
		{"metadata of Azure", nil, "a.example", "168.63.129.16", "metadata"},
		{"link-local", nil, "a.example", "fe80::1%eth0", "link-local"},
		{"private", nil, "a.example", "10.1.2.3", "private"},
		{"private, 172.16 to 31", nil, "a.example", "172.31.255.255", "private"},
		{"just outside of it", nil, "a.example", "172.32.0.1", ""},
		{"private, at home", nil, "a.example", "192.168.1.1", "private"},
		{"private, IPv6", nil, "a.example", "fd12::1", "private"},
		{"a carrier's", nil, "a.example", "100.64.0.1", "carrier"},
		{"unspecified", nil, "a.example", "0.0.0.0", "unspecified"},
		{"unspecified, IPv6", nil, "a.example", "::", "unspecified"},
		{"compatible form", nil, "a.example", "::10.0.0.1", "old form"},
		{"broadcast", nil, "a.example", "255.255.255.255", "reserved"},
		{"multicast", nil, "a.example", "224.0.0.251", "multicast"},
		{"multicast, IPv6", nil, "a.example", "ff02::1", "multicast"},
		{"a range that is allowed", []string{"10.0.0.0/8"}, "a.example", "10.1.2.3", ""},
		{"as mapped too", []string{"10.0.0.0/8"}, "a.example", "::ffff:10.1.2.3", ""},
		{"behind NAT64 too", []string{"10.0.0.0/8"}, "a.example", "64:ff9b::a01:203", ""},
		{"another one", []string{"10.0.0.0/8"}, "a.example", "192.168.1.1", "private"},
		{"an address that is allowed", []string{"127.0.0.1"}, "a.example", "127.0.0.1", ""},
		{"its neighbour", []string{"127.0.0.1"}, "a.example", "127.0.0.2", "loopback"},
		{"a host that is allowed", []string{"Alertmanager."}, "alertmanager", "172.18.0.4", ""},
		{"another host", []string{"alertmanager"}, "alertmanager.evil.example", "172.18.0.4", "private"},
		{"an allowed host that leads to metadata", []string{"alertmanager"}, "alertmanager", "169.254.169.254", "link-local"},
		{"metadata that is named", []string{"169.254.169.254"}, "a.example", "169.254.169.254", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseAllow(tt.allow)
			if err != nil {
				t.Fatal(err)
			}
			err = a.Dial(tt.host, netip.MustParseAddr(tt.address))
			if tt.refused == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.refused) || !strings.Contains(err.Error(), "config: notify: allow: [") {
				t.Errorf("%v; want it refused as %s, with the mend", err, tt.refused)
			}
			_, mend, _ := strings.Cut(err.Error(), `allow: ["`)
			mended, err := ParseAllow([]string{strings.TrimSuffix(mend, `"]`)})
			if err != nil || mended.Dial(tt.host, netip.MustParseAddr(tt.address)) != nil {
				t.Errorf("the mend %q does not help: %v", mend, err)
			}
		})
	}
}

func FuzzParseAllow(f *testing.F) {
	for _, text := range []string{"10.0.0.0/8", "::1", "alertmanager", "1.2.3", "::ffff:10.0.0.0/104", "fe80::1%eth0", "a..b", "::ffff:127.0.0.1", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAllow([]string{text})
		if err != nil {
			return
		}
		if len(a.ranges)+len(a.hosts) != 1 {
			t.Fatalf("%q makes %d ranges and %d hosts", text, len(a.ranges), len(a.hosts))
		}
		_ = a.Dial(text, netip.MustParseAddr("10.0.0.1"))
		if len(a.hosts) == 1 && a.Dial("other.example", netip.MustParseAddr("127.0.0.1")) == nil {
			t.Errorf("host %q lets another one through", text)
		}
	})
}
