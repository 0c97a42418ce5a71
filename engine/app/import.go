package app

import (
	"time"

	"github.com/flyball-dev/flyball/schema/convert"
)

// Import turns what somebody has for another autoscaler into policies in CUE, and says what has no equal. from may be empty:
// the text tells. unit is that of bare numbers, 0 where nobody said. The error says what must be said beside the text.
func Import(name string, text []byte, from string, unit time.Duration) (convert.Converted, error) {
	return convert.File(name, text, convert.Options{From: from, Unit: unit})
}
