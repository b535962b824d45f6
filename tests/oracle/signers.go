package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net/url"
	"sync"
	"time"
)

// signer is somebody who signs. Keys and certificates are the same in every run, for policies write them.
type signer struct {
	key    *ecdsa.PrivateKey
	by     *identity // nil: the key is known by itself
	logged bool      // signatures stand in the transparency log
}

// identity is a certificate, and those that certify it.
type identity struct {
	certificate *x509.Certificate
	chain       []*x509.Certificate
}

// authority certifies others.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// certificates hold from the first of these moments to the second.
var (
	since = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	until = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

// public is the authority of identities that verifiers trust unless a policy names another; private is one that a
// policy has to name.
var (
	public  = sync.OnceValue(func() authority { return newAuthority("public") })
	private = sync.OnceValue(func() authority { return newAuthority("private") })
)

// issuers of identities.
const (
	issuerOfWeb  = "https://token.actions.githubusercontent.com"
	issuerOfMail = "https://accounts.acme.io"
	subjectOfWeb = "https://github.com/acme/web/.github/workflows/release.yml@refs/heads/main"
)

// signers by name; see README.md.
var signers = sync.OnceValue(func() map[string]signer {
	all := map[string]signer{}
	for _, name := range []string{"a", "b", "c", "d"} {
		all[name] = signer{key: signingKey(name)}
		all["logged-"+name] = signer{key: signingKey(name), logged: true}
	}
	web := func(a authority, listed bool) *identity {
		address, _ := url.Parse(subjectOfWeb)
		return a.identify("web", issuerOfWeb, &x509.Certificate{URIs: []*url.URL{address}}, listed)
	}
	mail := func(a authority) *identity {
		return a.identify("mail", issuerOfMail, &x509.Certificate{EmailAddresses: []string{"ann@acme.io"}}, true)
	}
	all["web"] = signer{signingKey("web"), web(public(), true), true}
	all["mail"] = signer{signingKey("mail"), mail(public()), true}
	all["unlogged-web"] = signer{signingKey("web"), web(public(), true), false}
	all["unlisted-web"] = signer{signingKey("web"), web(public(), false), true}
	all["private-mail"] = signer{signingKey("mail"), mail(private()), true}
	release := private().certify("release", &x509.Certificate{})
	all["release"] = signer{signingKey("release"), release, false}
	all["logged-release"] = signer{signingKey("release"), release, true}
	return all
})

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

func newAuthority(name string) authority {
	key := signingKey("authority " + name)
	template := &x509.Certificate{
		SerialNumber: serial(name), Subject: pkix.Name{CommonName: name, Organization: []string{"oracle"}, Country: []string{"DE"}},
		NotBefore: since, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return authority{key, certificate(template, template, &key.PublicKey, key)}
}

// certify says who has the key of a name; the template has what else is said.
func (a authority) certify(name string, template *x509.Certificate) *identity {
	template.SerialNumber = serial(a.certificate.Subject.CommonName + " " + name)
	template.Subject = pkix.Name{CommonName: name, Organization: []string{"oracle"}, Country: []string{"DE"}}
	template.NotBefore, template.NotAfter = since, until
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	made := certificate(template, a.certificate, &signingKey(name).PublicKey, a.key)
	return &identity{made, []*x509.Certificate{a.certificate}}
}

// identify certifies an identity that an issuer knows; listed if the certificate stands in the log of certificates.
func (a authority) identify(name, issuer string, template *x509.Certificate, listed bool) *identity {
	text, err := asn1.MarshalWithParams(issuer, "utf8")
	must(err)
	template.ExtraExtensions = []pkix.Extension{
		{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(issuer)},
		{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: text},
	}
	made := a.certify(name, template)
	if listed {
		template.ExtraExtensions = append(template.ExtraExtensions, listing(made.certificate, a.certificate))
		made = a.certify(name, template)
	}
	return made
}

// certificate signs without chance, so that the same arguments give the same bytes.
func certificate(template, parent *x509.Certificate, of *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(nil, template, parent, of, by)
	must(err)
	made, err := x509.ParseCertificate(der)
	must(err)
	return made
}

func serial(name string) *big.Int {
	hash := sha256.Sum256([]byte(name))
	return new(big.Int).SetBytes(hash[:8])
}

func pemOf(certificates ...*x509.Certificate) []byte {
	var text []byte
	for _, it := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: it.Raw})...)
	}
	return text
}

func pemOfKey(key *ecdsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// verifier is what a log says of who signed: a certificate, or a key.
func (s signer) verifier() []byte {
	if s.by != nil {
		return pemOf(s.by.certificate)
	}
	return pemOfKey(&s.key.PublicKey)
}

// known is what policies write of those who sign, as PEM.
func known() map[string]string {
	keys := map[string]string{
		"release":   string(pemOf(signers()["release"].by.certificate)),
		"authority": string(pemOf(private().certificate)),
		"notary":    string(pemOf(notary().chain...)),
	}
	for _, who := range []string{"a", "b", "c", "d"} {
		keys[who] = string(pemOfKey(&signingKey(who).PublicKey))
	}
	return keys
}

// must is for what cannot fail: everything that goes into keys and certificates is written here.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
