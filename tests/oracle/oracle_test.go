package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

var shared *kyverno

func TestMain(m *testing.M) {
	var err error
	if shared, err = newKyverno(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// ask sends requests, all before the first answer is read, and gives back the answers.
func ask(t *testing.T, workers int, requests ...string) []response {
	t.Helper()
	in, requestsOut := io.Pipe()
	answersIn, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(shared, workers, in, out)
		out.Close()
	}()
	go func() {
		for _, r := range requests {
			fmt.Fprintln(requestsOut, strings.ReplaceAll(r, "\n", " "))
		}
		requestsOut.Close()
	}()
	var responses []response
	lines := bufio.NewReader(answersIn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var r response
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		responses = append(responses, r)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(responses) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(responses), len(requests))
	}
	return responses
}

// statuses writes the rows of an answer as "rule=status" words.
func statuses(a answer) string {
	if a.Error != "" {
		return a.Error
	}
	var words []string
	for _, r := range a.Rows {
		words = append(words, r.Rule+"="+r.Status)
	}
	return strings.Join(words, " ")
}

func load(id string, policies ...string) string {
	raw := make([]json.RawMessage, len(policies))
	for i, p := range policies {
		raw[i] = json.RawMessage(p)
	}
	line, err := json.Marshal(request{Op: "load", ID: id, Policies: raw})
	if err != nil {
		panic(err)
	}
	return string(line)
}

func clusterPolicy(rule string) string {
	return `{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"p"},"spec":{"background":false,"rules":[` + rule + `]}}`
}

func classicRule(body string) string {
	return `{"name":"r","match":{"any":[{"resources":{"kinds":["Pod"]}}]},` + body + `}`
}

func validatingPolicy(expression string) string {
	return `{"apiVersion":"policies.kyverno.io/v1","kind":"ValidatingPolicy","metadata":{"name":"v"},"spec":{
		"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE","DELETE"],"resources":["pods"]}]},
		"validations":[{"expression":` + fmt.Sprintf("%q", expression) + `,"message":"no"}]}}`
}

func pod(spec string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"ns"},"spec":` + spec + `}`
}

const (
	plain    = `{"hostNetwork":false,"priority":3,"containers":[{"name":"c","image":"good/x"}]}`
	hostPod  = `{"hostNetwork":true,"priority":3,"containers":[{"name":"c","image":"bad/x"}]}`
	cronJob  = `{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"a"},"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"metadata":{},"spec":` + hostPod + `}}}}}`
	service  = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{}}`
	noHost   = `"validate":{"failureAction":"Enforce","message":"no","pattern":{"spec":{"=(hostNetwork)":false}}}`
	celPlain = "object.spec.?hostNetwork.orValue(false) == false"
)

func TestVerdicts(t *testing.T) {
	for _, c := range []struct{ name, policy, eval, want string }{
		{"pattern holds", clusterPolicy(classicRule(noHost)), `"resources":[` + pod(plain) + `]`, "r=pass"},
		{"pattern fails", clusterPolicy(classicRule(noHost)), `"resources":[` + pod(hostPod) + `]`, "r=fail"},
		{"a kind that does not match has no row", clusterPolicy(classicRule(noHost)), `"resources":[` + service + `]`, ""},
		{"rules are generated for controllers", clusterPolicy(classicRule(noHost)), `"resources":[` + cronJob + `]`, "autogen-cronjob-r=fail"},
		{"an unresolved variable is an error",
			clusterPolicy(classicRule(`"validate":{"message":"no","deny":{"conditions":{"any":[{"key":"{{ request.object.spec.nothing }}","operator":"Equals","value":"x"}]}}}`)),
			`"resources":[` + pod(plain) + `]`, "r=error"},
		{"an enforced rule forgives an old violation",
			clusterPolicy(classicRule(noHost)), `"operation":"UPDATE","resources":[` + pod(hostPod) + `]`, "r=skip"},
		{"unless the old object was in order",
			clusterPolicy(classicRule(noHost)), `"operation":"UPDATE","resources":[` + pod(hostPod) + `],"oldResources":[` + pod(plain) + `]`, "r=fail"},
		{"a pattern says nothing about DELETE",
			clusterPolicy(classicRule(noHost)), `"operation":"DELETE","resources":[` + pod(hostPod) + `]`, ""},
		{"user info reaches variables",
			clusterPolicy(classicRule(`"validate":{"message":"no","deny":{"conditions":{"any":[{"key":"{{ request.userInfo.username }}","operator":"Equals","value":"eve"}]}}}`)),
			`"userInfo":{"username":"eve"},"resources":[` + pod(plain) + `]`, "r=fail"},
		{"namespace labels reach the selector",
			clusterPolicy(`{"name":"r","match":{"any":[{"resources":{"kinds":["Pod"],"namespaceSelector":{"matchLabels":{"team":"a"}}}}]},` + noHost + `}`),
			`"namespaceLabels":{"team":"a"},"resources":[` + pod(hostPod) + `]`, "r=fail"},
		{"without them it does not match",
			clusterPolicy(`{"name":"r","match":{"any":[{"resources":{"kinds":["Pod"],"namespaceSelector":{"matchLabels":{"team":"a"}}}}]},` + noHost + `}`),
			`"resources":[` + pod(hostPod) + `]`, ""},
		{"CEL holds", validatingPolicy(celPlain), `"resources":[` + pod(plain) + `]`, "=pass"},
		{"CEL fails", validatingPolicy(celPlain), `"resources":[` + pod(hostPod) + `]`, "=fail"},
		{"CEL is generated for controllers", validatingPolicy(celPlain), `"resources":[` + cronJob + `]`, "=fail"},
		{"CEL errors", validatingPolicy("object.spec.nothing == 1"), `"resources":[` + pod(plain) + `]`, "=error"},
		{"CEL sees the old object",
			validatingPolicy("oldObject.spec.hostNetwork == false"), `"operation":"UPDATE","resources":[` + pod(hostPod) + `],"oldResources":[` + pod(plain) + `]`, "=pass"},
		{"CEL sees the namespace", validatingPolicy("namespaceObject.metadata.labels.team == 'a'"), `"namespaceLabels":{"team":"a"},"resources":[` + pod(plain) + `]`, "=pass"},
		{"numbers are floats in the CLI", validatingPolicy("type(object.spec.priority) == int"), `"resources":[` + pod(plain) + `]`, "=fail"},
		{"and integers in a cluster", validatingPolicy("type(object.spec.priority) == int"), `"numbers":"int64","resources":[` + pod(plain) + `]`, "=pass"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, 1, load("p", c.policy), `{"op":"eval","id":"p",`+c.eval+`}`)
			if got[0].Loaded != 1 || len(got[0].Refused) > 0 {
				t.Fatalf("load: %+v", got[0])
			}
			if got[1].Error != "" || len(got[1].Answers) != 1 {
				t.Fatalf("eval: %+v", got[1])
			}
			if s := statuses(got[1].Answers[0]); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestMutationIsShown(t *testing.T) {
	policy := clusterPolicy(classicRule(`"mutate":{"patchStrategicMerge":{"metadata":{"labels":{"a":"b"}}}}`))
	got := ask(t, 1, load("p", policy), `{"op":"eval","id":"p","resources":[`+pod(plain)+`,`+service+`]}`)
	metadata, _ := got[1].Answers[0].Patched["metadata"].(map[string]any)
	if labels, _ := metadata["labels"].(map[string]any); labels["a"] != "b" {
		t.Errorf("patched: %v", got[1].Answers[0].Patched)
	}
	if got[1].Answers[1].Patched != nil {
		t.Errorf("a Service was changed: %v", got[1].Answers[1].Patched)
	}
}

func TestRefusals(t *testing.T) {
	yaml := "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: text}\nspec:\n  rules:\n    - " + classicRule(noHost) + "\n"
	text, _ := json.Marshal(yaml)
	got := ask(t, 1, load("p",
		string(text),
		clusterPolicy(classicRule(`"validate":{"message":"{{ nothing }}","pattern":{"spec":{}}}`)),
		clusterPolicy(classicRule(`"validate":{"mesage":"x","pattern":{"spec":{}}}`)),
		validatingPolicy(celPlain),
		validatingPolicy("object.spec.("),
		`{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"d"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]},"validations":[{"expression":"true"}]}}`,
		clusterPolicy(classicRule(`"context":[{"name":"x","apiCall":{"urlPath":"/api/v1/pods"}}],"validate":{"message":"x","deny":{}}`)),
		`"nothing: here"`,
	), `{"op":"eval","id":"p","resources":[`+pod(hostPod)+`]}`)
	if got[0].Loaded != 2 || len(got[0].Refused) != 6 {
		t.Errorf("loaded %d, refused %+v", got[0].Loaded, got[0].Refused)
	}
	if s := statuses(got[1].Answers[0]); s != "r=fail =fail" {
		t.Errorf("those that were accepted answer %q", s)
	}
}

func classicException(conditions string) string {
	return `{"apiVersion":"kyverno.io/v2","kind":"PolicyException","metadata":{"name":"e"},"spec":{
		"exceptions":[{"policyName":"p","ruleNames":["r"]}],
		"match":{"any":[{"resources":{"kinds":["Pod"],"namespaces":["ns"]}}]}` + conditions + `}}`
}

func celException(rest string) string {
	return `{"apiVersion":"policies.kyverno.io/v1","kind":"PolicyException","metadata":{"name":"e"},"spec":{
		"policyRefs":[{"name":"v","kind":"ValidatingPolicy"}]` + rest + `}}`
}

func TestExceptions(t *testing.T) {
	classic, cel := clusterPolicy(classicRule(noHost)), validatingPolicy(celPlain)
	when := func(expression string) string {
		return `,"matchConditions":[{"name":"c","expression":"` + expression + `"}]`
	}
	before := func(end string) string {
		return `,"conditions":{"all":[{"key":"{{ time_before(time_now_utc(), '` + end + `') }}","operator":"Equals","value":true}]}`
	}
	for _, c := range []struct{ name, policy, exception, object, want string }{
		{"of a classic rule", classic, classicException(""), pod(hostPod), "r=skip"},
		{"not of the rules made for workloads", classic, classicException(""), cronJob, "autogen-cronjob-r=fail"},
		{"in force", classic, classicException(before("2199-01-01T00:00:00Z")), pod(hostPod), "r=skip"},
		{"ended by a condition", classic, classicException(before("2020-01-01T00:00:00Z")), pod(hostPod), "r=fail"},
		{"of another kind of policy", classic, celException(""), pod(hostPod), "r=fail"},
		{"of a CEL policy", cel, celException(""), pod(hostPod), "exception=skip"},
		{"where its condition holds", cel, celException(when("object.metadata.name == 'a'")), pod(hostPod), "exception=skip"},
		{"where it does not", cel, celException(when("object.metadata.name == 'b'")), pod(hostPod), "=fail"},
		{"ended", cel, celException(`,"expiresAt":"2020-01-01T00:00:00Z"`), pod(hostPod), "=fail"},
		{"not ended", cel, celException(`,"expiresAt":"2199-01-01T00:00:00Z"`), pod(hostPod), "exception=skip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, 1, load("p", c.policy, c.exception), `{"op":"eval","id":"p","resources":[`+c.object+`]}`)
			if got[0].Loaded != 2 || len(got[0].Refused) > 0 {
				t.Fatalf("%+v", got[0])
			}
			if s := statuses(got[1].Answers[0]); s != c.want {
				t.Errorf("%q instead of %q", s, c.want)
			}
		})
	}
	refused := ask(t, 1, load("p",
		celException(when("time.now() < timestamp('2199-01-01T00:00:00Z')")), // not of Kubernetes
		`{"apiVersion":"policies.kyverno.io/v1","kind":"PolicyException","metadata":{"name":"e"},"spec":{"policyRefs":[]}}`,
		`{"apiVersion":"kyverno.io/v2","kind":"PolicyException","metadata":{"name":"e"},"spec":{
			"exceptions":[{"policyName":"p","ruleNames":["r"]}],
			"match":{"any":[{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"User","name":"ann"}]}]}}}`, // and no background: false
	))[0]
	if refused.Loaded != 0 || len(refused.Refused) != 3 {
		t.Errorf("loaded %d, refused %+v", refused.Loaded, refused.Refused)
	}
}

func TestBadRequests(t *testing.T) {
	for _, r := range ask(t, 1,
		`{`,
		`{"op":"dance"}`,
		`{"op":"eval","id":"none"}`,
	) {
		if r.Error == "" {
			t.Errorf("no error: %+v", r)
		}
	}
	for i, r := range ask(t, 1,
		load("p", clusterPolicy(classicRule(noHost))),
		`{"op":"eval","id":"p","operation":"SING","resources":[]}`,
		`{"op":"eval","id":"p","numbers":"int32","resources":[]}`,
		`{"op":"eval","id":"p","resources":[`+service+`],"oldResources":[null,null]}`,
		`{"op":"unload","id":"p"}`,
		`{"op":"eval","id":"p","resources":[]}`,
	) {
		if refused := i != 0 && i != 4; refused != (r.Error != "") {
			t.Errorf("request %d: %+v", i, r)
		}
	}
	got := ask(t, 1, load("p", clusterPolicy(classicRule(noHost))), `{"op":"eval","id":"p","resources":[{"a":1},3]}`)
	for _, a := range got[1].Answers {
		if a.Error == "" {
			t.Errorf("no error: %+v", a)
		}
	}
}

func TestWorkersKeepOrder(t *testing.T) {
	var requests []string
	for i := range 40 {
		id := fmt.Sprint("p", i)
		rule := strings.Replace(classicRule(noHost), `"r"`, fmt.Sprintf(`"r%d"`, i), 1)
		requests = append(requests, load(id, clusterPolicy(rule), validatingPolicy(celPlain)),
			fmt.Sprintf(`{"op":"eval","id":%q,"brief":true,"resources":[%s,%s,%s,%s]}`, id, pod(plain), service, pod(hostPod), cronJob),
			fmt.Sprintf(`{"op":"unload","id":%q}`, id))
	}
	got := ask(t, 4, requests...)
	for i := range 40 {
		var words []string
		for _, a := range got[3*i+1].Answers {
			words = append(words, statuses(a))
		}
		want := strings.ReplaceAll("rN=pass =pass||rN=fail =fail|autogen-cronjob-rN=fail =fail", "N", fmt.Sprint(i))
		if s := strings.Join(words, "|"); s != want {
			t.Errorf("request %d: got %q, want %q", i, s, want)
		}
	}
}

func TestAdmit(t *testing.T) {
	for _, c := range []struct {
		name, object string
		fault        string // a part of the only fault; "": none
	}{
		{"a pod", pod(plain), ""},
		{"values are not the question", strings.Replace(pod(plain), `"name":"a"`, `"name":"a","labels":{"a b":"{{ x }}"}`, 1), ""},
		{"quantities may be numbers", pod(`{"containers":[{"name":"c","resources":{"limits":{"cpu":0.5,"memory":"1Gi"}}}]}`), ""},
		{"quantities must be quantities", pod(`{"containers":[{"name":"c","resources":{"limits":{"cpu":"abc"}}}]}`), "quantities must match"},
		{"required field", pod(`{"containers":[{"image":"x"}]}`), "name: Required"},
		{"unknown field", pod(`{"contaners":[],"containers":[{"name":"c"}]}`), "unknown field"},
		{"wrong type", pod(`{"containers":[{"name":"c","image":3}]}`), "of type string"},
		{"null element", pod(`{"containers":[null]}`), "must be of type object"},
		{"null list", pod(`{"containers":null}`), "must be of type array"},
		{"no kind", `{"apiVersion":"v1"}`, "Kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, 1, `{"op":"admit","resources":[`+c.object+`]}`)[0].Answers[0]
			if a.Error != "" || (c.fault == "") != (len(a.Faults) == 0) || !strings.Contains(strings.Join(a.Faults, ";"), c.fault) {
				t.Errorf("got %+v, want %q", a, c.fault)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	// A test binary carries no list of modules; the program does.
	if got := ask(t, 1, `{"op":"version"}`)[0].Kyverno; got != "v1.19.1" && got != "unknown" {
		t.Errorf("got %q", got)
	}
}

func TestSigning(t *testing.T) {
	manifest := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1"}}`
	answers := ask(t, 1,
		`{"op":"sign","by":["a"],"resources":[`+manifest+`]}`,
		`{"op":"sign","by":["nobody"],"resources":[`+manifest+`]}`,
		`{"op":"keys"}`,
	)
	if signed := answers[0].Signed; len(signed) != 1 || answers[0].Error != "" {
		t.Errorf("signed: %v %s", signed, answers[0].Error)
	}
	if answers[1].Error == "" {
		t.Error("nobody signed, and that is no error")
	}
	for _, name := range []string{"a", "release", "authority", "notary"} {
		if answers[2].Keys[name] == "" {
			t.Errorf("what policies write of %q is missing", name)
		}
	}
}
