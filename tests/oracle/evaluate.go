package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/processor"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/report"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// evaluation is one resource on its way through the policies of a set.
type evaluation struct {
	kyverno   *kyverno
	set       *policySet
	operation string
	object    *unstructured.Unstructured // mutation changes it
	old       *unstructured.Unstructured // nil: the object itself
	user      *kyvernov2.RequestInfo     // nil: unknown
	labels    map[string]string          // of the namespace; nil: unknown
	kind      schema.GroupVersionKind
	brief     bool
	world     []*unstructured.Unstructured // the objects that rules about existing objects change
	rows      []row
	generated []map[string]any // what generate rules make
	targets   []map[string]any // what became of existing objects
}

func (k *kyverno) evaluate(set *policySet, req *request, i int) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	integers := req.Numbers == "int64"
	object, err := k.resource(req.Resources[i], integers)
	if err != nil {
		return answer{Error: "resource: " + err.Error()}
	}
	e := &evaluation{
		kyverno: k, set: set, operation: req.Operation, object: object, user: req.UserInfo.toKyverno(),
		labels: req.NamespaceLabels, kind: object.GroupVersionKind(), brief: req.Brief, rows: []row{},
	}
	if len(req.OldResources) > 0 && string(req.OldResources[i]) != "null" {
		if e.old, err = k.resource(req.OldResources[i], integers); err != nil {
			return answer{Error: "oldResource: " + err.Error()}
		}
	}
	e.world = set.cluster.all()
	if len(req.World) > 0 {
		e.world = nil
	}
	for _, raw := range req.World {
		other, err := k.resource(raw, integers)
		if err != nil {
			return answer{Error: "world: " + err.Error()}
		}
		e.world = append(e.world, other)
	}
	before, err := json.Marshal(object.Object)
	if err == nil {
		err = e.run()
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	a = answer{Rows: e.rows, Generated: e.generated, Targets: e.targets}
	// Bytes are compared because the engine changes the Go types of numbers, not their values.
	if e.mutates() && e.object.Object != nil {
		if after, err := json.Marshal(e.object.Object); err == nil && !bytes.Equal(before, after) {
			a.Patched = e.object.Object
		}
	}
	return a
}

func (u *userInfo) toKyverno() *kyvernov2.RequestInfo {
	if u == nil {
		return nil
	}
	return &kyvernov2.RequestInfo{
		Roles:             u.Roles,
		ClusterRoles:      u.ClusterRoles,
		AdmissionUserInfo: authenticationv1.UserInfo{Username: u.Username, Groups: u.Groups},
	}
}

// run follows the order of the CLI: classic mutation, classic validation, CEL, generation, clean-ups.
// Each classic policy sees the object as the one before left it.
func (e *evaluation) run() error {
	ctx := context.Background()
	for _, p := range e.set.classic {
		if p.GetSpec().HasMutate() {
			ask := func(pc engineapi.PolicyContext) engineapi.EngineResponse { return e.set.engine.Mutate(ctx, pc) }
			if err := e.classic(withoutExisting(p), ask); err != nil {
				return err
			}
		}
	}
	if err := e.verifyImages(ctx); err != nil {
		return err
	}
	for _, p := range e.set.classic {
		if p.GetSpec().HasValidate() {
			ask := func(pc engineapi.PolicyContext) engineapi.EngineResponse { return e.set.engine.Validate(ctx, pc) }
			if p.GetSpec().HasVerifyManifests() {
				ask = e.kyverno.oneByOne(ask)
			}
			if err := e.classic(p, ask); err != nil {
				return err
			}
		}
	}
	// A mutation that fails leaves no object, and Kyverno then has nothing to ask the others about.
	if e.set.mutate != nil && e.object.Object != nil {
		if err := e.mutatingPolicies(ctx); err != nil {
			return err
		}
	}
	if e.set.images != nil && e.object.Object != nil {
		request, err := e.celRequest()
		if err != nil {
			return err
		}
		if err := e.imageValidatingPolicies(ctx, request); err != nil {
			return err
		}
	}
	if e.set.cel != nil && e.object.Object != nil {
		if err := e.validatingPolicies(ctx); err != nil {
			return err
		}
	}
	for _, p := range e.set.classic {
		if p.GetSpec().HasMutateExisting() && e.object.Object != nil {
			if err := e.mutateExisting(ctx, p); err != nil {
				return err
			}
		}
	}
	if e.set.mutate != nil && e.object.Object != nil {
		if err := e.mutatingPoliciesForExisting(ctx); err != nil {
			return err
		}
	}
	for _, p := range e.set.classic {
		if p.GetSpec().HasGenerate() {
			if err := e.generate(ctx, p); err != nil {
				return err
			}
		}
	}
	if len(e.set.generate) > 0 && e.object.Object != nil {
		if err := e.generatingPolicies(); err != nil {
			return err
		}
	}
	if e.object.Object != nil {
		e.cleanUps(ctx)
	}
	return nil
}

func (e *evaluation) classic(p kyvernov1.PolicyInterface, ask func(engineapi.PolicyContext) engineapi.EngineResponse) error {
	pc, err := e.policyContext(p)
	if err != nil {
		return err
	}
	answer := ask(pc)
	e.add(answer)
	e.object = &answer.PatchedResource
	return nil
}

// celRequest is the admission request as CEL policies see it.
func (e *evaluation) celRequest() (request celengine.EngineRequest, err error) {
	resource, err := e.resourceOfKind()
	if err != nil {
		return request, err
	}
	var user authenticationv1.UserInfo
	if e.user != nil {
		user = e.user.AdmissionUserInfo
	}
	operation, object, old := processor.AdmissionRequestShape(e.operation, e.object)
	if e.old != nil && operation != admissionv1.Create {
		old = e.old.DeepCopy()
	}
	return celengine.Request(
		libs.NewFakeContextProvider(), e.kind, resource, "", e.object.GetName(), e.object.GetNamespace(),
		operation, user, object, old, false, nil,
	), nil
}

func (e *evaluation) mutatingPolicies(ctx context.Context) error {
	request, err := e.celRequest()
	if err != nil {
		return err
	}
	engine := mpolengine.NewEngine(e.set.mutate, e.namespace, matching.NewMatcher(), e.kyverno.converters, e.kyverno.library)
	found, err := engine.Handle(ctx, request, mpolengine.NoTargetMatchConstraintPolicy())
	if err != nil {
		return err
	}
	for _, p := range found.Policies {
		if len(p.Rules) > 0 {
			answer := engineapi.EngineResponse{Resource: *found.Resource, PolicyResponse: engineapi.PolicyResponse{Rules: p.Rules}}
			e.add(answer.WithPolicy(engineapi.NewMutatingPolicyFromLike(p.Policy)))
		}
	}
	if found.PatchedResource != nil {
		e.object = found.PatchedResource
	}
	return nil
}

func (e *evaluation) validatingPolicies(ctx context.Context) error {
	request, err := e.celRequest()
	if err != nil {
		return err
	}
	found, err := vpolengine.NewEngine(e.set.cel, e.namespace, matching.NewMatcher()).Handle(ctx, request, nil)
	if err != nil {
		return err
	}
	for _, p := range found.Policies {
		if len(p.Rules) > 0 {
			answer := engineapi.EngineResponse{Resource: *found.Resource, PolicyResponse: engineapi.PolicyResponse{Rules: p.Rules}}
			e.add(answer.WithPolicy(engineapi.NewValidatingPolicyFromLike(p.Policy)))
		}
	}
	return nil
}

// namespace is what CEL calls namespaceObject; nil when nothing is known about it.
func (e *evaluation) namespace(name string) *corev1.Namespace {
	if e.labels == nil {
		return nil
	}
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: e.labels},
	}
}

// resourceOfKind is the plural name, from discovery data or guessed as the CLI does.
func (e *evaluation) resourceOfKind() (schema.GroupVersionResource, error) {
	return e.kyverno.resourceOf(e.kind)
}

func (k *kyverno) resourceOf(kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	if mapping, err := k.restMapper.RESTMapping(kind.GroupKind(), kind.Version); err == nil {
		return mapping.Resource, nil
	}
	guessed, _ := meta.UnsafeGuessKindToResource(kind)
	if guessed.Resource == "" {
		return guessed, fmt.Errorf("no resource name for kind %q", kind)
	}
	return guessed, nil
}

func (e *evaluation) mutates() bool {
	if e.set.mutate != nil {
		return true
	}
	for _, p := range e.set.classic {
		if p.GetSpec().HasMutate() {
			return true
		}
	}
	return false
}

// add takes rows through the CLI's own mapping of statuses and messages.
func (e *evaluation) add(response engineapi.EngineResponse) {
	for _, rule := range response.PolicyResponse.Rules {
		reported := report.ComputePolicyReportResult(false, response, rule)
		r := row{Policy: reported.Policy, Rule: reported.Rule, Status: string(reported.Result)}
		if !e.brief {
			r.Message = reported.Description
		}
		e.rows = append(e.rows, r)
	}
}
