package app

import (
	"context"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// listen hears of changes that somebody else makes, so that a drift is noticed before the next evaluation. What is heard
// while flyball changes a service itself is its own doing.
func (a *App) listen(ctx context.Context) {
	var all sync.WaitGroup
	for driver, target := range a.drivers.targets() {
		watcher, hears := target.(control.Watcher)
		if !hears || driver == "compose-cli" { // it is compose's
			continue
		}
		all.Go(func() {
			watcher.Watch(ctx, func(project, service string) {
				for _, subject := range a.live.Touch(engine.Place{Driver: driver, Project: project}, service, time.Now()) {
					if !a.loop.Cycle.Acting(subject) {
						a.loop.Touched(subject)
					}
				}
			})
		})
	}
	all.Wait()
}
