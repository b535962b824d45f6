package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/kyverno/sdk/extensions/regcreds"
	"github.com/sigstore/cosign/v3/pkg/oci"
	ocimutate "github.com/sigstore/cosign/v3/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

// registryHost is the one registry that can be reached; it lives in this process.
// This machine is asked without TLS.
const registryHost = "localhost:5000"

// checkType is the type of the attestations there are.
const checkType = "https://example.com/check/v1"

// image is a tag of `localhost:5000/app`: who signed it, and what they say of it.
type image struct {
	tag      string
	signed   []string
	attested map[string][]string // by whom, the results
}

var images = []image{
	{tag: "unsigned"},
	{tag: "a", signed: []string{"a"}},
	{tag: "b", signed: []string{"b"}},
	{tag: "ab", signed: []string{"a", "b"}},
	{tag: "abc", signed: []string{"a", "b", "c"}},
	{tag: "good", signed: []string{"a"}, attested: map[string][]string{"a": {"good"}}},
	{tag: "bad", signed: []string{"a"}, attested: map[string][]string{"a": {"bad"}}},
	{tag: "good-of-b", signed: []string{"a"}, attested: map[string][]string{"b": {"good"}}},
	{tag: "good-of-ab", signed: []string{"a"}, attested: map[string][]string{"a": {"good"}, "b": {"good"}}},
	{tag: "good-and-bad", signed: []string{"a"}, attested: map[string][]string{"a": {"good"}, "b": {"bad"}}},
}

// signingKey is the same key for the same name, always.
func signingKey(of string) *ecdsa.PrivateKey {
	curve := elliptic.P256()
	hash := sha256.Sum256([]byte("a key of the oracle: " + of))
	d := new(big.Int).Mod(new(big.Int).SetBytes(hash[:]), curve.Params().N)
	key := &ecdsa.PrivateKey{D: d}
	key.Curve = curve
	key.X, key.Y = curve.ScalarBaseMult(d.Bytes())
	return key
}

// publicKeys are those of all who sign, as PEM.
func publicKeys() (map[string]string, error) {
	keys := map[string]string{}
	for _, who := range []string{"a", "b", "c", "d"} {
		der, err := x509.MarshalPKIXPublicKey(&signingKey(who).PublicKey)
		if err != nil {
			return nil, err
		}
		keys[who] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return keys, nil
}

// pipes is a listener whose connections are made in memory.
type pipes struct{ made chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p.made; ok {
		return c, nil
	}
	return nil, io.EOF
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

var startRegistry = sync.OnceValue(func() error {
	listener := pipes{made: make(chan net.Conn)}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	go func() { _ = http.Serve(listener, handler) }()
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		if address != registryHost {
			return nil, fmt.Errorf("there is no network here: %s", address)
		}
		ours, theirs := net.Pipe()
		listener.made <- theirs
		return ours, nil
	}
	regcreds.DefaultTransport.DialContext = dial
	regcreds.DefaultTransport.Proxy = nil
	transport := &http.Transport{DialContext: dial}
	remote.DefaultTransport = transport
	for _, it := range images {
		if err := it.push(remote.WithTransport(transport)); err != nil {
			return fmt.Errorf("image %s: %w", it.tag, err)
		}
	}
	return nil
})

func (it image) push(option remote.Option) error {
	tag, err := name.NewTag(registryHost + "/app:" + it.tag)
	if err != nil {
		return err
	}
	made, err := mutate.Config(empty.Image, v1.Config{Labels: map[string]string{"tag": it.tag}})
	if err != nil {
		return err
	}
	if err := remote.Write(tag, made, option); err != nil {
		return err
	}
	hash, err := made.Digest()
	if err != nil {
		return err
	}
	digest := tag.Context().Digest(hash.String())
	remotes := ociremote.WithRemoteOptions(option)
	entity, err := ociremote.SignedEntity(digest, remotes)
	if err != nil {
		return err
	}
	for _, who := range it.signed {
		if entity, err = sign(entity, digest, who); err != nil {
			return err
		}
	}
	if len(it.signed) > 0 {
		if err := ociremote.WriteSignatures(tag.Context(), entity, remotes); err != nil {
			return err
		}
	}
	for _, who := range []string{"a", "b", "c"} {
		for _, result := range it.attested[who] {
			if entity, err = attest(entity, hash, who, result); err != nil {
				return err
			}
		}
	}
	if len(it.attested) > 0 {
		return ociremote.WriteAttestations(tag.Context(), entity, remotes)
	}
	return nil
}

func sign(entity oci.SignedEntity, digest name.Digest, who string) (oci.SignedEntity, error) {
	said, err := payload.Cosign{Image: digest}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadECDSASigner(signingKey(who), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	raw, err := signer.SignMessage(bytes.NewReader(said))
	if err != nil {
		return nil, err
	}
	made, err := static.NewSignature(said, base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		return nil, err
	}
	return ocimutate.AttachSignatureToEntity(entity, made)
}

func attest(entity oci.SignedEntity, hash v1.Hash, who, result string) (oci.SignedEntity, error) {
	statement, err := json.Marshal(map[string]any{
		"_type":         "https://in-toto.io/Statement/v0.1",
		"predicateType": checkType,
		"subject":       []any{map[string]any{"name": "app", "digest": map[string]string{hash.Algorithm: hash.Hex}}},
		"predicate":     map[string]any{"result": result, "scores": []int{1, 2}},
	})
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadECDSASigner(signingKey(who), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	envelope, err := dsse.WrapSigner(signer, "application/vnd.in-toto+json").SignMessage(bytes.NewReader(statement))
	if err != nil {
		return nil, err
	}
	made, err := static.NewAttestation(envelope)
	if err != nil {
		return nil, err
	}
	return ocimutate.AttachAttestationToEntity(entity, made)
}
