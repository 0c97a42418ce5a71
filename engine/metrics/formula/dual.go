package formula

import (
	"fmt"
	"math"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// dual is a number that moves: its value, and how much it gains a minute. Carried through each operation by the rules of
// differentiation, the gains give the derivative of the whole, exactly (forward mode: Griewank and Walther, Evaluating
// Derivatives, 2008). A slope that is not known is NaN.
type dual struct {
	value, slope float64
}

// over computes a part of a formula. An error says which part has no finite value.
func (t *term) over(metrics map[string]dual, n engine.Replicas) (dual, error) {
	args := make([]dual, len(t.args))
	for i, a := range t.args {
		d, err := a.over(metrics, n)
		if err != nil {
			return dual{}, err
		}
		args[i] = d
	}
	if t.op == divide && args[1].value == 0 {
		return dual{}, fmt.Errorf("division by zero: %s is 0", clip(t.args[1].text))
	}
	d := t.apply(args, metrics, n)
	if !finite(d.value) {
		return dual{}, fmt.Errorf("not a finite number: %s", clip(t.text))
	}
	if !finite(d.slope) {
		d.slope = math.NaN() // so that nothing on the way makes it finite again
	}
	d.value += 0 // minus zero is zero
	return d, nil
}

func (t *term) apply(args []dual, metrics map[string]dual, n engine.Replicas) dual {
	switch t.op {
	case number:
		return dual{value: t.number}
	case metric:
		return metrics[t.text]
	case current:
		return dual{value: float64(n.Current)}
	case ready:
		return dual{value: float64(n.Ready)}
	case starting:
		return dual{value: float64(n.Starting)}
	case negate:
		return dual{-args[0].value, -args[0].slope}
	case abs:
		return larger(args[0], dual{-args[0].value, -args[0].slope})
	}
	d := args[0]
	for _, e := range args[1:] {
		switch t.op {
		case plus:
			d = dual{d.value + e.value, d.slope + e.slope}
		case minus:
			d = dual{d.value - e.value, d.slope - e.slope}
		case times:
			d = dual{d.value * e.value, d.slope*e.value + d.value*e.slope}
		case divide:
			ratio := d.value / e.value
			d = dual{ratio, (d.slope - ratio*e.slope) / e.value}
		case largest:
			d = larger(d, e)
		case smallest:
			d = smaller(d, e)
		}
	}
	return d
}

// larger of two that are equal is the one that will be.
func larger(a, b dual) dual {
	switch {
	case a.value > b.value:
		return a
	case b.value > a.value:
		return b
	}
	return dual{a.value, max(a.slope, b.slope)}
}

func smaller(a, b dual) dual {
	switch {
	case a.value < b.value:
		return a
	case b.value < a.value:
		return b
	}
	return dual{a.value, min(a.slope, b.slope)}
}

// clip makes one short line of a part of a formula.
func clip(text string) string {
	const most = 60
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}
