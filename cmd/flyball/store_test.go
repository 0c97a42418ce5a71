package main

import (
	"bytes"
	"testing"
	"time"
)

func TestProgressIsSaidNowAndThen(t *testing.T) {
	now := time.Unix(0, 0)
	var errs bytes.Buffer
	told := progress(&errs, func() time.Time { return now })
	for second := range 8 {
		now = time.Unix(int64(second), 0)
		told(int64(1000 * second))
	}
	if want := "3000 records so far\n6000 records so far\n"; errs.String() != want {
		t.Errorf("%q, want %q", errs.String(), want)
	}
}
