package sim

import "time"

// Demo is the service that a policy with the driver sim scales where nothing else is set up: one replica of 10
// requests a second, started in 3 s, under the load of Story.
func Demo() Service {
	return Service{Replicas: 1, Capacity: 600, StartDelay: 3 * time.Second, Load: Story}
}

// Story is the load of Demo in requests a second. It repeats every 90 s: 10 s at a tenth of what one replica serves,
// 35 s at two and a half times that, then quiet again.
func Story(since time.Duration) float64 {
	const low, high = 1, 25
	if at := since % (90 * time.Second); at >= 10*time.Second && at < 45*time.Second {
		return high
	}
	return low
}
