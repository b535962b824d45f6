package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	gojmespath "github.com/kyverno/go-jmespath"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// query is a JMESPath expression and the document that it is asked of.
type query struct {
	Query    string          `json:"query"`
	Document json.RawMessage `json:"document"`
	Numbers  string          `json:"numbers"` // as in an eval; "float64" by default
}

// found is what Kyverno's library makes of a query. Without Refused, Error and Panic it is a value.
type found struct {
	// Value in JSON, with the types that JSON has not as maps of one key: see typed.
	Value   any    `json:"value"`
	Refused string `json:"refused,omitempty"` // it does not compile
	Error   string `json:"error,omitempty"`   // evaluating it fails
	// Error is the one of a key that is not there, which the library itself mostly forgives.
	UnknownKey bool   `json:"unknownKey,omitempty"`
	Panic      string `json:"panic,omitempty"` // the library panics
	// Sorted: the document is another one afterwards, since sort_by sorts in place.
	Sorted bool `json:"sorted,omitempty"`
}

func (k *kyverno) search(q query) (f found) {
	defer func() {
		if p := recover(); p != nil {
			f = found{Panic: fmt.Sprint(p)}
		}
	}()
	document, err := q.document()
	if err != nil {
		return found{Refused: "document: " + err.Error()}
	}
	before, _ := json.Marshal(document)
	compiled, err := k.jmespath.Query(q.Query)
	if err != nil {
		return found{Refused: err.Error()}
	}
	value, err := compiled.Search(document)
	after, _ := json.Marshal(document)
	f.Sorted = string(before) != string(after)
	if err != nil {
		var unknown gojmespath.NotFoundError
		f.Error, f.UnknownKey = err.Error(), errors.As(err, &unknown)
		return f
	}
	f.Value = typed(value)
	return f
}

// document is the value that the query is asked of, with numbers of the type that it wants.
func (q query) document() (document any, err error) {
	switch q.Numbers {
	case "", "float64":
		err = json.Unmarshal(q.Document, &document)
	case "int64":
		err = utiljson.Unmarshal(q.Document, &document)
	default:
		err = fmt.Errorf("unknown numbers %q", q.Numbers)
	}
	return document, err
}

// typed writes a value so that JSON keeps its types: an integer becomes {"$int":"1"}, a float that is none of JSON's
// {"$float":"NaN"}, the list that the function items makes {"$records":[…]}, text that is no UTF-8 {"$bytes":"base64"}.
func typed(value any) any {
	switch v := value.(type) {
	case nil, bool:
		return v
	case string:
		if !utf8.ValidString(v) {
			return map[string]any{"$bytes": base64.StdEncoding.EncodeToString([]byte(v))}
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return map[string]any{"$float": strconv.FormatFloat(v, 'g', -1, 64)}
		}
		return v
	case int:
		return map[string]any{"$int": strconv.Itoa(v)}
	case int64:
		return map[string]any{"$int": strconv.FormatInt(v, 10)}
	case []any:
		elements := make([]any, len(v))
		for i, element := range v {
			elements[i] = typed(element)
		}
		return elements
	case []map[string]any:
		elements := make([]any, len(v))
		for i, element := range v {
			elements[i] = typed(element)
		}
		return map[string]any{"$records": elements}
	case map[string]any:
		entries := make(map[string]any, len(v))
		for key, element := range v {
			entries[key] = typed(element)
		}
		return entries
	default:
		return map[string]any{"$other": fmt.Sprintf("%T", v)}
	}
}
