// Command mergekeys writes which lists of Kubernetes' objects kustomize merges, and by which keys.
//
// Kustomize goes by the schema that it carries, which is older than the Kubernetes of today. The table
// leaves out what makes no difference: scalars, lists that are replaced, and what is below an object
// in which nothing is merged.
//
//	kind apps/v1 Deployment apps.v1.Deployment
//	type core.v1.PodSpec
//	 containers [name] core.v1.Container       a list of objects with a key
//	 securityContext -                         an object in which nothing is merged
//	type apps.v1.DeploymentSpec
//	 template core.v1.PodTemplateSpec          an object
//	type meta.v1.ObjectMeta
//	 finalizers []                             a list of scalars without doubles
//	type apps.v1.ControllerRevision
//	 data ?                                    an object of any kind
//	type apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps
//	 properties {} apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps
//	                                           a map of objects
package main

import (
	"bufio"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

const (
	versionsOf = "x-kubernetes-group-version-kind"
	strategyOf = "x-kubernetes-patch-strategy"
	sealed     = "-"
	free       = "?"
)

var definitions = openapi.Schema().Definitions

func main() {
	merging := merging()
	out := bufio.NewWriter(os.Stdout)
	for _, line := range kinds(merging) {
		fmt.Fprintln(out, line)
	}
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		if !merging[name] {
			continue
		}
		fmt.Fprintln(out, "type", shortened(name))
		properties := definitions[name].Properties
		for _, field := range slices.Sorted(maps.Keys(properties)) {
			property := properties[field]
			if meaning := describe(&property, merging); meaning != "" {
				fmt.Fprintf(out, " %s %s\n", field, meaning)
			}
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// merging are the definitions in which a list is merged, or an object of any kind stands.
func merging() map[string]bool {
	found := map[string]bool{}
	for grew := true; grew; {
		grew = false
		for name, definition := range definitions {
			for _, property := range definition.Properties {
				if meaning := describe(&property, found); !found[name] && meaning != "" && meaning != sealed {
					found[name] = true
					grew = true
				}
			}
		}
	}
	return found
}

func kinds(merging map[string]bool) []string {
	var lines []string
	for name, definition := range definitions {
		versions, _ := definition.Extensions[versionsOf].([]any)
		// Options of requests say that they are of every group. None merges.
		if len(versions) > 1 && !merging[name] {
			continue
		}
		for _, version := range versions {
			of := version.(map[string]any)
			apiVersion := of["version"].(string)
			if group, _ := of["group"].(string); group != "" {
				apiVersion = group + "/" + apiVersion
			}
			lines = append(lines, fmt.Sprintf("kind %s %s %s", apiVersion, of["kind"], object(name, merging)))
		}
	}
	slices.Sort(lines)
	return lines
}

// describe says what a field is, or nothing if it makes no difference.
func describe(schema *spec.Schema, merging map[string]bool) string {
	if name := referred(schema); name != "" {
		return object(name, merging)
	}
	switch {
	case schema.Type.Contains("array"):
		strategy, _ := schema.Extensions[strategyOf].(string)
		if !slices.Contains(strings.Split(strategy, ","), "merge") {
			return ""
		}
		_, keys := (&openapi.ResourceSchema{Schema: schema}).PatchStrategyAndKeyList()
		list := "[" + strings.Join(keys, ",") + "]"
		if len(keys) == 0 {
			return list
		}
		return list + " " + object(referred(schema.Items.Schema), merging)
	case !schema.Type.Contains("object"):
		return ""
	case schema.AdditionalProperties == nil || schema.AdditionalProperties.Schema == nil:
		return free
	}
	if inner := describe(schema.AdditionalProperties.Schema, merging); inner != "" && inner != sealed {
		return "{} " + inner
	}
	return sealed
}

// object says what the object of a definition is.
func object(name string, merging map[string]bool) string {
	definition := definitions[name]
	switch {
	case len(definition.Type) == 1 && definition.Type[0] != "object":
		return ""
	case merging[name]:
		return shortened(name)
	case len(definition.Properties) == 0 && definition.AdditionalProperties == nil:
		return free
	}
	return sealed
}

func referred(schema *spec.Schema) string {
	return strings.TrimPrefix(schema.Ref.String(), "#/definitions/")
}

func shortened(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "io.k8s."), "api.")
	return strings.TrimPrefix(name, "apimachinery.pkg.apis.")
}
