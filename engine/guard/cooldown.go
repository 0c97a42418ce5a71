package guard

import "fmt"

// cooldown holds until the deadline of the direction has passed. Begin and End set the deadlines.
func cooldown(s situation, wish int) ruling {
	switch {
	case wish > s.current:
		if l := left(s.state.Cooldown.Up, s.at); l > 0 {
			return ruling{s.current, "CooldownActive", fmt.Sprintf("scaling up waits %s more", wait(l))}
		}
	case wish < s.current:
		if l := left(s.state.Cooldown.Down, s.at); l > 0 {
			return ruling{s.current, "CooldownActive", fmt.Sprintf("scaling down waits %s more", wait(l))}
		}
	}
	return ruling{to: wish}
}
