package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/apis/v1alpha1"
	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/store"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// world is the cluster of a set: the objects given with the load, in the order in which the API server lists them.
type world struct {
	libs.Context
	objects   map[schema.GroupVersionResource][]*unstructured.Unstructured
	forbidden map[schema.GroupVersionResource]bool
	answers   []recorded
}

// newWorld knows the objects of a load, each with its apiVersion and kind; numbers are those of a cluster.
func (k *kyverno) newWorld(req *request) (*world, error) {
	entries := libs.NewFakeContextProvider()
	for _, a := range req.Answers {
		if a.Entry == "" {
			continue
		}
		var entry any
		if err := json.Unmarshal(a.Answer, &entry); err != nil {
			return nil, err
		}
		entries.AddGlobalReference(a.Entry, entry)
	}
	w := &world{
		Context:   entries,
		answers:   req.Answers,
		objects:   map[schema.GroupVersionResource][]*unstructured.Unstructured{},
		forbidden: map[schema.GroupVersionResource]bool{},
	}
	for _, raw := range req.Cluster {
		object, err := k.resource(raw, true)
		if err != nil {
			return nil, err
		}
		resource, err := k.resourceOf(object.GroupVersionKind())
		if err != nil {
			return nil, err
		}
		w.objects[resource] = append(w.objects[resource], object)
	}
	for _, name := range req.Forbidden {
		at := strings.LastIndex(name, "/")
		resource, err := k.resourceOf(schema.FromAPIVersionAndKind(name[:max(at, 0)], name[at+1:]))
		if err != nil {
			return nil, err
		}
		w.forbidden[resource] = true
	}
	for _, objects := range w.objects {
		slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
			return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
		})
	}
	return w, nil
}

// all are the objects of every kind; none where there is no cluster.
func (w *world) all() []*unstructured.Unstructured {
	if w == nil {
		return nil
	}
	var all []*unstructured.Unstructured
	for _, objects := range w.objects {
		all = append(all, objects...)
	}
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(
			cmp.Compare(a.GroupVersionKind().String(), b.GroupVersionKind().String()),
			cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()),
		)
	})
	return all
}

// ofOne is the same for one evaluation, which notes the objects that it makes.
func (w *world) ofOne() libs.Context {
	if w == nil {
		return libs.NewFakeContextProvider()
	}
	return &world{w.Context.Clone(), w.objects, w.forbidden, w.answers}
}

// client answers what rules ask by URL from the world, and everything else by another client; it is that one where there
// is no cluster.
func (w *world) client(other engineapi.Client) engineapi.Client {
	if w == nil {
		return other
	}
	return rawWorld{other, w}
}

func (w *world) find(apiVersion, resource, namespace string, keep func(*unstructured.Unstructured) bool) ([]*unstructured.Unstructured, schema.GroupVersionResource, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	gvr := version.WithResource(resource)
	if w.forbidden[gvr] {
		return nil, gvr, kerrors.NewForbidden(gvr.GroupResource(), "", fmt.Errorf("nobody may ask for them"))
	}
	var found []*unstructured.Unstructured
	for _, object := range w.objects[gvr] {
		if (namespace == "" || object.GetNamespace() == namespace) && keep(object) {
			found = append(found, object)
		}
	}
	return found, gvr, err
}

// GetResource answers as the API server does; a name that is none is an error there.
func (w *world) GetResource(apiVersion, resource, namespace, name string) (*unstructured.Unstructured, error) {
	found, gvr, err := w.find(apiVersion, resource, namespace, func(o *unstructured.Unstructured) bool { return o.GetName() == name })
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, kerrors.NewNotFound(gvr.GroupResource(), name)
	}
	return found[0].DeepCopy(), nil
}

// ListResources takes what label selectors take, and refuses the rest as the API server does.
func (w *world) ListResources(apiVersion, resource, namespace string, wanted map[string]string) (*unstructured.UnstructuredList, error) {
	selector, err := labels.ValidatedSelectorFromSet(wanted)
	if err != nil {
		return nil, kerrors.NewBadRequest(err.Error())
	}
	found, _, err := w.find(apiVersion, resource, namespace, func(o *unstructured.Unstructured) bool { return selector.Matches(labels.Set(o.GetLabels())) })
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": apiVersion, "kind": "List"}}
	for _, object := range found {
		list.Items = append(list.Items, *object.DeepCopy())
	}
	return list, nil
}

// tell gives Kyverno's command line what services and the global context answer.
func (w *world) tell(state *store.Store) {
	if w == nil {
		return
	}
	var calls []v1alpha1.APICallResponseEntry
	var entries []v1alpha1.GlobalContextEntryValue
	for _, a := range w.answers {
		body := runtime.RawExtension{Raw: a.Answer}
		switch {
		case a.Entry != "":
			entries = append(entries, v1alpha1.GlobalContextEntryValue{Name: a.Entry, Data: &body})
		case !strings.HasPrefix(a.URL, "/"):
			calls = append(calls, v1alpha1.APICallResponseEntry{URL: a.URL, Method: a.Method, Response: v1alpha1.APICallResponse{Body: body}})
		}
	}
	state.SetAPICallResponses(calls)
	state.SetGlobalContextEntries(entries)
}

// posted is what the API server answers to a POST, if that is recorded.
func (w *world) posted(path string, sent any) ([]byte, error) {
	for _, a := range w.answers {
		var body any
		if a.Method == "POST" && a.URL == path && json.Unmarshal(a.Body, &body) == nil && reflect.DeepEqual(body, sent) {
			return a.Answer, nil
		}
	}
	return nil, kerrors.NewBadRequest(fmt.Sprintf("POST %s of %v is not answered here", path, sent))
}

// PostResource answers as RawAbsPath does.
func (w *world) PostResource(apiVersion, resource, namespace string, data map[string]any) (*unstructured.Unstructured, error) {
	path := "/apis/" + apiVersion
	if !strings.Contains(apiVersion, "/") {
		path = "/api/" + apiVersion
	}
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	answer, err := w.posted(path+"/"+resource, data)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	return object, json.Unmarshal(answer, &object.Object)
}

// rawWorld answers the questions of classic policies, which are URLs, from a world.
type rawWorld struct {
	engineapi.Client // nil: nothing else is asked
	cluster          *world
}

// RawAbsPath answers a GET of a list as the API server does; its items of built-in kinds do not say their kind. Whatever
// else is asked for is an error.
func (w rawWorld) RawAbsPath(_ context.Context, path, method string, sent io.Reader) ([]byte, error) {
	if method == "POST" {
		var body any
		if err := json.NewDecoder(sent).Decode(&body); err != nil {
			return nil, err
		}
		return w.cluster.posted(path, body)
	}
	asked, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(asked.RawQuery)
	if err != nil {
		return nil, err
	}
	refused := kerrors.NewBadRequest(fmt.Sprintf("%s %s is not answered here", method, path))
	parts := strings.Split(strings.TrimPrefix(asked.EscapedPath(), "/"), "/")
	var apiVersion string
	switch {
	case method == "GET" && len(parts) > 2 && parts[0] == "api":
		apiVersion, parts = parts[1], parts[2:]
	case method == "GET" && len(parts) > 3 && parts[0] == "apis":
		apiVersion, parts = parts[1]+"/"+parts[2], parts[3:]
	default:
		return nil, refused
	}
	namespace := ""
	if len(parts) == 3 && parts[0] == "namespaces" {
		namespace, parts = parts[1], parts[2:]
	}
	if len(parts) != 1 || slices.Contains([]string{parts[0], namespace}, "..") || strings.Contains(path, "%") {
		return nil, refused
	}
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, kerrors.NewBadRequest(err.Error())
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, kerrors.NewBadRequest(err.Error())
	}
	found, _, err := w.cluster.find(apiVersion, parts[0], namespace, func(o *unstructured.Unstructured) bool {
		own := fields.Set{"metadata.name": o.GetName(), "metadata.namespace": o.GetNamespace()}
		return byLabel.Matches(labels.Set(o.GetLabels())) && byField.Matches(own)
	})
	if err != nil {
		return nil, err
	}
	items := []map[string]any{}
	for _, object := range found {
		item := object.DeepCopy().Object
		delete(item, "apiVersion")
		delete(item, "kind")
		items = append(items, item)
	}
	return json.Marshal(map[string]any{"apiVersion": apiVersion, "kind": "List", "metadata": map[string]any{}, "items": items})
}
