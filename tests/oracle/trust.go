package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	_ "unsafe" // for go:linkname

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	"github.com/sigstore/cosign/v3/pkg/cosign/bundle"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// Kyverno asks the public instance of Sigstore whom to trust. There is no network here, so these stand in its place:
// a transparency log, a log of certificates, and an authority for identities.

const (
	keyOfLog          = "transparency log"
	keyOfCertificates = "log of certificates"
)

// trust puts them in place; the files that hold keys are in the directory.
func trust(directory string) error {
	for variable, of := range map[string]string{
		"SIGSTORE_REKOR_PUBLIC_KEY":       keyOfLog,
		"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": keyOfCertificates,
	} {
		file := filepath.Join(directory, variable+".pem")
		if err := os.WriteFile(file, pemOfKey(&signingKey(of).PublicKey), 0o600); err != nil {
			return err
		}
		if err := os.Setenv(variable, file); err != nil {
			return err
		}
	}
	rootsOnce.Do(func() { roots = []*x509.Certificate{public().certificate} })
	log := func(of string) map[string]*root.TransparencyLog {
		key := signingKey(of)
		id := idOfLog(key)
		return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): {
			ID: id[:], ValidityPeriodStart: since, ValidityPeriodEnd: until,
			HashFunc: crypto.SHA256, SignatureHashFunc: crypto.SHA256, PublicKey: &key.PublicKey,
		}}
	}
	authorities := []root.CertificateAuthority{&root.FulcioCertificateAuthority{
		Root: public().certificate, ValidityPeriodStart: since, ValidityPeriodEnd: until,
	}}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, authorities, log(keyOfCertificates), nil, log(keyOfLog))
	if err != nil {
		return err
	}
	tufInitializeFn = func(context.Context, string, []byte) error { return nil }
	getTrustedRootFromTUFFn = func(context.Context, *policiesv1beta1.TUF) (*root.TrustedRoot, error) { return trusted, nil }
	return nil
}

// Where the verifiers keep what they learned of the public instance, and what asks for it.

//go:linkname rootsOnce github.com/sigstore/sigstore/pkg/fulcioroots.rootsOnce
var rootsOnce sync.Once

//go:linkname roots github.com/sigstore/sigstore/pkg/fulcioroots.roots
var roots []*x509.Certificate

//go:linkname tufInitializeFn github.com/kyverno/kyverno/pkg/image/verifiers/ivpol/cosign.tufInitializeFn
var tufInitializeFn func(context.Context, string, []byte) error

//go:linkname getTrustedRootFromTUFFn github.com/kyverno/kyverno/pkg/image/verifiers/ivpol/cosign.getTrustedRootFromTUFFn
var getTrustedRootFromTUFFn func(context.Context, *policiesv1beta1.TUF) (*root.TrustedRoot, error)

func idOfLog(key *ecdsa.PrivateKey) [sha256.Size]byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(err)
	return sha256.Sum256(der)
}

// inLog is the promise of the transparency log that an entry stands in it.
func inLog(kind string, entry types.ArtifactProperties) (*bundle.RekorBundle, error) {
	ctx := context.Background()
	proposed, err := types.NewProposedEntry(ctx, kind, "0.0.1", entry)
	if err != nil {
		return nil, err
	}
	made, err := types.CreateVersionedEntry(proposed)
	if err != nil {
		return nil, err
	}
	body, err := types.CanonicalizeEntry(ctx, made)
	if err != nil {
		return nil, err
	}
	key := signingKey(keyOfLog)
	id := idOfLog(key)
	payload := bundle.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(body), LogID: hex.EncodeToString(id[:]),
		IntegratedTime: since.AddDate(1, 0, 0).Unix(), LogIndex: 1,
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	if text, err = jsoncanonicalizer.Transform(text); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(text)
	promise, err := key.Sign(nil, hash[:], crypto.SHA256)
	return &bundle.RekorBundle{SignedEntryTimestamp: promise, Payload: payload}, err
}

// listing is the promise of the log of certificates that a certificate stands in it, to be put into the certificate.
func listing(of, issuer *x509.Certificate) pkix.Extension {
	key := signingKey(keyOfCertificates)
	made := ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1, LogID: ct.LogID{KeyID: idOfLog(key)}, Timestamp: uint64(since.UnixMilli()),
	}
	entry := ct.TimestampedEntry{EntryType: ct.PrecertLogEntryType, PrecertEntry: &ct.PreCert{
		IssuerKeyHash: sha256.Sum256(issuer.RawSubjectPublicKeyInfo), TBSCertificate: of.RawTBSCertificate,
	}}
	said, err := ct.SerializeSCTSignatureInput(made, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{TimestampedEntry: &entry}})
	must(err)
	hash := sha256.Sum256(said)
	signature, err := key.Sign(nil, hash[:], crypto.SHA256)
	must(err)
	made.Signature = ct.DigitallySigned{
		Algorithm: tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA}, Signature: signature,
	}
	one, err := tls.Marshal(made)
	must(err)
	list, err := tls.Marshal(ctx509.SignedCertificateTimestampList{SCTList: []ctx509.SerializedSCT{{Val: one}}})
	must(err)
	value, err := asn1.Marshal(bytes.Clone(list))
	must(err)
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value}
}
