package redis

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// packer deflates. A writer takes 800 kB and longer to make than to use, so that they are used again.
type packer struct{ writers sync.Pool }

// pack writes a value as JSON, deflated: a record becomes a third.
func (p *packer) pack(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var to bytes.Buffer
	w, _ := p.writers.Get().(*flate.Writer)
	if w == nil {
		if w, err = flate.NewWriter(&to, flate.DefaultCompression); err != nil {
			return nil, err
		}
	}
	defer p.writers.Put(w)
	w.Reset(&to)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return to.Bytes(), err
}

// largest is more than anything has that was packed here.
const largest = 16 << 20

// unpack reads what pack wrote, as Redis answers it.
func unpack[T any](packed string) (T, error) {
	var value T
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader([]byte(packed))), largest))
	if err == nil {
		err = json.Unmarshal(plain, &value)
	}
	if err != nil {
		err = fmt.Errorf("it can't be read: %w", err)
	}
	return value, err
}
