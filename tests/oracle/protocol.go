package main

import "encoding/json"

// request is one line of input. Op says which of the fields are read.
type request struct {
	Op string `json:"op"` // version, keys, sign, load, eval, unload, admit, jmespath
	ID string `json:"id"` // load, eval, unload: the name of a policy set

	// sign: who signs the resources.
	By []string `json:"by"`

	// load: policies, each an object or a string of YAML (one document or more).
	Policies []json.RawMessage `json:"policies"`
	// load: the objects of the cluster, which policies look up, copy and change; what is not there does not exist.
	Cluster []json.RawMessage `json:"cluster"`
	// load: what services and the global context answer; whatever else is asked of them is an error.
	Answers []recorded `json:"answers"`
	// load: kinds that nobody may ask for, as `v1/ConfigMap`: each question about them fails.
	Forbidden []string `json:"forbidden"`

	// eval, admit, sign: the objects; the answers come in their order.
	Resources []json.RawMessage `json:"resources"`
	// eval: the old objects of an UPDATE, one for each resource; null or no list: the resource itself.
	OldResources []json.RawMessage `json:"oldResources"`
	// eval: CREATE (default), UPDATE or DELETE.
	Operation string `json:"operation"`
	// eval: who asks; absent as in a background scan.
	UserInfo *userInfo `json:"userInfo"`
	// eval: labels of the resource's namespace; absent: the namespace is unknown.
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	// eval: "float64" (default, as Kyverno's CLI reads files) or "int64" (as a cluster's webhook sees integers).
	Numbers string `json:"numbers"`
	// eval: the objects that rules about existing objects change, with the numbers of the request; absent: those of the load.
	World []json.RawMessage `json:"world"`
	// eval: leave messages out of the rows.
	Brief bool `json:"brief"`

	// jmespath: the expressions; what is found comes in their order.
	Queries []query `json:"queries"`
}

// recorded is an answer to a request by method and URL, of the API server one without host; or an entry of the global context.
type recorded struct {
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body"` // of a POST to the API server; others are known by their URL
	Entry  string          `json:"entry"`
	Answer json.RawMessage `json:"answer"`
}

type userInfo struct {
	Username     string   `json:"username"`
	Groups       []string `json:"groups"`
	Roles        []string `json:"roles"`
	ClusterRoles []string `json:"clusterRoles"`
}

// response is one line of output.
type response struct {
	// Error: the request itself could not be answered.
	Error string `json:"error,omitempty"`
	// version
	Kyverno string `json:"kyverno,omitempty"`
	// keys: the public keys of those who signed the images of the registry, as PEM.
	Keys map[string]string `json:"keys,omitempty"`
	// sign: the resources with their signatures.
	Signed []map[string]any `json:"signed,omitempty"`
	// load: what was refused and why; what was accepted stays loaded.
	Loaded   int       `json:"loaded,omitempty"`
	Refused  []refusal `json:"refused,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	// eval, admit: one for each resource.
	Answers []answer `json:"answers,omitempty"`
	// jmespath: one for each query.
	Found []found `json:"found,omitempty"`
}

// refusal is a policy that Kyverno (or this program) does not take.
type refusal struct {
	Policy string `json:"policy"` // Kind/name, or the place in the request if it has none
	Reason string `json:"reason"`
}

// answer is what was found out about one resource.
type answer struct {
	Rows    []row          `json:"rows,omitzero"`     // eval; no row for rules that do not apply
	Patched map[string]any `json:"patched,omitempty"` // eval; only when mutation changed the resource
	// eval: the objects that generate rules make
	Generated []map[string]any `json:"generated,omitempty"`
	// eval: the objects of the cluster that rules about existing objects changed, as they are afterwards
	Targets []map[string]any `json:"targets,omitempty"`
	Error   string           `json:"error,omitempty"`  // eval: no verdict, for instance after a panic of the engine
	Faults  []string         `json:"faults,omitempty"` // admit: why the API server would refuse the object
}

// row is the outcome of one rule (of one policy, for kinds with CEL).
type row struct {
	Policy  string `json:"policy"`
	Rule    string `json:"rule"`
	Status  string `json:"status"` // pass, fail, warn, error, skip
	Message string `json:"message,omitempty"`
}
