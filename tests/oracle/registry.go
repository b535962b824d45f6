package main

import (
	"context"
	"fmt"
	"io"
	"log"
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
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
)

// registryHost is the one registry that can be reached; it lives in this process.
// This machine is asked without TLS.
const registryHost = "localhost:5000"

// checkType is the type of the attestations there are.
const checkType = "https://example.com/check/v1"

// image is a tag of `localhost:5000/app`: who signed it, and what they say of it.
type image struct {
	tag       string
	signed    []string
	attested  []attestation
	bundled   []attestation // in a Sigstore bundle; without a result it is a signature
	notarized []string      // who signed by Notary
	approved  []string      // who signed by Notary that a check was good
}

// attestation is the result of a check, in the words of a signer.
type attestation struct{ by, result string }

var images = []image{
	{tag: "unsigned"},
	{tag: "a", signed: []string{"a"}},
	{tag: "b", signed: []string{"b"}},
	{tag: "ab", signed: []string{"a", "b"}},
	{tag: "abc", signed: []string{"a", "b", "c"}},
	{tag: "good", signed: []string{"a"}, attested: []attestation{{"a", "good"}}},
	{tag: "bad", signed: []string{"a"}, attested: []attestation{{"a", "bad"}}},
	{tag: "good-of-b", signed: []string{"a"}, attested: []attestation{{"b", "good"}}},
	{tag: "good-of-ab", signed: []string{"a"}, attested: []attestation{{"a", "good"}, {"b", "good"}}},
	{tag: "good-and-bad", signed: []string{"a"}, attested: []attestation{{"a", "good"}, {"b", "bad"}}},

	{tag: "logged-a", signed: []string{"logged-a"}},
	{tag: "logged-b", signed: []string{"logged-b"}},
	{tag: "logged-ab", signed: []string{"logged-a", "logged-b"}},
	{tag: "web", signed: []string{"web"}},
	{tag: "mail", signed: []string{"mail"}},
	{tag: "web-mail", signed: []string{"web", "mail"}},
	{tag: "unlogged-web", signed: []string{"unlogged-web"}},
	{tag: "unlisted-web", signed: []string{"unlisted-web"}},
	{tag: "private-mail", signed: []string{"private-mail"}},
	{tag: "release", signed: []string{"release"}},
	{tag: "logged-release", signed: []string{"logged-release"}},
	{tag: "notary", notarized: []string{"notary"}},
	{tag: "stranger", notarized: []string{"stranger"}},
	{tag: "bundle-a", bundled: []attestation{{"a", ""}}},
	{tag: "check-in-bundle", bundled: []attestation{{"a", "bad"}}},
	{tag: "b-bundled-a-beside", signed: []string{"a"}, bundled: []attestation{{"b", ""}}},
	{tag: "logged-a-web", signed: []string{"logged-a", "web"}},
	{tag: "a-release", signed: []string{"a", "release"}},
	{tag: "a-notary", signed: []string{"a"}, notarized: []string{"notary"}},

	{tag: "logged-good", attested: []attestation{{"logged-a", "good"}}},
	{tag: "logged-bad", attested: []attestation{{"logged-a", "bad"}}},
	{tag: "logged-good-of-b", attested: []attestation{{"logged-b", "good"}}},
	{tag: "logged-good-of-ab", attested: []attestation{{"logged-a", "good"}, {"logged-b", "good"}}},
	{tag: "logged-good-and-bad", attested: []attestation{{"logged-a", "good"}, {"logged-b", "bad"}}},
	{tag: "logged-bad-then-good", attested: []attestation{{"logged-a", "bad"}, {"logged-a", "good"}}},
	{tag: "good-of-web", attested: []attestation{{"web", "good"}}},
	{tag: "bad-of-web", attested: []attestation{{"web", "bad"}}},
	{tag: "good-of-web-bad-of-mail", attested: []attestation{{"web", "good"}, {"mail", "bad"}}},
	{tag: "approved", approved: []string{"notary"}},
	{tag: "approved-by-stranger", approved: []string{"stranger"}},
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
		if entity, err = sign(entity, digest, signers()[who]); err != nil {
			return err
		}
	}
	if len(it.signed) > 0 {
		if err := ociremote.WriteSignatures(tag.Context(), entity, remotes); err != nil {
			return err
		}
	}
	for _, said := range it.attested {
		if entity, err = attest(entity, hash, signers()[said.by], said.result); err != nil {
			return err
		}
	}
	if len(it.attested) > 0 {
		if err := ociremote.WriteAttestations(tag.Context(), entity, remotes); err != nil {
			return err
		}
	}
	for _, said := range it.bundled {
		if err := writeBundle(tag.Context(), made, signers()[said.by], said.result, option); err != nil {
			return err
		}
	}
	for _, who := range it.notarized {
		if err := notarize(tag.Context(), made, who, option); err != nil {
			return err
		}
	}
	for _, who := range it.approved {
		if err := approve(tag.Context(), made, who, option); err != nil {
			return err
		}
	}
	return nil
}
