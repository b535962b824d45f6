package main

import (
	"encoding/json"
	"math"
	"strings"

	kubeutils "github.com/kyverno/kyverno/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// resource reads an object as Kyverno's CLI does, except that integers stay
// int64 if asked for, which is what a cluster's webhook sees.
func (k *kyverno) resource(raw json.RawMessage, integers bool) (*unstructured.Unstructured, error) {
	r, err := kubeutils.BytesToUnstructured(raw)
	if err != nil {
		return nil, err
	}
	normalize(r.Object, integers)
	if r.GetNamespace() == "" && !k.clusterScoped(r) {
		r.SetNamespace("default")
	}
	return r, nil
}

// clusterScoped knows the kinds of the CLI's discovery data; others count as namespaced.
func (k *kyverno) clusterScoped(r *unstructured.Unstructured) bool {
	group, _, found := strings.Cut(r.GetAPIVersion(), "/")
	if !found {
		group = ""
	}
	return k.scopes[group+"/"+r.GetKind()]
}

// emptied are the fields whose null the CLI's reader turns into {}, wherever they stand.
var emptied = map[string]bool{
	"annotations": true, "labels": true, "matchLabels": true,
	"nodeSelector": true, "data": true, "stringData": true,
}

// normalize gives numbers the Go type that the engine meets. The CLI's reader
// makes 3.0 an integer, and the CLI then makes every number a float64.
func normalize(v any, integers bool) any {
	switch x := v.(type) {
	case map[string]any:
		for key, e := range x {
			if e == nil && emptied[key] {
				x[key] = map[string]any{}
			} else {
				x[key] = normalize(e, integers)
			}
		}
	case []any:
		for i, e := range x {
			x[i] = normalize(e, integers)
		}
	case int64:
		if !integers {
			return float64(x)
		}
	case float64:
		if integers && x == math.Trunc(x) && math.Abs(x) < 1<<63 {
			return int64(x)
		}
	}
	return v
}
