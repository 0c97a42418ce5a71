package monitor

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// A frame with a thousand services, of which a window shows a few dozen: it must not take longer than that with ten.
func BenchmarkFrame(b *testing.B) {
	for _, services := range []int{10, 1000} {
		b.Run(fmt.Sprint(services, " services"), func(b *testing.B) {
			d := many(services)
			d.trends, d.explain = shopTrends, shopExplains
			s := open(b, d, 160, 50, true)
			b.ReportAllocs()
			for b.Loop() {
				s.frame()
			}
		})
	}
}

// All of a thousand services are evaluated within a second, and told in messages of fifty.
func BenchmarkHear(b *testing.B) {
	d := many(1000)
	s := open(b, d, 160, 50, true)
	now := noon
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		s.now = now
		for at := 0; at < len(d.status.Policies); at += 50 {
			var msg heard
			for i := range 50 {
				p := d.status.Policies[at+i]
				p.LastEvaluation = &now
				msg = append(msg, api.Happening{Policy: &p})
			}
			s.Update(msg)
			s.frame()
		}
	}
}
