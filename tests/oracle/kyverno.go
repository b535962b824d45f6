package main

import (
	"runtime/debug"
	"sync"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	clilog "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/log"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/processor"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/store"
	resourceloader "github.com/kyverno/kyverno/ext/resource/loader"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine"
	"github.com/kyverno/kyverno/pkg/engine/adapters"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"github.com/kyverno/kyverno/pkg/engine/factories"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
	engineexceptions "github.com/kyverno/kyverno/pkg/exceptions"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	restmapperutils "github.com/kyverno/kyverno/pkg/utils/restmapper"
	"github.com/kyverno/sdk/extensions/registryclient"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	"sigs.k8s.io/kubectl-validate/pkg/validator"
)

// kyverno is what every policy set shares: configuration, discovery data, the
// engine of the classic kinds.
type kyverno struct {
	config     config.Configuration
	jmespath   jmespath.Interface
	engine     engineapi.Engine
	restMapper meta.RESTMapper
	library    libs.Context // what CEL policies ask of a cluster
	converters mpolcompiler.TypeConverterManager
	scopes     map[string]bool // "group/Kind" → cluster-scoped
	// Kinds outside of namespaces, with and without group and version, for Kyverno's validation.
	clusterKinds sets.Set[string]

	// Kyverno's policy loader caches schemas in a map without a lock.
	loading    sync.Mutex
	exceptions resourceloader.Loader // of PolicyExceptions; nil until the first one
	// Compiling CEL reads a variable of the process; a set with objects of its own changes it meanwhile.
	compiling sync.RWMutex
	manifests sync.Mutex // held while one is verified
	// So does the validator behind admit, which is built at its first use.
	admission struct {
		sync.Mutex
		validator *validator.Validator
	}
}

func newKyverno() (*kyverno, error) {
	if err := clilog.Configure(); err != nil {
		return nil, err
	}
	data.InjectProcessor(data.NewCRDProcessor(nil))
	// The registry client takes the transport as it is when the client is made.
	if err := startRegistry(); err != nil {
		return nil, err
	}
	k := &kyverno{config: config.NewDefaultConfiguration(false)}
	k.jmespath = jmespath.New(k.config)
	var err error
	// Without a client the mapper is made from the discovery data that the CLI embeds.
	if k.restMapper, err = restmapperutils.GetRESTMapper(nil); err != nil {
		return nil, err
	}
	// Also sets the process-wide library context, without which CEL does not compile.
	if k.library, err = processor.NewContextProvider(nil, k.restMapper, nil, "", true, true, nil, nil); err != nil {
		return nil, err
	}
	k.converters = mpolcompiler.NewStaticTypeConverterManager(openapiclient.NewHardcodedBuiltins(schemas))
	if k.scopes, k.clusterKinds, err = clusterScopes(); err != nil {
		return nil, err
	}
	k.engine = k.newEngine(nil, nil, nil)
	return k, nil
}

// newEngine is the engine of the classic kinds, with these exceptions, this client of a cluster and what is recorded besides, if there is such.
func (k *kyverno) newEngine(exceptions classicExceptions, client engineapi.Client, recorded *world) engineapi.Engine {
	state := &store.Store{}
	state.SetLocal(true)
	state.AllowApiCall(client != nil)
	recorded.tell(state)
	inCluster := false
	return engine.NewEngine(
		k.config, k.jmespath, client,
		factories.DefaultRegistryClientFactory(adapters.RegistryClient(registryclient.New()), nil),
		imageverifycache.DisabledImageVerifyCache(),
		store.ContextLoaderFactory(state, nil),
		engineexceptions.New(exceptions),
		&inCluster,
	)
}

func clusterScopes() (map[string]bool, sets.Set[string], error) {
	groups, err := data.APIGroupResources()
	if err != nil {
		return nil, nil, err
	}
	scopes, kinds := map[string]bool{}, sets.New[string]()
	for _, group := range groups {
		for version, resources := range group.VersionedResources {
			for _, r := range resources {
				if !r.Namespaced {
					full := schema.GroupVersion{Group: group.Group.Name, Version: version}.String()
					kinds.Insert(r.Kind, full+"/"+r.Kind)
				}
				if key := group.Group.Name + "/" + r.Kind; !scopes[key] {
					scopes[key] = !r.Namespaced
				}
			}
		}
	}
	return scopes, kinds, nil
}

// kyvernoVersion is the version of the module that was linked, "v1.19.1".
func kyvernoVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == "github.com/kyverno/kyverno" {
				return dependency.Version
			}
		}
	}
	return "unknown"
}
