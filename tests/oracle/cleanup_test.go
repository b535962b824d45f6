package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func cleanup(kind, spec string) string {
	return `{"apiVersion":"kyverno.io/v2","kind":"` + kind + `","metadata":{"name":"c","namespace":"` + map[string]string{"CleanupPolicy": "ns"}[kind] + `"},"spec":{"schedule":"0 * * * *",` + spec + `}}`
}

func deleting(kind, schedule, resource, expression string) string {
	condition, _ := json.Marshal(expression)
	return `{"apiVersion":"policies.kyverno.io/v1","kind":"` + kind + `","metadata":{"name":"d","namespace":"` + map[string]string{"NamespacedDeletingPolicy": "ns"}[kind] + `"},"spec":{"schedule":"` + schedule + `",
		"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["` + resource + `"]}]},
		"conditions":[{"name":"c","expression":` + string(condition) + `}]}}`
}

const (
	pods       = `"match":{"any":[{"resources":{"kinds":["v1/Pod"]}}]}`
	podsOfTeam = `"match":{"any":[{"resources":{"kinds":["v1/Pod"],"namespaceSelector":{"matchLabels":{"team":"a"}}}}]}`
	onHost     = `,"conditions":{"all":[{"key":"{{ target.spec.hostNetwork }}","operator":"Equals","value":true}]}`
	celOnHost  = "object.spec.?hostNetwork.orValue(false) == true"
)

func elsewhere(object string) string { return strings.Replace(object, `"ns"`, `"other"`, 1) }

func TestCleanUps(t *testing.T) {
	hosted, bare := pod(hostPod), pod(`{"containers":[]}`)
	for _, c := range []struct{ name, policy, eval, want string }{
		{"what matches goes", cleanup("ClusterCleanupPolicy", pods), `"resources":[` + hosted + `]`, "=delete"},
		{"another kind stays", cleanup("ClusterCleanupPolicy", pods), `"resources":[` + service + `]`, ""},
		{"a condition holds", cleanup("ClusterCleanupPolicy", pods+onHost), `"resources":[` + hosted + `]`, "=delete"},
		{"a condition does not hold", cleanup("ClusterCleanupPolicy", pods+onHost), `"resources":[` + pod(plain) + `]`, ""},
		{"a missing key is an error", cleanup("ClusterCleanupPolicy", pods+onHost), `"resources":[` + bare + `]`, "=error"},
		{"what is excluded stays", cleanup("ClusterCleanupPolicy", pods+`,"exclude":{"any":[{"resources":{"namespaces":["n*"]}}]}`), `"resources":[` + hosted + `]`, ""},
		{"a selector wants labels", cleanup("ClusterCleanupPolicy", podsOfTeam), `"resources":[` + hosted + `]`, ""},
		{"and finds them", cleanup("ClusterCleanupPolicy", podsOfTeam), `"namespaceLabels":{"team":"a"},"resources":[` + hosted + `]`, "=delete"},
		{"a policy of a namespace", cleanup("CleanupPolicy", pods), `"resources":[` + hosted + `]`, "=delete"},
		{"stays in it", cleanup("CleanupPolicy", pods), `"resources":[` + elsewhere(hosted) + `]`, ""},
		{"no kind is called *", cleanup("ClusterCleanupPolicy", `"match":{"any":[{"resources":{"kinds":["*"]}}]}`), `"resources":[` + hosted + `]`, ""},
		{"CEL holds", deleting("DeletingPolicy", "0 * * * *", "pods", celOnHost), `"resources":[` + hosted + `]`, "=delete"},
		{"CEL does not hold", deleting("DeletingPolicy", "0 * * * *", "pods", celOnHost), `"resources":[` + bare + `]`, ""},
		{"CEL errors", deleting("DeletingPolicy", "0 * * * *", "pods", "object.spec.nothing == 1"), `"resources":[` + bare + `]`, "=error"},
		{"CEL sees no request", deleting("DeletingPolicy", "0 * * * *", "pods", "request.operation == ''"), `"resources":[` + bare + `]`, "=error"},
		{"CEL knows the time", deleting("DeletingPolicy", "0 * * * *", "pods", "time.now() > timestamp('2020-01-01T00:00:00Z')"), `"resources":[` + bare + `]`, "=delete"},
		{"CEL of a namespace", deleting("NamespacedDeletingPolicy", "0 * * * *", "pods", "true"), `"resources":[` + elsewhere(bare) + `]`, ""},
		{"nothing is called *", deleting("DeletingPolicy", "0 * * * *", "*", "true"), `"resources":[` + bare + `]`, ""},
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

func TestRefusedCleanUps(t *testing.T) {
	for _, c := range []struct{ policy, reason string }{
		{strings.Replace(cleanup("ClusterCleanupPolicy", pods), "0 * * * *", "0 * * *", 1), "cron"},
		{cleanup("ClusterCleanupPolicy", `"match":{"any":[{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"User","name":"a"}]}]}`), "user info"},
		{cleanup("CleanupPolicy", `"match":{"any":[{"resources":{"kinds":["v1/Node"]}}]}`), "Cluster wide"},
		{cleanup("CleanupPolicy", `"match":{"any":[{"resources":{"kinds":["Pod"],"namespaces":["a"]}}]}`), "not allowed in namespaced"},
		{deleting("DeletingPolicy", "every day", "pods", "true"), "cron"},
		{deleting("DeletingPolicy", "0 * * * *", "pods", "objekt.spec"), "undeclared"},
	} {
		got := ask(t, 1, load("p", c.policy))[0]
		if got.Loaded != 0 || len(got.Refused) != 1 || !strings.Contains(got.Refused[0].Reason, c.reason) {
			t.Errorf("%s: %+v", c.reason, got)
		}
	}
}
