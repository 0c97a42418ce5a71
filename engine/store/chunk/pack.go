package chunk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

const (
	maxPacked = 1 << 14 // rows of a packed body at most: those of a column that is a line cost no byte
	maxWidth  = 56      // bits: a wider number would not fit in 64 beside the rest of a byte

	steps = 1 << 7 // bit of the byte that says how wide a column's numbers are
)

// fit says what is packed of a column: of number i what it is above base + i·slope, or, of steps, what it and all
// before it together are above that. Where a sum does not fit in 64 bits it wraps around, and back again in reading.
type fit struct {
	steps       bool
	base, slope int64
	width       int // bits of the largest
}

// lineOf fits numbers that stay near a line: times in step, a level with noise.
func lineOf(numbers []int64) fit {
	var f fit
	if n := int64(len(numbers)); n > 1 {
		rise, half := numbers[n-1]-numbers[0], (n-1)/2
		if rise < 0 {
			half = -half
		}
		f.slope = (rise + half) / (n - 1)
	}
	var highest int64
	for i, n := range numbers {
		above := n - int64(i)*f.slope
		if i == 0 {
			f.base, highest = above, above
		}
		f.base, highest = min(f.base, above), max(highest, above)
	}
	f.width = bits.Len64(uint64(highest - f.base))
	return f
}

// stepsOf fits numbers that are near the one before.
func stepsOf(numbers []int64) fit {
	f := fit{steps: true}
	var highest int64
	for i, n := range numbers {
		switch i {
		case 0:
			f.base = n
		case 1:
			f.slope, highest = n-f.base, n-f.base
		default:
			step := n - numbers[i-1]
			f.slope, highest = min(f.slope, step), max(highest, step)
		}
	}
	if len(numbers) > 1 {
		f.base -= f.slope // the first is no step, and costs the bits of the lowest
		f.width = bits.Len64(uint64(highest - f.slope))
	}
	return f
}

// appendPacked writes whole numbers as a base, a slope, a width and so many bits for each, the lowest first. It is not
// ok where that takes too many.
func appendPacked(b []byte, numbers []int64) (more []byte, ok bool) {
	f := lineOf(numbers)
	if s := stepsOf(numbers); s.width < f.width {
		f = s
	}
	if f.width > maxWidth {
		return b, false
	}
	b = binary.AppendVarint(binary.AppendVarint(b, f.base), f.slope)
	if f.steps {
		b = append(b, steps|byte(f.width))
	} else {
		b = append(b, byte(f.width))
	}
	line, waiting, have := f.base, uint64(0), 0 // bits that are no whole byte yet
	for _, n := range numbers {
		if f.steps {
			line += f.slope
		}
		waiting |= uint64(n-line) << have
		for have += f.width; have >= 8; have -= 8 {
			b = append(b, byte(waiting))
			waiting >>= 8
		}
		if f.steps {
			line = n
		} else {
			line += f.slope
		}
	}
	if have > 0 {
		b = append(b, byte(waiting))
	}
	return b, true
}

// unpacked reads what appendPacked has written.
func (r *reader) unpacked(n int) []int64 {
	line, slope, how := r.varint(), r.varint(), r.byte()
	width := int(how &^ steps)
	if width > maxWidth {
		r.fail(fmt.Errorf("a column has numbers of %d bits", width))
		return nil
	}
	size := (n*width + 7) / 8
	if size > len(r.rest) {
		r.fail(errShort)
		return nil
	}
	bytes := r.rest[:size]
	r.rest = r.rest[size:]
	numbers := make([]int64, n)
	mask := uint64(1)<<width - 1
	var waiting uint64
	for i, at, have := 0, 0, 0; i < n; i++ {
		for ; have < width; have += 8 {
			waiting |= uint64(bytes[at]) << have
			at++
		}
		above := int64(waiting & mask)
		waiting >>= width
		have -= width
		if how&steps != 0 {
			line += slope + above
			numbers[i] = line
		} else {
			numbers[i] = line + above
			line += slope
		}
	}
	if waiting != 0 {
		r.fail(errors.New("bits are left over"))
	}
	return numbers
}
