package formula

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// tree is a formula as the tests know it: how it is written, and how it is computed from numbers by name.
type tree struct {
	text string
	rank int // 1: a sum, 2: a product, 3: a value
	of   func(at map[string]float64) float64
}

// atLeast writes a tree so that it can stand where a rank is needed, with parentheses only where they are.
func (t tree) atLeast(rank int) string {
	if t.rank < rank {
		return "(" + t.text + ")"
	}
	return t.text
}

var counts = []string{"replicas.current", "replicas.ready", "replicas.starting"}

// drawTree makes a formula of the metrics a, b and c. What it computes on the way and is not finite stays so: it is NaN.
func drawTree(t *rapid.T, depth int) tree {
	gap := rapid.SampledFrom([]string{"", " ", "\n"})
	space := func() string { return gap.Draw(t, "gap") }
	sub := func() tree { return drawTree(t, depth-1) }
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind %= 3
	}
	switch kind {
	case 0:
		x := rapid.SampledFrom([]float64{1, 2, 0.5, 12.25, 1e3, 3e-2}).Draw(t, "number")
		return tree{strconv.FormatFloat(x, 'g', -1, 64), 3, func(map[string]float64) float64 { return x }}
	case 1:
		name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "metric")
		return tree{name, 3, func(at map[string]float64) float64 { return at[name] }}
	case 2:
		name := rapid.SampledFrom(counts).Draw(t, "count")
		return tree{name, 3, func(at map[string]float64) float64 { return at[name] }}
	case 3:
		x := sub()
		return tree{"-" + space() + x.atLeast(3), 3, func(at map[string]float64) float64 { return -x.of(at) }}
	case 4:
		x := sub()
		return tree{"abs" + space() + "(" + x.text + ")", 3, func(at map[string]float64) float64 { return math.Abs(x.of(at)) }}
	case 5:
		name := rapid.SampledFrom([]string{"min", "max"}).Draw(t, "function")
		var args []tree
		var texts []string
		for range rapid.IntRange(1, 3).Draw(t, "arguments") {
			args = append(args, sub())
			texts = append(texts, args[len(args)-1].text)
		}
		return tree{name + "(" + strings.Join(texts, space()+","+space()) + ")", 3, func(at map[string]float64) float64 {
			best := args[0].of(at)
			for _, x := range args[1:] {
				if name == "min" {
					best = math.Min(best, finiteOr(x.of(at)))
				} else {
					best = math.Max(best, finiteOr(x.of(at)))
				}
			}
			return finiteOr(best)
		}}
	}
	x, y := sub(), sub()
	write := func(op string, rank int) string { return x.atLeast(rank) + space() + op + space() + y.atLeast(rank+1) }
	switch kind {
	case 6:
		return tree{write("+", 1), 1, func(at map[string]float64) float64 { return finiteOr(x.of(at) + y.of(at)) }}
	case 7:
		return tree{write("-", 1), 1, func(at map[string]float64) float64 { return finiteOr(x.of(at) - y.of(at)) }}
	case 8:
		return tree{write("*", 2), 2, func(at map[string]float64) float64 { return finiteOr(x.of(at) * y.of(at)) }}
	}
	return tree{write("/", 2), 2, func(at map[string]float64) float64 { return finiteOr(x.of(at) / y.of(at)) }}
}

func finiteOr(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// drawn is a formula that fits, or none.
func drawn(t *rapid.T) (Formula, tree) {
	tr := drawTree(t, rapid.IntRange(0, 4).Draw(t, "depth"))
	if len(tr.text) > Longest {
		t.Skip("too long")
	}
	f, err := Parse(tr.text)
	if err != nil {
		t.Fatalf("%s: %v", tr.text, err)
	}
	return f, tr
}

func TestReadsAsTheNaiveFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, tr := drawn(t)
		any := rapid.OneOf(rapid.Float64Range(-100, 100), rapid.SampledFrom([]float64{0, 1, -1, 1e308, -1e308, 5e-324}))
		s := snapshot(map[string]engine.Reading{})
		s.Service.Replicas = engine.Replicas{
			Current:  rapid.IntRange(0, 5).Draw(t, "current"),
			Ready:    rapid.IntRange(0, 5).Draw(t, "ready"),
			Starting: rapid.IntRange(0, 2).Draw(t, "starting"),
		}
		n := s.Service.Replicas
		now := map[string]float64{counts[0]: float64(n.Current), counts[1]: float64(n.Ready), counts[2]: float64(n.Starting)}
		before, ahead := maps.Clone(now), maps.Clone(now)
		for _, name := range []string{"a", "b", "c"} {
			now[name], before[name], ahead[name] = any.Draw(t, name), any.Draw(t, name+" before"), any.Draw(t, name+" ahead")
			s.Metrics[name] = moving(now[name], any.Draw(t, name+" moves"), before[name], ahead[name])
		}
		r := f.Read(engine.Metric{}, s)
		if complaint := unsound(r); complaint != "" {
			t.Fatalf("%s: %s: %+v", f, complaint, r)
		}
		for _, c := range []struct {
			what string
			got  *float64
			at   map[string]float64
		}{{"value", r.Value, now}, {"previous", r.Previous, before}, {"forecast", r.Forecast, ahead}} {
			if r.Status != engine.OK && c.what != "value" {
				continue
			}
			want := tr.of(c.at)
			if math.IsNaN(want) != (c.got == nil) || c.got != nil && *c.got != want {
				t.Fatalf("%s: %s is %s, want %v", f, c.what, shown(c.got), want)
			}
		}
		if r.Status != engine.OK && (r.Status != engine.Invalid || !strings.Contains(r.Detail, "zero: ") && !strings.Contains(r.Detail, "finite number: ")) {
			t.Fatalf("%s: %s %q", f, r.Status, r.Detail)
		}
	})
}

// TestSlopeIsTheDerivative moves the inputs along their slopes, a little ahead and half as little: where the two quotients
// agree they are the derivative.
func TestSlopeIsTheDerivative(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		f, tr := drawn(t)
		s := snapshot(map[string]engine.Reading{})
		now, gain := map[string]float64{counts[0]: 4, counts[1]: 3, counts[2]: 1}, map[string]float64{}
		for _, name := range []string{"a", "b", "c"} {
			now[name] = rapid.SampledFrom([]float64{-3, 0.25, 1, 2, 7, 50}).Draw(t, name)
			gain[name] = rapid.SampledFrom([]float64{-5, -1, 0, 0.5, 3}).Draw(t, name+" moves")
			s.Metrics[name] = moving(now[name], gain[name], 0, 0)
		}
		r := f.Read(engine.Metric{}, s)
		quotient := func(h float64) float64 {
			then := maps.Clone(now)
			for name, g := range gain {
				then[name] += h * g
			}
			return (tr.of(then) - tr.of(now)) / h
		}
		// Richardson: what the first order leaves out, taken out.
		h := math.Ldexp(1, -14)
		one, two, four := quotient(h), quotient(h/2), quotient(h/4)
		if r.Status != engine.OK || math.IsNaN(one+two+four) {
			return
		}
		rough, want := 2*two-one, 2*four-two
		scale := max(1, math.Abs(want), math.Abs(*r.Value))
		if math.Abs(rough-want) > 1e-6*scale {
			return // a bend is near, or the numbers are too large
		}
		compared++
		if r.SlopePerMinute == nil || math.Abs(*r.SlopePerMinute-want) > 1e-4*scale {
			t.Fatalf("%s at %v moving %v: slope %s, want %v", f, now, gain, shown(r.SlopePerMinute), want)
		}
	})
	if compared == 0 {
		t.Error("no slope could be compared")
	}
}

func shown(v *float64) string {
	if v == nil {
		return "not known"
	}
	return fmt.Sprint(*v)
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("(request_rate - 0.5 * errors) / max(replicas.ready, 1)"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormulaRead(b *testing.B) {
	f, err := Parse("(request_rate - 0.5 * errors) / max(replicas.ready, 1)")
	if err != nil {
		b.Fatal(err)
	}
	s := snapshot(map[string]engine.Reading{"request_rate": moving(300, 2, 280, 310), "errors": moving(3, 0, 3, 3)})
	b.ReportAllocs()
	for b.Loop() {
		if r := f.Read(engine.Metric{}, s); r.Status != engine.OK {
			b.Fatal(r.Detail)
		}
	}
}
