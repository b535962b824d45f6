package main

import (
	"encoding/json"
	"testing"

	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
)

func TestSearchSaysTypesAndFailures(t *testing.T) {
	k := &kyverno{jmespath: jmespath.New(config.NewDefaultConfiguration(false))}
	for _, c := range []struct{ query, document, numbers, want string }{
		{"a", `{"a":1}`, "", `{"value":1}`},
		{"a", `{"a":1}`, "int64", `{"value":{"$int":"1"}}`},
		{"b", `{"a":1}`, "", `{"value":null,"error":"Unknown key \"b\" in path","unknownKey":true}`},
		{"a.", `{}`, "", `{"value":null,"refused":"SyntaxError: Expected identifier, lbracket, or lbrace"}`},
		{"items(@, 'k', 'v')", `{"a":1}`, "", `{"value":{"$records":[{"k":"a","v":1}]}}`},
		{"avg(`[]`)", `{}`, "", `{"value":{"$float":"NaN"}}`},
		{"sort_by(a, &@)", `{"a":[2,1]}`, "", `{"value":[1,2],"sorted":true}`},
		{"merge('a')", `{}`, "", `{"value":null,"panic":"interface conversion: interface {} is string, not map[string]interface {}"}`},
	} {
		got, err := json.Marshal(k.search(query{c.query, json.RawMessage(c.document), c.numbers}))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s %v, want %s", c.query, got, err, c.want)
		}
	}
}
