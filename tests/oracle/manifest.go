package main

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// signManifest puts an object's own text and signatures of it into annotations. It signs without chance, so that tests
// can have signed objects.
func signManifest(raw json.RawMessage, by []string) (map[string]any, error) {
	var object unstructured.Unstructured
	if err := json.Unmarshal(raw, &object.Object); err != nil {
		return nil, err
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(text); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	const domain = "cosign.sigstore.dev/"
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[domain+"message"] = base64.StdEncoding.EncodeToString(packed.Bytes())
	hash := sha256.Sum256(text)
	for number, who := range by {
		signer, ok := signers()[who]
		if !ok {
			return nil, fmt.Errorf("nobody here is called %q", who)
		}
		signature, err := signer.key.Sign(nil, hash[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		name := domain + "signature"
		if number > 0 {
			name = fmt.Sprintf("%s_%d", name, number)
		}
		annotations[name] = base64.StdEncoding.EncodeToString(signature)
	}
	object.SetAnnotations(annotations)
	return object.Object, nil
}
