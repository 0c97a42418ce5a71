package api

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// nameOf is how the OpenAPI document calls a type: as it is called here, and with its package where it is of elsewhere.
func nameOf(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	at := t.PkgPath()
	if of := at[strings.LastIndex(at, "/")+1:]; of != "" && of != "api" {
		return strings.ToUpper(of[:1]) + of[1:] + name
	}
	return name
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
