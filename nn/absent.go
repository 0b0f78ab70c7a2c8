package nn

import "reflect"

// absent reports whether v is nil, or an interface that holds a nil pointer.
func absent(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func || r.Kind() == reflect.Map) && r.IsNil()
}
