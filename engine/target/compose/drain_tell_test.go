package compose

import "testing"

func TestWithAddress(t *testing.T) {
	for _, c := range []struct{ path, address, want string }{
		{"/leave", "172.18.0.5", "/leave?address=172.18.0.5"},
		{"/leave?for=1m", "172.18.0.5", "/leave?for=1m&address=172.18.0.5"},
		{"/leave", "fd00::5", "/leave?address=fd00%3A%3A5"},
	} {
		if got := withAddress(c.path, c.address); got != c.want {
			t.Errorf("%s with %s is %s, want %s", c.path, c.address, got, c.want)
		}
	}
}
