package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
)

// What is kept as JSON carries a checksum of the rest in front: of bits that flip, many leave a number where there was
// another. Texts of an older flyball have none.
const (
	sealBegins = `{"sum":"`
	sealEnds   = `",`
	sealLength = len(sealBegins) + 8 + len(sealEnds)
)

// sealed is a value, which is an object, as JSON with its checksum; that covers the bytes that stand beside it too.
func sealed(v any, beside ...byte) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%08x%s%s", sealBegins, checksum(text[1:], beside), sealEnds, text[1:]), nil
}

// unsealed reads such a value.
func unsealed(text []byte, into any, beside ...byte) error {
	if bytes.HasPrefix(text, []byte(sealBegins)) && len(text) > sealLength {
		rest := text[sealLength:]
		if want := fmt.Sprintf("%s%08x%s", sealBegins, checksum(rest, beside), sealEnds); string(text[:sealLength]) != want {
			return fmt.Errorf("%w: its checksum differs", errDamaged)
		}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

func checksum(text, beside []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(text, table), table, beside)
}
