package main

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/kyverno/kyverno/pkg/cel/libs"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
