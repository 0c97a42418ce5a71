package chunk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// appendTimes writes milliseconds since 1970 as deltas of deltas: what is sampled in step is a row of zeros. Where a
// delta does not fit in 64 bits it wraps around, and back again in reading.
func appendTimes(b []byte, times []int64) []byte {
	var last, step int64
	for _, at := range times {
		b = binary.AppendVarint(b, at-last-step)
		last, step = at, at-last
	}
	return b
}

func (r *reader) times(n int) []int64 {
	if r.packed {
		return r.unpacked(n)
	}
	times := make([]int64, n)
	var last, step int64
	for i := range times {
		step += r.varint()
		last += step
		times[i] = last
	}
	return times
}

// appendInts writes whole numbers as deltas.
func appendInts(b []byte, numbers []int64) []byte {
	var last int64
	for _, n := range numbers {
		b = binary.AppendVarint(b, n-last)
		last = n
	}
	return b
}

func (r *reader) ints(n int) []int64 {
	if r.packed {
		return r.unpacked(n)
	}
	numbers := make([]int64, n)
	var last int64
	for i := range numbers {
		last += r.varint()
		numbers[i] = last
	}
	return numbers
}

// The first byte of a column of values.
const (
	inDecimal = 0 // an exponent of ten for all, then whole numbers
	inBits    = 1
)

func (r *reader) values(n int) []float64 {
	switch how := r.byte(); how {
	case inDecimal:
		exponent := r.varint()
		return r.decimals(n, exponent)
	case inBits:
		return r.bits(n)
	default:
		r.fail(fmt.Errorf("a column of values begins with %d", how))
		return nil
	}
}

// appendBits writes what differs from the bits of the value before; first the highest byte of each, which differs
// least, then the next.
func appendBits(b []byte, values []float64) []byte {
	for shift := 56; shift >= 0; shift -= 8 {
		var last uint64
		for _, v := range values {
			bits := math.Float64bits(v)
			b = append(b, byte((bits^last)>>shift))
			last = bits
		}
	}
	return b
}

func (r *reader) bits(n int) []float64 {
	if n > len(r.rest)/8 {
		r.fail(errShort)
		return nil
	}
	values := make([]float64, n)
	var last uint64
	for i := range values {
		for plane := range 8 {
			last ^= uint64(r.rest[plane*n+i]) << (56 - 8*plane)
		}
		values[i] = math.Float64frombits(last)
	}
	r.rest = r.rest[8*n:]
	return values
}

// The exponents that the shortest decimals of floats have.
const (
	minExponent = -324
	maxExponent = 308
)

// decimals are the values as whole numbers times ten to the exponent. It is not ok where there is none that fits all,
// and for NaN, the infinities and the negative zero.
func decimals(values []float64) (numbers []int64, exponent int, ok bool) {
	numbers, exponents := make([]int64, len(values)), make([]int, len(values))
	exponent = math.MaxInt
	for i, v := range values {
		if v == 0 && !math.Signbit(v) {
			continue // at any exponent
		}
		if numbers[i], exponents[i], ok = decimal(v); !ok {
			return nil, 0, false
		}
		exponent = min(exponent, exponents[i])
	}
	if exponent == math.MaxInt {
		return numbers, 0, true // all are zero
	}
	for i := range numbers {
		if numbers[i] == 0 {
			continue
		}
		if numbers[i], ok = shifted(numbers[i], exponents[i]-exponent); !ok {
			return nil, 0, false
		}
	}
	return numbers, exponent, true
}

func (r *reader) decimals(n int, exponent int64) []float64 {
	if exponent < minExponent || exponent > maxExponent {
		r.fail(fmt.Errorf("a column of values has exponent %d", exponent))
		return nil
	}
	values := make([]float64, n)
	power := math.Pow10(int(max(exponent, -exponent)))
	for i, number := range r.ints(n) {
		v, ok := float(number, int(exponent), power)
		if !ok {
			r.fail(fmt.Errorf("%de%d is no 64-bit float", number, exponent))
			return nil
		}
		values[i] = v
	}
	return values
}

// decimal is the shortest decimal number that is read as v again, of at most 17 digits.
func decimal(v float64) (number int64, exponent int, ok bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, 0, false
	}
	var buffer [32]byte
	text := strconv.AppendFloat(buffer[:0], v, 'e', -1, 64) // [-]d[.ddd]e±dd
	negative, places, at := false, 0, 0
	if text[0] == '-' {
		negative, at = true, 1
	}
	number = int64(text[at] - '0')
	if at++; text[at] == '.' {
		for at++; text[at] != 'e'; at++ {
			number = number*10 + int64(text[at]-'0')
			places++
		}
	}
	for _, digit := range text[at+2:] {
		exponent = exponent*10 + int(digit-'0')
	}
	if text[at+1] == '-' {
		exponent = -exponent
	}
	if negative {
		number = -number
	}
	return number, exponent - places, number != 0 // the negative zero has a sign that a whole number has not
}

// shifted is number times ten to the places, where that fits in 64 bits.
func shifted(number int64, places int) (int64, bool) {
	if places > 18 {
		return 0, false
	}
	for range places {
		if number > math.MaxInt64/10 || number < math.MinInt64/10 {
			return 0, false
		}
		number *= 10
	}
	return number, true
}

// float is the float nearest to number times ten to the exponent; power is ten to the exponent without its sign. Where
// both are exact in a float, so is one multiplication or division rounded right (W. D. Clinger, How to read floating
// point numbers accurately, 1990).
func float(number int64, exponent int, power float64) (float64, bool) {
	const exact, exactPower = 1 << 53, 22
	switch {
	case number > exact || number < -exact || exponent > exactPower || exponent < -exactPower:
		v, err := strconv.ParseFloat(strconv.FormatInt(number, 10)+"e"+strconv.Itoa(exponent), 64)
		return v, err == nil
	case exponent < 0:
		return float64(number) / power, true
	}
	return float64(number) * power, true
}

var errShort = errors.New("it is cut short")

// reader reads a body from its front. After its first error it reads zeros.
type reader struct {
	rest   []byte
	packed bool // the form
	err    error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// count reads how many rows there are, each of so many bytes at least; of a packed body, of none.
func (r *reader) count(each int) int {
	n, size := binary.Uvarint(r.rest)
	switch {
	case size <= 0, !r.packed && n > uint64(len(r.rest)/each):
		r.fail(errShort)
		return 0
	case r.packed && n > maxPacked:
		r.fail(fmt.Errorf("it has %d rows, at most %d are packed", n, maxPacked))
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail(errShort)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// end says what went wrong, if only that more is left than was told.
func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		return fmt.Errorf("%d bytes are left over", len(r.rest))
	}
	return r.err
}

func instant(milliseconds int64) time.Time {
	return time.UnixMilli(milliseconds).UTC()
}
