package guard

import "fmt"

// budget cuts a raise to what fits: nothing where the target finds no place for what is asked of it already; the replicas of all services under their common limit, less what services of a
// higher priority still claim, and the memory that must stay available on the engine's host.
func budget(s situation, wish int) ruling {
	if wish <= s.current {
		return ruling{to: wish}
	}
	if why := s.snapshot.Service.NoRoom; why != "" {
		return ruling{s.current, "NoRoom", why}
	}
	b := s.state.Budget
	to, message := wish, ""
	if b.MaxReplicas > 0 && b.Unknown > 0 {
		return ruling{s.current, "BudgetUnknown", fmt.Sprintf("wished for %d: %d other services are not counted yet", wish, b.Unknown)}
	}
	if b.MaxReplicas > 0 {
		if room := b.MaxReplicas - b.Others - b.Claims - s.current; room < to-s.current {
			to = s.current + max(0, room)
			message = fmt.Sprintf("%s of %d in use by other services", replicas(b.Others+b.Claims), b.MaxReplicas)
		}
	}
	if b.Available > 0 {
		if fit, ok := memoryFits(b.Available-b.MinMemory, b.PerReplica); ok && fit < to-s.current {
			to = s.current + fit
			message = fmt.Sprintf("%d MB of memory available, %d MB must stay, a replica may take %d MB", b.Available>>20, b.MinMemory>>20, b.PerReplica>>20)
		}
	}
	if to == wish {
		return ruling{to: wish}
	}
	return ruling{to, "BudgetExhausted", fmt.Sprintf("wished for %d: %s", wish, message)}
}

// memoryFits says how many replicas fit into what is spare. A replica whose size nobody knows needs just something.
func memoryFits(spare, each int64) (int, bool) {
	switch {
	case spare <= 0:
		return 0, true
	case each <= 0:
		return 0, false
	}
	return int(min(spare/each, 1<<30)), true
}
