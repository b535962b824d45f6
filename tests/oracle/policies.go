package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-git/go-billy/v5/memfs"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	clipolicy "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/policy"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	dpolengine "github.com/kyverno/kyverno/pkg/cel/policies/dpol/engine"
	gpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/gpol/compiler"
	gpolengine "github.com/kyverno/kyverno/pkg/cel/policies/gpol/engine"
	ivpolengine "github.com/kyverno/kyverno/pkg/cel/policies/ivpol/engine"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	mpolengine "github.com/kyverno/kyverno/pkg/cel/policies/mpol/engine"
	vpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/vpol/compiler"
	vpolengine "github.com/kyverno/kyverno/pkg/cel/policies/vpol/engine"
	"github.com/kyverno/kyverno/pkg/config"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	policyvalidation "github.com/kyverno/kyverno/pkg/validation/policy"
)

// policySet is what one load made; it does not change afterwards.
type policySet struct {
	engine     engineapi.Engine // of the classic kinds, with the set's exceptions
	exceptions classicExceptions
	classic    []kyvernov1.PolicyInterface // ClusterPolicy, Policy
	cel        vpolengine.Provider         // ValidatingPolicy and its namespaced form, with autogen variants; nil if none
	mutate     mpolengine.Provider         // MutatingPolicy and its namespaced form; nil if none
	generate   []gpolengine.Policy         // GeneratingPolicy and its namespaced form
	images     ivpolengine.Provider        // ImageValidatingPolicy and its namespaced form; nil if none

	cluster *world // nil if the load says nothing of a cluster

	cleanup  []kyvernov2.CleanupPolicyInterface // ClusterCleanupPolicy, CleanupPolicy
	deleting []dpolengine.Policy                // DeletingPolicy and its namespaced form
}

// load compiles policies. What is refused is left out of the set, with the reason.
func (k *kyverno) load(req *request) (set *policySet, r response) {
	set = &policySet{engine: k.engine}
	var exceptions exceptionSet
	refuse := func(policy string, err error) { r.Refused = append(r.Refused, refusal{policy, err.Error()}) }
	defer func() {
		if p := recover(); p != nil {
			refuse("policies", fmt.Errorf("panic: %v", p))
		}
	}()
	var cel []policiesv1beta1.ValidatingPolicyLike
	var mutating []policiesv1beta1.MutatingPolicyLike
	var generating []policiesv1beta1.GeneratingPolicyLike
	var deleting []policiesv1beta1.DeletingPolicyLike
	var ofImages []policiesv1beta1.ImageValidatingPolicyLike
	for i, raw := range req.Policies {
		place := fmt.Sprintf("policies[%d]", i)
		found, err := k.read(raw, &exceptions, refuse)
		if err != nil {
			refuse(place, err)
			continue
		}
		for _, e := range found.NonFatalErrors {
			refuse(place, e.Error)
		}
		for _, w := range found.Warnings {
			r.Warnings = append(r.Warnings, w.Warning)
		}
		for _, kind := range unanswered(found) {
			refuse(place, fmt.Errorf("the oracle does not answer for %s", kind))
		}
		for _, p := range found.Policies {
			if err := k.accept(p, req.Cluster != nil); err != nil {
				refuse(p.GetKind()+"/"+p.GetName(), err)
				continue
			}
			set.classic = append(set.classic, p)
		}
		for _, p := range found.ValidatingPolicies {
			name := p.GetKind() + "/" + p.GetName()
			if mode := p.GetValidatingPolicySpec().EvaluationMode(); mode != "Kubernetes" {
				refuse(name, fmt.Errorf("the oracle does not answer for evaluation mode %s", mode))
				continue
			}
			cel = append(cel, p)
		}
		mutating = append(mutating, found.MutatingPolicies...)
		generating = append(generating, found.GeneratingPolicies...)
		ofImages = append(ofImages, found.ImageValidatingPolicies...)
		for _, p := range found.CleanupPolicies {
			if err := k.acceptCleanup(p, req.Cluster != nil); err != nil {
				refuse(p.GetKind()+"/"+p.GetName(), err)
				continue
			}
			set.cleanup = append(set.cleanup, p)
		}
		deleting = append(deleting, found.DeletingPolicies...)
	}
	if req.Cluster != nil {
		// CEL policies keep the context that they are compiled with, and Kyverno has one for the process.
		var err error
		if set.cluster, err = k.newWorld(req); err != nil {
			refuse("cluster", err)
			return set, r
		}
		k.compiling.Lock()
		defer k.compiling.Unlock()
		before := libs.LibraryContext
		libs.LibraryContext = set.cluster
		defer func() { libs.LibraryContext = before }()
	} else {
		k.compiling.RLock()
		defer k.compiling.RUnlock()
	}
	if len(exceptions.classic) > 0 || set.cluster != nil {
		set.engine = k.newEngine(exceptions.classic, set.cluster.client(nil), set.cluster)
		set.exceptions = exceptions.classic
	}
	cel = k.compile(set, cel, exceptions.cel, refuse)
	mutating = k.compileMutating(set, mutating, exceptions.cel, refuse)
	for _, p := range deleting {
		compiled, err := compileDeleting(p, exceptions.cel)
		if err != nil {
			refuse(p.GetKind()+"/"+p.GetName(), err)
			continue
		}
		set.deleting = append(set.deleting, compiled...)
	}
	set.generate = compileGenerating(generating, exceptions.cel, refuse)
	r.Loaded = len(set.classic) + len(cel) + len(mutating) + len(set.generate) + k.compileImages(set, ofImages, exceptions.cel, refuse) + len(set.cleanup) + len(set.deleting) + len(exceptions.classic) + len(exceptions.cel)
	return set, r
}

// read takes policies as Kyverno's CLI does: schema check, defaults, typed object. Exceptions go to their set.
func (k *kyverno) read(raw json.RawMessage, exceptions *exceptionSet, refuse func(string, error)) (*clipolicy.LoaderResults, error) {
	text := []byte(raw)
	var yaml string
	if json.Unmarshal(raw, &yaml) == nil {
		text = []byte(yaml)
	}
	k.loading.Lock()
	defer k.loading.Unlock()
	hasExceptions := bytes.Contains(text, []byte("PolicyException"))
	if hasExceptions {
		var err error
		if text, err = exceptions.take(k, text, refuse); err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return &clipolicy.LoaderResults{}, nil
		}
	}
	files := memfs.New()
	file, err := files.Create("policies.yaml")
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(text); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	found, err := clipolicy.Load(files, "", "policies.yaml")
	if err == nil && len(found.Policies)+len(found.ValidatingPolicies)+len(found.MutatingPolicies)+len(found.GeneratingPolicies)+len(found.ImageValidatingPolicies)+len(found.CleanupPolicies)+len(found.DeletingPolicies)+len(found.NonFatalErrors)+len(unanswered(found)) == 0 {
		err = errNoPolicy
	}
	return found, err
}

// accept says why a classic policy cannot be used: Kyverno's own validation
// refuses it, or it has rules that need more than this program gives.
func (k *kyverno) accept(p kyvernov1.PolicyInterface, hasCluster bool) error {
	account := config.KyvernoUserName(config.KyvernoServiceAccountName())
	probe, err := k.acceptGenerate(p)
	if err != nil {
		return err
	}
	if _, err := policyvalidation.Validate(probe, nil, nil, true, account, account); err != nil {
		return err
	}
	for _, rule := range p.GetSpec().Rules {
		for _, entry := range contextOf(&rule) {
			if err := answerable(&entry, hasCluster); err != nil {
				return fmt.Errorf("rule %s: %w", rule.Name, err)
			}
		}
	}
	return nil
}

// answerable says of a context entry why this program has no answer.
func answerable(entry *kyvernov1.ContextEntry, hasCluster bool) error {
	inCluster := (entry.APICall != nil || entry.GlobalReference != nil) && hasCluster
	if entry.Variable != nil || inCluster {
		return nil
	}
	return fmt.Errorf("the oracle has no cluster for context %s", entry.Name)
}

// contextOf are the context entries of a rule, of its loops and of its targets.
func contextOf(rule *kyvernov1.Rule) []kyvernov1.ContextEntry {
	entries := slices.Clone(rule.Context)
	if rule.Validation != nil {
		for _, loop := range rule.Validation.ForEachValidation {
			entries = append(entries, loop.Context...)
		}
	}
	if rule.Mutation != nil {
		for _, loop := range rule.Mutation.ForEachMutation {
			entries = append(entries, loop.Context...)
		}
		for _, target := range rule.Mutation.Targets {
			entries = append(entries, target.Context...)
		}
	}
	if rule.Generation != nil {
		for _, loop := range rule.Generation.ForEachGeneration {
			entries = append(entries, loop.Context...)
		}
	}
	return entries
}

// compile puts the CEL policies into the set and gives back those that compiled.
// Together first, which is the common case; one by one only to find who is to blame.
func (k *kyverno) compile(set *policySet, policies []policiesv1beta1.ValidatingPolicyLike, exceptions celExceptions, refuse func(string, error)) []policiesv1beta1.ValidatingPolicyLike {
	if len(policies) == 0 {
		return nil
	}
	inForce, err := inForce(policies, exceptions)
	if err != nil {
		refuse("PolicyException", err)
		return nil
	}
	provider, err := vpolengine.NewProvider(vpolcompiler.NewCompiler(), policies, inForce)
	if err == nil {
		set.cel = provider
		return policies
	}
	if len(policies) == 1 {
		refuse(policies[0].GetKind()+"/"+policies[0].GetName(), err)
		return nil
	}
	var good []policiesv1beta1.ValidatingPolicyLike
	for _, p := range policies {
		one := []policiesv1beta1.ValidatingPolicyLike{p}
		good = append(good, k.compile(&policySet{}, one, exceptions, refuse)...)
	}
	return k.compile(set, good, exceptions, refuse)
}

// compileMutating does the same for MutatingPolicies.
func (k *kyverno) compileMutating(set *policySet, policies []policiesv1beta1.MutatingPolicyLike, exceptions celExceptions, refuse func(string, error)) []policiesv1beta1.MutatingPolicyLike {
	var good []policiesv1beta1.MutatingPolicyLike
	inForce, err := inForce(policies, exceptions)
	if err != nil {
		refuse("PolicyException", err)
		return nil
	}
	for _, p := range policies {
		if _, err := mpolengine.NewProvider(mpolcompiler.NewCompiler(), []policiesv1beta1.MutatingPolicyLike{p}, inForce, k.library); err != nil {
			refuse(p.GetKind()+"/"+p.GetName(), err)
			continue
		}
		good = append(good, p)
	}
	if len(good) == 0 {
		return nil
	}
	provider, err := mpolengine.NewProvider(mpolcompiler.NewCompiler(), good, inForce, k.library)
	if err != nil {
		refuse("MutatingPolicy", err)
		return nil
	}
	set.mutate = provider
	return good
}

// compileGenerating does it for GeneratingPolicies, one by one as their engine takes them. Whoever provides them in a
// cluster does not look at the end of exceptions.
func compileGenerating(policies []policiesv1beta1.GeneratingPolicyLike, exceptions celExceptions, refuse func(string, error)) (good []gpolengine.Policy) {
	for _, p := range policies {
		var of []*policiesv1beta1.PolicyException
		for _, it := range exceptions {
			for _, ref := range it.Spec.PolicyRefs {
				if ref.Name == p.GetName() && ref.Kind == p.GetKind() {
					of = append(of, it)
				}
			}
		}
		compiled, errs := gpolcompiler.NewCompiler().Compile(p, of)
		if len(errs) > 0 {
			refuse(p.GetKind()+"/"+p.GetName(), errs.ToAggregate())
			continue
		}
		policy := engineapi.NewGeneratingPolicyFromLike(p).AsGeneratingPolicy()
		good = append(good, gpolengine.Policy{Policy: policy, CompiledPolicy: compiled})
	}
	return good
}

// unanswered lists the kinds of policy in a file that this program cannot evaluate.
func unanswered(found *clipolicy.LoaderResults) []string {
	counts := []struct {
		kind string
		n    int
	}{
		{"ValidatingAdmissionPolicy", len(found.VAPs) + len(found.VAPBindings)},
		{"MutatingAdmissionPolicy", len(found.MAPs) + len(found.MAPBindings)},
		{"ValidatingPolicy of Envoy or HTTP", len(found.EnvoyPolicies) + len(found.HTTPPolicies)},
	}
	var kinds []string
	for _, c := range counts {
		if c.n > 0 {
			kinds = append(kinds, c.kind)
		}
	}
	return kinds
}
