package main

import (
	"fmt"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/engine"
	enginecontext "github.com/kyverno/kyverno/pkg/engine/context"
	"github.com/kyverno/kyverno/pkg/engine/policycontext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// policyContext is the request as the classic kinds see it, arranged as the
// CLI arranges it, plus an old object of the caller's choice.
func (e *evaluation) policyContext(policy kyvernov1.PolicyInterface) (*policycontext.PolicyContext, error) {
	operation := kyvernov1.AdmissionOperation(e.operation)
	object := *e.object
	if operation == kyvernov1.Delete {
		object = unstructured.Unstructured{}
	}
	pc, err := engine.NewPolicyContext(e.kyverno.jmespath, object, operation, e.user, e.kyverno.config)
	if err != nil {
		return nil, err
	}
	hasOld := operation == kyvernov1.Update || operation == kyvernov1.Delete
	if hasOld {
		old := e.object
		if e.old != nil {
			old = e.old
		}
		old = old.DeepCopy()
		pc = pc.WithOldResource(*old)
		if err := pc.JSONContext().AddOldResource(old.Object); err != nil {
			return nil, err
		}
	}
	pc = pc.WithPolicy(policy).WithNamespaceLabels(e.labels).WithResourceKind(e.kind, "")
	if err := pc.JSONContext().AddVariable("request.operation", e.operation); err != nil {
		return nil, err
	}
	// The CLI reads the objects back from the context, so a pattern sees what JMESPath sees.
	object = unstructured.Unstructured{}
	if operation != kyvernov1.Delete {
		if object, err = readBack(pc.JSONContext(), "request.object"); err != nil {
			return nil, err
		}
	}
	pc = pc.WithNewResource(object)
	if hasOld {
		old, err := readBack(pc.JSONContext(), "request.oldObject")
		if err != nil {
			return nil, err
		}
		pc = pc.WithOldResource(old)
	}
	return pc, nil
}

func readBack(context enginecontext.Interface, path string) (unstructured.Unstructured, error) {
	found, err := context.Query(path)
	if err != nil || found == nil {
		return unstructured.Unstructured{}, err
	}
	object, ok := found.(map[string]any)
	if !ok {
		return unstructured.Unstructured{}, fmt.Errorf("%s is not an object", path)
	}
	return unstructured.Unstructured{Object: object}, nil
}

// library is what CEL policies can look up.
func (e *evaluation) library() libs.Context {
	if e.set.cluster == nil {
		return e.kyverno.library
	}
	return e.set.cluster
}
