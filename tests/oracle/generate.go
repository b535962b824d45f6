package main

import (
	"context"
	"strings"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/background/generate"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	gpolengine "github.com/kyverno/kyverno/pkg/cel/policies/gpol/engine"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/engine/adapters"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	kubeutils "github.com/kyverno/kyverno/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// generate asks one classic policy which objects it makes beside the admitted one, as the CLI does: with a fake cluster
// that holds the object and those of the load.
func (e *evaluation) generate(ctx context.Context, p kyvernov1.PolicyInterface) error {
	pc, err := e.policyContext(p)
	if err != nil {
		return err
	}
	answer := e.set.engine.ApplyBackgroundChecks(ctx, pc)
	e.add(answer)
	for _, rule := range answer.PolicyResponse.Rules {
		if rule.Status() != engineapi.RuleStatusPass {
			continue
		}
		controller, err := e.generator(p)
		if err != nil {
			return err
		}
		pc, err := e.policyContext(p)
		if err != nil {
			return err
		}
		made, err := controller.ApplyGeneratePolicy(logr.Discard(), pc, []string{rule.Name()})
		if err != nil {
			e.rows = append(e.rows, row{Policy: p.GetName(), Rule: rule.Name(), Status: "error", Message: err.Error()})
			continue
		}
		for _, specs := range made {
			objects, err := controller.GetUnstrResources(specs)
			if err != nil {
				return err
			}
			e.made(objects)
		}
	}
	return nil
}

func (e *evaluation) made(objects []*unstructured.Unstructured) {
	for _, object := range objects {
		e.generated = append(e.generated, object.Object)
	}
}

// generator is Kyverno's controller of generate rules, over a fake cluster.
func (e *evaluation) generator(p kyvernov1.PolicyInterface) (*generate.GenerateController, error) {
	objects := []runtime.Object{e.object.DeepCopy()}
	resources := []schema.GroupVersionResource{pluralOf(e.object.GroupVersionKind())}
	for _, object := range e.set.cluster.all() {
		if isSame(object, e.object) {
			continue
		}
		objects = append(objects, object.DeepCopy())
		resources = append(resources, pluralOf(object.GroupVersionKind()))
	}
	lists := map[schema.GroupVersionResource]string{}
	for _, rule := range p.GetSpec().Rules {
		if rule.Generation == nil {
			continue
		}
		kinds := rule.Generation.CloneList.Kinds
		for _, loop := range rule.Generation.ForEachGeneration {
			kinds = append(kinds, loop.CloneList.Kinds...)
		}
		for _, name := range kinds {
			version, kind := kubeutils.GetKindFromGVK(name)
			if gv, err := schema.ParseGroupVersion(version); err == nil {
				lists[pluralOf(gv.WithKind(kind))] = kind + "List"
			}
		}
	}
	client, err := dclient.NewFakeClient(runtime.NewScheme(), lists, objects...)
	if err != nil {
		return nil, err
	}
	client.SetDiscovery(dclient.NewFakeDiscoveryClient(resources))
	inner := e.kyverno.newEngine(nil, e.set.cluster.client(adapters.Client(client)), e.set.cluster)
	return generate.NewGenerateControllerWithOnlyClient(client, inner), nil
}

// isSame is whether two objects are one for the API server.
func isSame(a, b *unstructured.Unstructured) bool {
	return a.GroupVersionKind() == b.GroupVersionKind() && a.GetNamespace() == b.GetNamespace() && a.GetName() == b.GetName()
}

// acceptGenerate runs Kyverno's validation of generate rules with the scopes of the built-in kinds. Without a cluster its
// validation of whole policies takes every kind for a namespaced one, so the policy that comes back names a namespace where
// the kind has none.
func (k *kyverno) acceptGenerate(p kyvernov1.PolicyInterface) (kyvernov1.PolicyInterface, error) {
	probe := p.CreateDeepCopy()
	outside := sets.New[string]()
	pretend := func(target *kyvernov1.GeneratePattern) {
		kind := schema.FromAPIVersionAndKind(target.APIVersion, target.Kind)
		if k.scopes[kind.Group+"/"+kind.Kind] {
			outside.Insert(target.APIVersion+"/"+target.Kind, target.Kind)
			if target.Namespace == "" {
				target.Namespace = "any"
			}
		}
	}
	rules := probe.GetSpec().Rules
	for i := range rules {
		if rules[i].Generation == nil {
			continue
		}
		pretend(&rules[i].Generation.GeneratePattern)
		for j := range rules[i].Generation.ForEachGeneration {
			pretend(&rules[i].Generation.ForEachGeneration[j].GeneratePattern)
		}
	}
	for i, rule := range p.GetSpec().Rules {
		path := field.NewPath("spec", "rules").Index(i)
		if _, errs := rule.ValidateGenerate(path, p.IsNamespaced(), p.GetNamespace(), outside); len(errs) > 0 {
			return nil, errs.ToAggregate()
		}
	}
	return probe, nil
}

// pluralOf is the resource name that the fake client guesses for a kind.
func pluralOf(kind schema.GroupVersionKind) schema.GroupVersionResource {
	return kind.GroupVersion().WithResource(strings.ToLower(kind.Kind) + "s")
}

func (e *evaluation) generatingPolicies() error {
	request, err := e.celRequest()
	if err != nil {
		return err
	}
	engine := gpolengine.NewEngine(e.namespace, matching.NewMatcher())
	for _, policy := range e.set.generate {
		request.Context = e.set.cluster.ofOne()
		found, err := engine.Handle(request, policy, false)
		if err != nil {
			return err
		}
		for _, p := range found.Policies {
			if p.Result == nil {
				continue
			}
			answer := engineapi.EngineResponse{
				Resource:       *found.Trigger,
				PolicyResponse: engineapi.PolicyResponse{Rules: []engineapi.RuleResponse{*p.Result}},
			}
			e.add(answer.WithPolicy(engineapi.NewGeneratingPolicyFromLike(p.Policy)))
			e.made(p.Result.GeneratedResources())
		}
	}
	return nil
}
