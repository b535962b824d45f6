package main

import (
	"context"
	"fmt"
	"os"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	celengine "github.com/kyverno/kyverno/pkg/cel/engine"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	ivpolengine "github.com/kyverno/kyverno/pkg/cel/policies/ivpol/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	"github.com/kyverno/kyverno/pkg/image/verification/evaluator"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// compileImages puts the ImageValidatingPolicies into the set and gives back how many there are.
func (k *kyverno) compileImages(set *policySet, policies []policiesv1beta1.ImageValidatingPolicyLike, exceptions celExceptions, refuse func(string, error)) int {
	var good []policiesv1beta1.ImageValidatingPolicyLike
	for _, p := range policies {
		if _, err := evaluator.Validate(p, nil); err != nil {
			refuse(p.GetKind()+"/"+p.GetName(), err)
			continue
		}
		good = append(good, p)
	}
	if len(good) == 0 {
		return 0
	}
	inForce, err := inForce(good, exceptions)
	if err != nil {
		refuse("PolicyException", err)
		return 0
	}
	provider, err := ivpolengine.NewProvider(good, inForce)
	if err != nil {
		refuse("ImageValidatingPolicy", err)
		return 0
	}
	set.images = provider
	return len(good)
}

// verifyImages asks the classic policies for signatures, as the webhook does that comes before validation.
func (e *evaluation) verifyImages(ctx context.Context) error {
	for _, p := range e.set.classic {
		if !p.GetSpec().HasVerifyImages() {
			continue
		}
		ask := func(pc engineapi.PolicyContext) engineapi.EngineResponse {
			answer, _ := e.set.engine.VerifyAndPatchImages(ctx, pc)
			return answer
		}
		if err := e.classic(p, ask); err != nil {
			return err
		}
	}
	return nil
}

// oneByOne asks for one answer at a time: verifying a manifest puts another file in place of the standard input, and
// does not always put it back.
func (k *kyverno) oneByOne(ask func(engineapi.PolicyContext) engineapi.EngineResponse) func(engineapi.PolicyContext) engineapi.EngineResponse {
	return func(pc engineapi.PolicyContext) engineapi.EngineResponse {
		k.manifests.Lock()
		defer k.manifests.Unlock()
		stdin := os.Stdin
		defer func() { os.Stdin = stdin }()
		return ask(pc)
	}
}

func (e *evaluation) imageValidatingPolicies(ctx context.Context, request celengine.EngineRequest) error {
	resource := metav1.GroupVersionResource(request.Request.Resource)
	request.Request.RequestResource = &resource
	engine := ivpolengine.NewEngine(
		e.set.images, e.namespace, matching.NewMatcher(), nil,
		imageverifycache.DisabledImageVerifyCache(), e.kyverno.config,
	)
	found, err := engine.HandleValidating(ctx, request, nil)
	if err != nil {
		return fmt.Errorf("images: %w", err)
	}
	for _, p := range found.Policies {
		if p.Result.Status() == "" {
			continue
		}
		r := row{Policy: p.Policy.GetName(), Rule: p.Result.Name(), Status: string(p.Result.Status())}
		if !e.brief {
			r.Message = p.Result.Message()
		}
		e.rows = append(e.rows, r)
	}
	return nil
}
