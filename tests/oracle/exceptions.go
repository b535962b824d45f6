package main

import (
	"errors"
	"fmt"
	"slices"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	"github.com/kyverno/kyverno/ext/resource/convert"
	resourceloader "github.com/kyverno/kyverno/ext/resource/loader"
	yamlutils "github.com/kyverno/kyverno/ext/yaml"
	celcompiler "github.com/kyverno/kyverno/pkg/cel/compiler"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	"sigs.k8s.io/yaml"
)

// exceptionSet are the PolicyExceptions of one load: of classic policies, and of those with CEL.
type exceptionSet struct {
	classic classicExceptions
	cel     celExceptions
}

type classicExceptions []*kyvernov2.PolicyException

func (l classicExceptions) List(selector labels.Selector) (found []*kyvernov2.PolicyException, err error) {
	for _, it := range l {
		if selector.Matches(labels.Set(it.GetLabels())) {
			found = append(found, it)
		}
	}
	return found, nil
}

type celExceptions []*policiesv1beta1.PolicyException

func (l celExceptions) List(selector labels.Selector) (found []*policiesv1beta1.PolicyException, err error) {
	for _, it := range l {
		if selector.Matches(labels.Set(it.GetLabels())) {
			found = append(found, it)
		}
	}
	return found, nil
}

// inForce are the exceptions of the policies that have not ended, as a cluster takes them.
// The command line does not look at their end.
func inForce[P interface {
	GetKind() string
	GetName() string
}](policies []P, exceptions celExceptions) (found []*policiesv1beta1.PolicyException, err error) {
	for _, p := range policies {
		of, err := celengine.ListExceptions(exceptions, p.GetKind(), p.GetName())
		if err != nil {
			return nil, err
		}
		for _, it := range of {
			if !slices.Contains(found, it) {
				found = append(found, it)
			}
		}
	}
	return found, nil
}

// take splits documents into exceptions, which it keeps, and the text of all others.
func (s *exceptionSet) take(k *kyverno, text []byte, refuse func(string, error)) ([]byte, error) {
	documents, err := yamlutils.SplitDocuments(text)
	if err != nil {
		return nil, err
	}
	var rest []byte
	for _, document := range documents {
		var head unstructured.Unstructured
		if yaml.Unmarshal(document, &head.Object) != nil || head.GetKind() != "PolicyException" {
			rest = append(append(rest, document...), "\n---\n"...)
			continue
		}
		if err := s.add(k, document); err != nil {
			refuse("PolicyException/"+head.GetName(), err)
		}
	}
	return rest, nil
}

// add reads an exception against its schema, and asks what the webhook of a cluster asks.
func (s *exceptionSet) add(k *kyverno, document []byte) error {
	loader, err := k.exceptionLoader()
	if err != nil {
		return err
	}
	kind, object, err := loader.Load(document)
	if err != nil {
		return err
	}
	switch kind.Group {
	case "kyverno.io":
		exception, err := convert.To[kyvernov2.PolicyException](object)
		if err != nil {
			return err
		}
		if faults := exception.Validate(); len(faults) > 0 {
			return faults.ToAggregate()
		}
		s.classic = append(s.classic, exception)
	case "policies.kyverno.io":
		exception, err := convert.To[policiesv1beta1.PolicyException](object)
		if err != nil {
			return err
		}
		faults := exception.Validate()
		faults = append(faults, celcompiler.CompilePolicyExceptionMatchConditions(exception.Spec.MatchConditions, nil)...)
		if len(faults) > 0 {
			return faults.ToAggregate()
		}
		s.cel = append(s.cel, exception)
	default:
		return fmt.Errorf("no PolicyException of Kyverno is in %s", kind.Group)
	}
	return nil
}

// exceptionLoader is built at its first use, for it parses all schemas. The caller holds k.loading.
func (k *kyverno) exceptionLoader() (resourceloader.Loader, error) {
	if k.exceptions == nil {
		crds, err := data.Crds()
		if err != nil {
			return nil, err
		}
		if k.exceptions, err = resourceloader.New(openapiclient.NewComposite(openapiclient.NewLocalCRDFiles(crds))); err != nil {
			return nil, err
		}
	}
	return k.exceptions, nil
}

// errNoPolicy is the answer to a text in which nothing was found.
var errNoPolicy = errors.New("no policy found")
