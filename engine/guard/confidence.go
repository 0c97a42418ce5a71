package guard

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine"
)

// confidence holds a recommendation that is less sure than the policy asks. A wish that only the bounds made is not
// the recommendation's.
func confidence(s situation, wish int) ruling {
	r := s.recommendation
	if wish == s.current || r.Action != engine.Between(s.current, wish) || r.Confidence >= s.policy.MinConfidence {
		return ruling{to: wish}
	}
	return ruling{s.current, "LowConfidence", fmt.Sprintf("confidence %.2f, the policy asks for %.2f", r.Confidence, s.policy.MinConfidence)}
}
