package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/kyverno/kyverno/pkg/cel/libs"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// world is what policies of a set find in the cluster: the objects given with
// the load, in the order in which the API server lists them.
type world struct {
	libs.Context
	objects map[schema.GroupVersionResource][]*unstructured.Unstructured
}

// newWorld knows the objects of a load, each with its apiVersion and kind.
func (k *kyverno) newWorld(raws []json.RawMessage) (*world, error) {
	w := &world{libs.NewFakeContextProvider(), map[schema.GroupVersionResource][]*unstructured.Unstructured{}}
	for _, raw := range raws {
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal(raw, &object.Object); err != nil {
			return nil, err
		}
		kind := object.GroupVersionKind()
		mapping, err := k.restMapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return nil, err
		}
		w.objects[mapping.Resource] = append(w.objects[mapping.Resource], object)
	}
	for _, objects := range w.objects {
		slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
			return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
		})
	}
	return w, nil
}

func (w *world) find(apiVersion, resource, namespace string, keep func(*unstructured.Unstructured) bool) ([]*unstructured.Unstructured, schema.GroupVersionResource, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	gvr := version.WithResource(resource)
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

// rawWorld answers the questions of classic policies, which are URLs, from a world.
type rawWorld struct {
	engineapi.Client // nil: nothing else is asked of it
	cluster          *world
}

// RawAbsPath answers a GET of a list as the API server does; its items of built-in kinds do not say their kind. Whatever
// else is asked for is an error.
func (w rawWorld) RawAbsPath(_ context.Context, path, method string, _ io.Reader) ([]byte, error) {
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
