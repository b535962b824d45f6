package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	layers "github.com/google/go-containerregistry/pkg/v1/static"
	ggcr "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	notaryregistry "github.com/notaryproject/notation-go/registry"
	notarysigner "github.com/notaryproject/notation-go/signer"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sigstore/cosign/v3/pkg/oci"
	ocimutate "github.com/sigstore/cosign/v3/pkg/oci/mutate"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/dsse"
	"github.com/sigstore/rekor/pkg/types/hashedrekord"
	"github.com/sigstore/sigstore/pkg/signature"
	sigstoredsse "github.com/sigstore/sigstore/pkg/signature/dsse"
	"github.com/sigstore/sigstore/pkg/signature/payload"
)

const statementType = "application/vnd.in-toto+json"

func sign(entity oci.SignedEntity, digest name.Digest, by signer) (oci.SignedEntity, error) {
	said, err := payload.Cosign{Image: digest}.MarshalJSON()
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadECDSASigner(by.key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	raw, err := signer.SignMessage(bytes.NewReader(said))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(said)
	entry := types.ArtifactProperties{
		ArtifactHash: hex.EncodeToString(hash[:]), SignatureBytes: raw, PKIFormat: "x509",
	}
	options, err := by.beside(hashedrekord.KIND, entry)
	if err != nil {
		return nil, err
	}
	made, err := static.NewSignature(said, base64.StdEncoding.EncodeToString(raw), options...)
	if err != nil {
		return nil, err
	}
	return ocimutate.AttachSignatureToEntity(entity, made)
}

func attest(entity oci.SignedEntity, hash v1.Hash, by signer, result string) (oci.SignedEntity, error) {
	envelope, err := by.state(checkType, hash, map[string]any{"result": result, "scores": []int{1, 2}})
	if err != nil {
		return nil, err
	}
	options, err := by.beside(dsse.KIND, types.ArtifactProperties{ArtifactBytes: envelope})
	if err != nil {
		return nil, err
	}
	made, err := static.NewAttestation(envelope, options...)
	if err != nil {
		return nil, err
	}
	return ocimutate.AttachAttestationToEntity(entity, made)
}

// state is a signed envelope with what somebody says of an image.
func (s signer) state(predicateType string, hash v1.Hash, predicate any) ([]byte, error) {
	statement, err := json.Marshal(map[string]any{
		"_type":         "https://in-toto.io/Statement/v0.1",
		"predicateType": predicateType,
		"subject":       []any{map[string]any{"name": "app", "digest": map[string]string{hash.Algorithm: hash.Hex}}},
		"predicate":     predicate,
	})
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadECDSASigner(s.key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return sigstoredsse.WrapSigner(signer, statementType).SignMessage(bytes.NewReader(statement))
}

// beside is what stands beside a signature: the certificate, and the promise of the transparency log.
func (s signer) beside(kind string, entry types.ArtifactProperties) ([]static.Option, error) {
	var options []static.Option
	if s.by != nil {
		options = append(options, static.WithCertChain(pemOf(s.by.certificate), pemOf(s.by.chain...)))
	}
	if s.logged {
		entry.PublicKeyBytes = [][]byte{s.verifier()}
		promise, err := inLog(kind, entry)
		if err != nil {
			return nil, err
		}
		options = append(options, static.WithBundle(promise))
	}
	return options, nil
}

// writeBundle writes a signature, or the result of a check, in the newer form, in which both are statements that refer to
// the image.
func writeBundle(repository name.Repository, of v1.Image, by signer, result string, option remote.Option) error {
	const form = "application/vnd.dev.sigstore.bundle.v0.3+json"
	described, err := partial.Descriptor(of)
	if err != nil {
		return err
	}
	predicateType, predicate := "https://sigstore.dev/cosign/sign/v1", map[string]any{}
	if result != "" {
		predicateType, predicate = checkType, map[string]any{"result": result}
	}
	envelope, err := by.state(predicateType, described.Digest, predicate)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"mediaType":            form,
		"verificationMaterial": map[string]any{"publicKey": map[string]any{"hint": "key"}},
		"dsseEnvelope":         json.RawMessage(envelope),
	})
	if err != nil {
		return err
	}
	_, err = refer(repository, *described, form, text, form, option)
	return err
}

// notary is who signs by Notary; stranger has an authority that no policy names.
func notary() *identity { return notaries("notary") }

func notaries(name string) *identity {
	return newAuthority(name+"'s authority").certify(name, &x509.Certificate{})
}

// notarize signs an image, or what refers to one, by Notary.
func notarize(repository name.Repository, of v1.Image, who string, option remote.Option) error {
	described, err := partial.Descriptor(of)
	if err != nil {
		return err
	}
	by := notaries(who)
	signer, err := notarysigner.NewGenericSigner(signingKey(who), append([]*x509.Certificate{by.certificate}, by.chain...))
	if err != nil {
		return err
	}
	subject := ocispec.Descriptor{
		MediaType: string(described.MediaType), Digest: digest.Digest(described.Digest.String()), Size: described.Size,
	}
	envelope, _, err := signer.Sign(context.Background(), subject, notation.SignerSignOptions{SignatureMediaType: jws.MediaTypeEnvelope})
	if err != nil {
		return err
	}
	_, err = refer(repository, *described, notaryregistry.ArtifactTypeNotation, envelope, jws.MediaTypeEnvelope, option)
	return err
}

// approve says by Notary that a check of an image was good.
func approve(repository name.Repository, of v1.Image, who string, option remote.Option) error {
	described, err := partial.Descriptor(of)
	if err != nil {
		return err
	}
	check, err := refer(repository, *described, approvalType, []byte(`{"result":"good"}`), "application/json", option)
	if err != nil {
		return err
	}
	return notarize(repository, check, who, option)
}

// approvalType is the type of what is said by Notary.
const approvalType = "application/vnd.example.check"

// refer writes an artifact beside an image.
func refer(repository name.Repository, to v1.Descriptor, artifact string, content []byte, contentType string, option remote.Option) (v1.Image, error) {
	made := mutate.MediaType(mutate.ConfigMediaType(empty.Image, ggcr.MediaType(artifact)), ggcr.OCIManifestSchema1)
	made, err := mutate.AppendLayers(made, layers.NewLayer(content, ggcr.MediaType(contentType)))
	if err != nil {
		return nil, err
	}
	made = mutate.Subject(made, to).(v1.Image)
	hash, err := made.Digest()
	if err != nil {
		return nil, err
	}
	return made, remote.Write(repository.Digest(hash.String()), made, option)
}
