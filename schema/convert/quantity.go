package convert

import (
	"strconv"
	"strings"
)

// suffixes of Kubernetes quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
var suffixes = map[string]float64{
	"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
}

// most is the largest number that flyball compares with.
const most = 1e15

// quantity reads a Kubernetes quantity such as 500m, 10Ki or 2.
func quantity(n *node) (float64, bool) {
	if f, ok := n.real(); ok {
		return f, f >= -most && f <= most
	}
	if n == nil || n.kind != text {
		return 0, false
	}
	digits := strings.TrimRight(n.text, "numkMGTPEi")
	times, ok := suffixes[n.text[len(digits):]]
	f, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil {
		return 0, false
	}
	// 100m is to come out as 0.1, so divide by what is whole.
	if times < 1 {
		f /= float64(int64(1/times + 0.5))
	} else {
		f *= times
	}
	return f, f >= -most && f <= most
}

// quantity reads what must be above 0 where it is written, and refuses the rest.
func (c *conversion) quantity(n *node, path string) (float64, bool) {
	f, ok := quantity(n)
	if n != nil && (!ok || f <= 0) {
		c.refuse(n, "%s is %s; allowed: a number above 0, such as 100, \"500m\" or \"10k\"", path, n)
	}
	return f, ok && f > 0
}

// whole reads a whole number within bounds. Nil gives what holds where nothing is written.
func (c *conversion) whole(n *node, path string, least, largest, unwritten int) (int, bool) {
	if n == nil {
		return unwritten, true
	}
	f, ok := n.real()
	if !ok || f < float64(least) || f > float64(largest) || f != float64(int(f)) {
		c.refuse(n, "%s is %s; allowed: a whole number from %d to %d", path, n, least, largest)
		return unwritten, false
	}
	return int(f), true
}
