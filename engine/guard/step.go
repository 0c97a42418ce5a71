package guard

import "fmt"

// step limits how far one decision goes.
func step(s situation, wish int) ruling {
	most := s.policy.MaxStep
	to := max(s.current-most, min(wish, s.current+most))
	if most == 0 || to == wish {
		return ruling{to: wish}
	}
	return ruling{to, "StepLimited", fmt.Sprintf("wished for %d, maxStep is %d", wish, most)}
}
