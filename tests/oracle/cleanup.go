package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/go-logr/logr"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/admissionpolicy"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	"github.com/kyverno/kyverno/pkg/cel/policies/dpol"
	dpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/dpol/compiler"
	dpolengine "github.com/kyverno/kyverno/pkg/cel/policies/dpol/engine"
	enginecontext "github.com/kyverno/kyverno/pkg/engine/context"
	"github.com/kyverno/kyverno/pkg/engine/factories"
	"github.com/kyverno/kyverno/pkg/engine/variables"
	"github.com/kyverno/kyverno/pkg/utils/conditions"
	"github.com/kyverno/kyverno/pkg/utils/match"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The words for what a clean-up does with a resource; what it leaves alone has no row.
const (
	deleted = "delete"
	failed  = "error"
)

// variablesOfCleanup is what Kyverno's validation lets the conditions of a clean-up speak of.
var variablesOfCleanup = regexp.MustCompile(`([a-z_0-9]+)|(target\.|images\.|([a-z_0-9]+\()[^{}])`)

// acceptCleanup says why a CleanupPolicy cannot be used. Whether the controller may delete its kinds is a cluster's
// to say.
func (k *kyverno) acceptCleanup(p kyvernov2.CleanupPolicyInterface, hasCluster bool) error {
	if err := p.Validate(k.clusterKinds).ToAggregate(); err != nil {
		return err
	}
	asked := p.GetSpec().Conditions.DeepCopy()
	_, err := variables.SubstituteAllInType(logr.Discard(), enginecontext.NewMockContext(variablesOfCleanup), asked)
	if !variables.CheckNotFoundErr(err) {
		return fmt.Errorf("variable substitution failed: %w", err)
	}
	for _, entry := range p.GetSpec().Context {
		if err := answerable(&entry, hasCluster); err != nil {
			return err
		}
	}
	return nil
}

// compileDeleting validates a DeletingPolicy and makes it ready to run, with those of its exceptions that have not ended.
func compileDeleting(p policiesv1beta1.DeletingPolicyLike, exceptions celExceptions) ([]dpolengine.Policy, error) {
	if _, err := dpol.Validate(p); err != nil {
		return nil, err
	}
	inForce, err := inForce([]policiesv1beta1.DeletingPolicyLike{p}, exceptions)
	if err != nil {
		return nil, err
	}
	provider, err := dpolengine.NewProvider(dpolcompiler.NewCompiler(), []policiesv1beta1.DeletingPolicyLike{p}, inForce)
	if err != nil {
		return nil, err
	}
	return provider.Fetch(context.Background())
}

// cleanUps are the rows of both kinds of clean-up.
func (e *evaluation) cleanUps(ctx context.Context) {
	note := func(policy string, deletes bool, err error) {
		switch {
		case err != nil:
			e.rows = append(e.rows, row{Policy: policy, Status: failed, Message: err.Error()})
		case deletes:
			e.rows = append(e.rows, row{Policy: policy, Status: deleted})
		}
	}
	for _, p := range e.set.cleanup {
		deletes, err := e.cleansUp(ctx, p)
		note(p.GetName(), deletes, err)
	}
	for _, p := range e.set.deleting {
		deletes, err := e.deletes(ctx, p)
		note(p.Policy.GetName(), deletes, err)
	}
}

// cleansUp is whether the clean-up controller would delete the resource, asked in its order.
func (e *evaluation) cleansUp(ctx context.Context, p kyvernov2.CleanupPolicyInterface) (bool, error) {
	spec, resource := p.GetSpec(), *e.object
	// The controller lists each kind by itself, and finds nothing under a name with wildcards.
	named := func(kind string) bool { return !slices.Contains([]byte(kind), '*') }
	if !slices.ContainsFunc(spec.MatchResources.GetKinds(), named) {
		return false, nil
	}
	if match.CheckNamespace(p.GetNamespace(), resource) != nil {
		return false, nil
	}
	matches := func(filter kyvernov2.MatchResources) bool {
		return match.CheckMatchesResources(resource, filter, e.labels, kyvernov2.RequestInfo{}, e.kind, "") == nil
	}
	if !matches(spec.MatchResources) || (spec.ExcludeResources != nil && matches(*spec.ExcludeResources)) {
		return false, nil
	}
	if spec.Conditions == nil {
		return true, nil
	}
	jsonContext := enginecontext.NewContext(e.kyverno.jmespath)
	loader := factories.DefaultContextLoaderFactory(nil)(nil, kyvernov1.Rule{})
	if err := loader.Load(ctx, e.kyverno.jmespath, e.set.cluster.client(nil), nil, spec.Context, jsonContext); err != nil {
		return false, err
	}
	if err := errors.Join(
		jsonContext.SetTargetResource(resource.Object),
		jsonContext.AddNamespace(resource.GetNamespace()),
		jsonContext.AddImageInfos(&resource, e.kyverno.config),
	); err != nil {
		return false, err
	}
	return conditions.CheckAnyAllConditions(logr.Discard(), jsonContext, *spec.Conditions)
}

// deletes is whether the deleting controller would delete the resource: it is among those that it lists, and the
// engine says so.
func (e *evaluation) deletes(ctx context.Context, p dpolengine.Policy) (bool, error) {
	mapper := guessing{e.kyverno.restMapper}
	mapping, err := mapper.RESTMapping(e.kind.GroupKind(), e.kind.Version)
	if err != nil {
		return false, err
	}
	constraints := p.Policy.GetDeletingPolicySpec().MatchConstraints
	if !slices.Contains(admissionpolicy.GetGVRs(constraints, mapper), mapping.Resource) {
		return false, nil
	}
	namespace := p.Policy.GetNamespace()
	if namespace != "" && namespace != e.object.GetNamespace() {
		return false, nil
	}
	engine := dpolengine.NewEngine(e.namespace, mapper, e.library(), matching.NewMatcher())
	found, err := engine.Handle(ctx, p, unstructured.Unstructured{Object: e.object.Object})
	return found.Match, err
}

// guessing knows the kinds of the discovery data; of others it guesses the plural as Kyverno's command line does.
type guessing struct{ meta.RESTMapper }

func (g guessing) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := g.RESTMapper.RESTMapping(kind, versions...)
	if err == nil || len(versions) == 0 {
		return mapping, err
	}
	full := kind.WithVersion(versions[0])
	plural, _ := meta.UnsafeGuessKindToResource(full)
	return &meta.RESTMapping{Resource: plural, GroupVersionKind: full, Scope: meta.RESTScopeNamespace}, nil
}
