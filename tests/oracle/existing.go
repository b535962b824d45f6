package main

import (
	"context"
	"encoding/json"
	"fmt"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/admissionpolicy"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/engine/adapters"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
)

// mutateExisting asks the rules of one classic policy about existing objects what they change, as the background
// controller does: of the cluster of the load.
func (e *evaluation) mutateExisting(ctx context.Context, p kyvernov1.PolicyInterface) error {
	only := p.CreateDeepCopy()
	var rules []kyvernov1.Rule
	lists := map[schema.GroupVersionResource]string{}
	var resources []schema.GroupVersionResource
	for _, rule := range p.GetSpec().Rules {
		if !rule.HasMutateExisting() {
			continue
		}
		rules = append(rules, rule)
		for _, target := range rule.Mutation.Targets {
			resource := pluralOf(schema.FromAPIVersionAndKind(target.APIVersion, target.Kind))
			lists[resource] = target.Kind + "List"
			resources = append(resources, resource)
		}
	}
	if len(rules) == 0 {
		return nil
	}
	only.GetSpec().SetRules(rules)
	var objects []runtime.Object
	for _, object := range e.world {
		objects = append(objects, object.DeepCopy())
	}
	client, err := dclient.NewFakeClient(runtime.NewScheme(), lists, objects...)
	if err != nil {
		return err
	}
	client.SetDiscovery(dclient.NewFakeDiscoveryClient(resources))
	inner := e.kyverno.newEngine(e.set.exceptions, e.set.cluster.client(adapters.Client(client)), e.set.cluster)
	pc, err := e.policyContext(only)
	if err != nil {
		return err
	}
	answer := inner.Mutate(ctx, pc)
	e.add(answer)
	for _, rule := range answer.PolicyResponse.Rules {
		if target, _, _ := rule.PatchedTarget(); target != nil && rule.Status() == engineapi.RuleStatusPass {
			e.targets = append(e.targets, target.Object)
		}
	}
	return nil
}

// withoutExisting is the policy without its rules about existing objects.
func withoutExisting(p kyvernov1.PolicyInterface) kyvernov1.PolicyInterface {
	rest := p.CreateDeepCopy()
	var rules []kyvernov1.Rule
	for _, rule := range p.GetSpec().Rules {
		if !rule.HasMutateExisting() {
			rules = append(rules, rule)
		}
	}
	rest.GetSpec().SetRules(rules)
	return rest
}

// mutatingPoliciesForExisting asks each MutatingPolicy that the object triggers about each object of the cluster.
func (e *evaluation) mutatingPoliciesForExisting(ctx context.Context) error {
	request, err := e.celRequest()
	if err != nil {
		return err
	}
	engine := mpolengine.NewEngine(e.set.mutate, e.namespace, matching.NewMatcher(), e.kyverno.converters, e.kyverno.library)
	for _, name := range engine.MatchedMutateExistingPolicies(ctx, request) {
		for _, object := range e.world {
			before, err := json.Marshal(object.Object)
			if err != nil {
				return err
			}
			resource, err := e.kyverno.resourceOf(object.GroupVersionKind())
			if err != nil {
				return err
			}
			attributes := admission.NewAttributesRecord(object.DeepCopy(), nil, object.GroupVersionKind(), object.GetNamespace(),
				object.GetName(), resource, "", admission.Operation(request.Request.Operation), nil, false,
				admissionpolicy.NewUser(request.Request.UserInfo))
			found, err := engine.Evaluate(ctx, attributes, request.Request, mpolengine.MatchNames(name))
			if err != nil {
				return err
			}
			for _, p := range found.Policies {
				if len(p.Rules) > 0 {
					answer := engineapi.EngineResponse{Resource: *object, PolicyResponse: engineapi.PolicyResponse{Rules: p.Rules}}
					e.add(answer.WithPolicy(engineapi.NewMutatingPolicyFromLike(p.Policy)))
				}
			}
			if found.PatchedResource == nil {
				continue
			}
			after, err := json.Marshal(found.PatchedResource.Object)
			if err != nil {
				return fmt.Errorf("target: %w", err)
			}
			// The controller leaves an object alone that would stay as it is.
			if string(after) != string(before) {
				e.targets = append(e.targets, found.PatchedResource.Object)
			}
		}
	}
	return nil
}
