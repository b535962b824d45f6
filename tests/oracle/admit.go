package main

import (
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	"sigs.k8s.io/kubectl-validate/pkg/validator"
)

// schemas is the Kubernetes version whose published schemas say which fields are required.
const schemas = "1.35"

// strict decodes into Kubernetes' own Go types and refuses unknown and doubled fields.
var strict = jsonserializer.NewSerializerWithOptions(
	jsonserializer.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, jsonserializer.SerializerOptions{Strict: true},
)

// admit says whether a built-in object has the right structure: it decodes
// strictly, its required fields are there, and its values have the schema's
// types. What a field may say beyond that (names, label syntax) is not asked.
func (k *kyverno) admit(raw json.RawMessage) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", p)}
		}
	}()
	if _, _, err := strict.Decode(raw, nil, nil); err != nil {
		a.Faults = append(a.Faults, err.Error())
		return a
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(raw); err != nil {
		a.Faults = append(a.Faults, err.Error())
		return a
	}
	faults, err := k.structure(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	a.Faults = append(a.Faults, faults...)
	return a
}

// structure keeps the causes of a schema validation that concern structure.
func (k *kyverno) structure(object *unstructured.Unstructured) ([]string, error) {
	k.admission.Lock()
	defer k.admission.Unlock()
	if k.admission.validator == nil {
		v, err := validator.New(openapiclient.NewHardcodedBuiltins(schemas))
		if err != nil {
			return nil, err
		}
		k.admission.validator = v
	}
	err := k.admission.validator.Validate(object)
	if err == nil {
		return nil, nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil, err
	}
	var faults []string
	for _, cause := range status.Status().Details.Causes {
		switch cause.Type {
		case metav1.CauseType(field.ErrorTypeRequired), metav1.CauseType(field.ErrorTypeTypeInvalid):
			faults = append(faults, cause.Field+": "+cause.Message)
		}
	}
	return faults, nil
}
