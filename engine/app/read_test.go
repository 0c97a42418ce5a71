package app

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// What one process reads for another arrives as it was read.
func TestSetsSurviveTheWay(t *testing.T) {
	for _, folder := range []string{"../../policies", "../../examples/quickstart/policies", "../../schema/testdata", "starter"} {
		set, err := Here(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(answer{Set: set})
		if err != nil {
			t.Fatal(err)
		}
		var a answer
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&a); err != nil || !reflect.DeepEqual(a.Set, set) {
			t.Errorf("%s: %v\nsent     %+v\nreceived %+v", folder, err, set, a.Set)
		}
	}
}
