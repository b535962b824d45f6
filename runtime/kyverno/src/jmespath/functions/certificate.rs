//! Certificates and requests for them, as the map that Go's `encoding/json` makes of its own types.
//!
//! What Go would take and is not read here (constraints on names, mappings of policies, URIs among the names of a subject,
//! signatures with parameters) is not evaluated, as a whole.

use aipc_runtime::value::Shared;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::der::{
    BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, OID as OID_TAG, Reader, SEQUENCE, SET, Value, decimal,
};
use super::{Answer, layout, not_evaluated, other, text_at};
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::Json;

/// Certificates are small.
const LEN_MAX: usize = 1 << 18;

const RSA: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];
const EXTENSION_REQUEST: &[u64] = &[1, 2, 840, 113_549, 1, 9, 14];

/// Go's numbers of the algorithms that sign.
const SIGNATURES: &[(&[u64], f64)] = &[
    (&[1, 2, 840, 113_549, 1, 1, 4], 2.0),
    (&[1, 2, 840, 113_549, 1, 1, 5], 3.0),
    (&[1, 2, 840, 113_549, 1, 1, 11], 4.0),
    (&[1, 2, 840, 113_549, 1, 1, 12], 5.0),
    (&[1, 2, 840, 113_549, 1, 1, 13], 6.0),
    (&[1, 2, 840, 10_045, 4, 1], 9.0),
    (&[1, 2, 840, 10_045, 4, 3, 2], 10.0),
    (&[1, 2, 840, 10_045, 4, 3, 3], 11.0),
    (&[1, 2, 840, 10_045, 4, 3, 4], 12.0),
    (&[1, 3, 101, 112], 16.0),
];

/// Go's numbers of what a key may be used for, which are the places here.
const USAGES: &[&[u64]] = &[
    &[2, 5, 29, 37, 0],
    &[1, 3, 6, 1, 5, 5, 7, 3, 1],
    &[1, 3, 6, 1, 5, 5, 7, 3, 2],
    &[1, 3, 6, 1, 5, 5, 7, 3, 3],
    &[1, 3, 6, 1, 5, 5, 7, 3, 4],
    &[1, 3, 6, 1, 5, 5, 7, 3, 5],
    &[1, 3, 6, 1, 5, 5, 7, 3, 6],
    &[1, 3, 6, 1, 5, 5, 7, 3, 7],
    &[1, 3, 6, 1, 5, 5, 7, 3, 8],
    &[1, 3, 6, 1, 5, 5, 7, 3, 9],
    &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3],
    &[2, 16, 840, 1, 113_730, 4, 1],
    &[1, 3, 6, 1, 4, 1, 311, 2, 1, 22],
    &[1, 3, 6, 1, 4, 1, 311, 61, 1, 1],
];

/// Parts of a name by the last number of their type, and whether there may be several.
const NAME_PARTS: &[(u64, &str, bool)] = &[
    (3, "CommonName", false),
    (5, "SerialNumber", false),
    (6, "Country", true),
    (7, "Locality", true),
    (8, "Province", true),
    (9, "StreetAddress", true),
    (10, "Organization", true),
    (11, "OrganizationalUnit", true),
    (17, "PostalCode", true),
];

/// Extensions that Go reads into fields and we do not.
const UNREAD: &[&[u64]] = &[&[2, 5, 29, 30], &[2, 5, 29, 33], &[2, 5, 29, 36], &[2, 5, 29, 54]];

/// The fields of a certificate or request, RSA only.
pub(super) fn x509_decode<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len())?;
    let Some((kind, bytes)) = pem(text) else { return other("failed to decode PEM block") };
    if bytes.len() > LEN_MAX {
        return not_evaluated("a certificate of that size");
    }
    // Reckoning the decimal digits of a key takes the square of its length.
    evaluation.spend(bytes.len() * 10)?;
    match kind {
        "CERTIFICATE" => certificate(&bytes).unwrap_or_else(|| other("x509: malformed certificate")),
        "CERTIFICATE REQUEST" => {
            request(&bytes).unwrap_or_else(|| other("x509: malformed certificate request"))
        }
        _ => other("PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST"),
    }
}

/// The first block of a text, with its kind.
fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let mut rest = text;
    loop {
        let at = rest.find("-----BEGIN ")?;
        let is_line = at == 0 || rest[..at].ends_with('\n');
        rest = &rest[at + "-----BEGIN ".len()..];
        if !is_line {
            continue;
        }
        let Some((kind, body)) = rest.split_once("-----") else { continue };
        let Some((body, _)) = body.split_once(&format!("-----END {kind}-----")) else { continue };
        let Some((_, body)) = body.split_once('\n') else { continue };
        let body: String = body.chars().filter(|c| !matches!(c, '\n' | '\r' | ' ' | '\t')).collect();
        if let Ok(bytes) = STANDARD.decode(body) {
            return Some((kind, bytes));
        }
    }
}

/// A value, an error; `None` where the bytes are no certificate.
type Decoded<'a> = Option<Answer<'a>>;

#[derive(Default)]
struct Fields<'a>(Vec<(Shared<'a, str>, Json<'a>)>);

impl<'a> Fields<'a> {
    fn set(&mut self, name: &'static str, value: Json<'a>) {
        self.0.push((Shared::Borrowed(name), value));
    }

    fn done(self) -> Json<'a> {
        Json::map(self.0)
    }
}

fn base64<'a>(bytes: &[u8]) -> Json<'a> {
    Json::text(STANDARD.encode(bytes))
}

fn number<'a>(number: u64) -> Json<'a> {
    Json::Float(number as f64)
}

/// Null where there is nothing, as Go has it.
fn list_or_null<'a>(elements: Vec<Json<'a>>) -> Json<'a> {
    if elements.is_empty() { Json::Null } else { Json::list(elements) }
}

fn oid<'a>(numbers: &[u64]) -> Json<'a> {
    Json::list(numbers.iter().map(|it| number(*it)).collect())
}

fn certificate<'a>(bytes: &[u8]) -> Decoded<'a> {
    let mut outer = Reader(bytes);
    let whole = outer.expect(SEQUENCE)?;
    if !outer.is_empty() {
        return None;
    }
    let mut parts = whole.inner();
    let body = parts.expect(SEQUENCE)?;
    let signed_with = parts.expect(SEQUENCE)?;
    let signature = parts.any()?.bytes_of_bits()?;

    let mut reader = body.inner();
    let version = match reader.optional(0xa0)? {
        Some(version) => u64::from(*version.inner().expect(INTEGER)?.content.last()?) + 1,
        None => 1,
    };
    let serial = reader.expect(INTEGER)?.unsigned()?;
    reader.expect(SEQUENCE)?;
    let issuer = reader.expect(SEQUENCE)?;
    let mut validity = reader.expect(SEQUENCE)?.inner();
    let (not_before, not_after) = (time(validity.any()?)?, time(validity.any()?)?);
    let subject = reader.expect(SEQUENCE)?;
    let key = reader.expect(SEQUENCE)?;
    let public_key = match rsa_key(key)? {
        Ok(public_key) => public_key,
        Err(error) => return Some(Err(error)),
    };

    let mut fields = Fields::default();
    fields.set("Raw", base64(whole.whole));
    fields.set("RawTBSCertificate", base64(body.whole));
    fields.set("RawSubjectPublicKeyInfo", base64(key.whole));
    fields.set("RawSubject", base64(subject.whole));
    fields.set("RawIssuer", base64(issuer.whole));
    fields.set("Signature", base64(signature));
    fields.set("PublicKeyAlgorithm", number(1));
    fields.set("PublicKey", public_key);
    fields.set("Version", number(version));
    fields.set("SerialNumber", Json::Float(decimal(serial).parse().ok()?));
    fields.set("NotBefore", not_before);
    fields.set("NotAfter", not_after);
    // Identifiers of issuer and subject that nobody uses any more.
    reader.optional(0x81)?;
    reader.optional(0x82)?;
    let extensions = match reader.optional(0xa3)? {
        Some(extensions) => extensions.inner().expect(SEQUENCE)?.all()?,
        None => Vec::new(),
    };
    let of_certificate = &mut Extensions::default();
    let steps = [
        signature_algorithm(signed_with).map(|it| it.map(|it| fields.set("SignatureAlgorithm", it))),
        name(issuer).map(|it| it.map(|it| fields.set("Issuer", it))),
        name(subject).map(|it| it.map(|it| fields.set("Subject", it))),
        of_certificate.read(&extensions),
    ];
    for step in steps {
        if let Err(error) = step? {
            return Some(Err(error));
        }
    }
    std::mem::take(of_certificate).write(&mut fields);
    Some(Ok(fields.done()))
}

fn request<'a>(bytes: &[u8]) -> Decoded<'a> {
    let mut outer = Reader(bytes);
    let whole = outer.expect(SEQUENCE)?;
    if !outer.is_empty() {
        return None;
    }
    let mut parts = whole.inner();
    let body = parts.expect(SEQUENCE)?;
    let signed_with = parts.expect(SEQUENCE)?;
    let signature = parts.any()?.bytes_of_bits()?;
    let mut reader = body.inner();
    let version = *reader.expect(INTEGER)?.content.last()?;
    let subject = reader.expect(SEQUENCE)?;
    let key = reader.expect(SEQUENCE)?;
    let public_key = match rsa_key(key)? {
        Ok(public_key) => public_key,
        Err(error) => return Some(Err(error)),
    };
    let mut fields = Fields::default();
    fields.set("Raw", base64(whole.whole));
    fields.set("RawTBSCertificateRequest", base64(body.whole));
    fields.set("RawSubjectPublicKeyInfo", base64(key.whole));
    fields.set("RawSubject", base64(subject.whole));
    fields.set("Version", number(u64::from(version)));
    fields.set("Signature", base64(signature));
    fields.set("PublicKeyAlgorithm", number(1));
    fields.set("PublicKey", public_key);
    let attributes = match reader.optional(0xa0)? {
        Some(attributes) => attributes.all()?,
        None => Vec::new(),
    };
    let mut written = Vec::new();
    let mut extensions = Vec::new();
    for attribute in attributes {
        let mut parts = attribute.inner();
        let of = parts.expect(OID_TAG)?.oid()?;
        if of != EXTENSION_REQUEST || !extensions.is_empty() {
            return Some(not_evaluated("attributes of a certificate request"));
        }
        extensions = parts.expect(SET)?.inner().expect(SEQUENCE)?.all()?;
        let mut values = Vec::new();
        for extension in &extensions {
            let Extension { id, critical, value } = Extension::read(*extension)?;
            if critical {
                return Some(not_evaluated("attributes of a certificate request"));
            }
            let mut fields = Fields::default();
            fields.set("Type", oid(&id));
            fields.set("Value", base64(value));
            values.push(fields.done());
        }
        let mut fields = Fields::default();
        fields.set("Type", oid(&of));
        fields.set("Value", Json::list(vec![Json::list(values)]));
        written.push(fields.done());
    }
    fields.set("Attributes", list_or_null(written));
    let of_request = &mut Extensions::default();
    let steps = [
        signature_algorithm(signed_with).map(|it| it.map(|it| fields.set("SignatureAlgorithm", it))),
        name(subject).map(|it| it.map(|it| fields.set("Subject", it))),
        of_request.read(&extensions),
    ];
    for step in steps {
        if let Err(error) = step? {
            return Some(Err(error));
        }
    }
    std::mem::take(of_request).write_names(&mut fields);
    Some(Ok(fields.done()))
}

/// A time in JSON; those without a century are of the years 1950 to 2049.
fn time<'a>(value: Value<'_>) -> Option<Json<'a>> {
    let text = std::str::from_utf8(value.content).ok()?;
    let text = match (value.tag, text.len()) {
        (0x17, 13) if text.as_bytes()[0] >= b'5' => format!("19{text}"),
        (0x17, 13) => format!("20{text}"),
        (0x18, 15) => text.to_owned(),
        _ => return None,
    };
    layout::parse("20060102150405Z07:00", &text).map(|moment| Json::text(moment.to_rfc3339()))
}

/// Modulus and exponent of a key.
fn rsa_key<'a>(key: Value<'_>) -> Decoded<'a> {
    let mut parts = key.inner();
    let algorithm = parts.expect(SEQUENCE)?.inner().expect(OID_TAG)?.oid()?;
    if algorithm != RSA {
        return Some(other("certificate should use rsa algorithm"));
    }
    let mut key = Reader(parts.expect(BIT_STRING)?.bytes_of_bits()?);
    let mut numbers = key.expect(SEQUENCE)?.inner();
    let (modulus, exponent) = (numbers.expect(INTEGER)?.unsigned()?, numbers.expect(INTEGER)?.unsigned()?);
    let exponent = exponent.iter().try_fold(0u64, |number, byte| {
        number.checked_mul(256).and_then(|number| number.checked_add(u64::from(*byte)))
    })?;
    if exponent == 0 || exponent > i32::MAX as u64 || !numbers.is_empty() || !key.is_empty() {
        return None;
    }
    let mut fields = Fields::default();
    fields.set("N", Json::text(decimal(modulus)));
    fields.set("E", number(exponent));
    Some(Ok(fields.done()))
}

fn signature_algorithm<'a>(algorithm: Value<'_>) -> Decoded<'a> {
    let of = algorithm.inner().expect(OID_TAG)?.oid()?;
    Some(match SIGNATURES.iter().find(|(id, _)| *id == of) {
        Some((_, number)) => Ok(Json::Float(*number)),
        None => not_evaluated("the algorithm that signed a certificate"),
    })
}

/// A distinguished name, its parts in order and by what they are.
fn name<'a>(name: Value<'_>) -> Decoded<'a> {
    let mut names = Vec::new();
    let mut parts: Vec<Vec<Json<'a>>> = vec![Vec::new(); NAME_PARTS.len()];
    for set in name.all()? {
        for part in set.all()? {
            let mut reader = part.inner();
            let of = reader.expect(OID_TAG)?.oid()?;
            let value = reader.any()?;
            // Printable, IA5, UTF-8 and numeric text.
            if !matches!(value.tag, 0x13 | 0x16 | 0x0c | 0x12) {
                return Some(not_evaluated("the encoding of a name of a certificate"));
            }
            let text = Json::text(std::str::from_utf8(value.content).ok()?);
            if let [2, 5, 4, last] = *of.as_slice()
                && let Some(place) = NAME_PARTS.iter().position(|(of, ..)| *of == last)
            {
                parts[place].push(text.clone());
            }
            let mut fields = Fields::default();
            fields.set("Type", oid(&of));
            fields.set("Value", text);
            names.push(fields.done());
        }
    }
    let mut fields = Fields::default();
    fields.set("Names", list_or_null(names));
    fields.set("ExtraNames", Json::Null);
    for ((_, field, is_many), mut values) in NAME_PARTS.iter().zip(parts) {
        let single = |values: &mut Vec<Json<'a>>| values.pop().unwrap_or_else(|| Json::text(""));
        fields.set(field, if *is_many { list_or_null(values) } else { single(&mut values) });
    }
    Some(Ok(fields.done()))
}

struct Extension<'d> {
    id: Vec<u64>,
    critical: bool,
    value: &'d [u8],
}

impl<'d> Extension<'d> {
    fn read(extension: Value<'d>) -> Option<Extension<'d>> {
        let mut parts = extension.inner();
        let id = parts.expect(OID_TAG)?.oid()?;
        let critical = match parts.optional(BOOLEAN)? {
            Some(critical) => critical.boolean()?,
            None => false,
        };
        Some(Extension { id, critical, value: parts.expect(OCTET_STRING)?.content })
    }
}

/// What extensions say.
#[derive(Default)]
struct Extensions<'a> {
    all: Vec<Json<'a>>,
    unhandled: Vec<Json<'a>>,
    dns_names: Vec<Json<'a>>,
    emails: Vec<Json<'a>>,
    addresses: Vec<Json<'a>>,
    key_usage: u64,
    usages: Vec<Json<'a>>,
    unknown_usages: Vec<Json<'a>>,
    /// Whether it is an authority, and how long a path below it may be.
    constraints: Option<(bool, Option<u64>)>,
    subject_key: Option<Json<'a>>,
    authority_key: Option<Json<'a>>,
    ocsp: Vec<Json<'a>>,
    issuers: Vec<Json<'a>>,
    revocations: Vec<Json<'a>>,
    policies: Vec<Vec<u64>>,
}

/// Text with the tag of a choice.
fn choice_text<'a>(value: Value<'_>) -> Option<Json<'a>> {
    let text = std::str::from_utf8(value.content).ok().filter(|text| text.is_ascii())?;
    Some(Json::text(text))
}

impl<'a> Extensions<'a> {
    fn read(&mut self, extensions: &[Value<'_>]) -> Option<Result<(), SearchError>> {
        for extension in extensions {
            let extension = Extension::read(*extension)?;
            let mut fields = Fields::default();
            fields.set("Id", oid(&extension.id));
            fields.set("Critical", Json::Bool(extension.critical));
            fields.set("Value", base64(extension.value));
            self.all.push(fields.done());
            if UNREAD.contains(&extension.id.as_slice()) {
                return Some(not_evaluated("an extension of a certificate"));
            }
            let is_known = match self.one(&extension)? {
                Ok(is_known) => is_known,
                Err(error) => return Some(Err(error)),
            };
            if !is_known && extension.critical {
                self.unhandled.push(oid(&extension.id));
            }
        }
        Some(Ok(()))
    }

    fn one(&mut self, extension: &Extension<'_>) -> Option<Result<bool, SearchError>> {
        let mut reader = Reader(extension.value);
        match extension.id.as_slice() {
            [2, 5, 29, 14] => self.subject_key = Some(base64(reader.expect(OCTET_STRING)?.content)),
            [2, 5, 29, 15] => {
                let (_, bits) = reader.expect(BIT_STRING)?.content.split_first()?;
                let is_set =
                    |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte >> (7 - bit % 8) & 1 == 1);
                self.key_usage = (0..9).filter(|bit| is_set(*bit)).map(|bit| 1 << bit).sum();
            }
            [2, 5, 29, 17] => return self.alternative_names(reader),
            [2, 5, 29, 19] => {
                let mut parts = reader.expect(SEQUENCE)?.inner();
                let is_authority = match parts.optional(BOOLEAN)? {
                    Some(is_authority) => is_authority.boolean()?,
                    None => false,
                };
                let path = match parts.optional(INTEGER)? {
                    Some(path) => {
                        Some(path.unsigned()?.iter().fold(0u64, |len, byte| len << 8 | u64::from(*byte)))
                    }
                    None => None,
                };
                self.constraints = Some((is_authority, path));
            }
            [2, 5, 29, 31] => {
                for point in reader.expect(SEQUENCE)?.all()? {
                    let Some(name) = point.inner().optional(0xa0)? else { continue };
                    let Some(full) = name.inner().optional(0xa0)? else { continue };
                    let uris = full.all()?.into_iter().filter(|name| name.tag == 0x86);
                    self.revocations.extend(uris.map(choice_text).collect::<Option<Vec<_>>>()?);
                }
            }
            [2, 5, 29, 32] => {
                for policy in reader.expect(SEQUENCE)?.all()? {
                    self.policies.push(policy.inner().expect(OID_TAG)?.oid()?);
                }
            }
            [2, 5, 29, 35] => {
                let key = reader.expect(SEQUENCE)?.inner().optional(0x80)?;
                self.authority_key = key.map(|key| base64(key.content));
            }
            [2, 5, 29, 37] => {
                for usage in reader.expect(SEQUENCE)?.all()? {
                    let usage = usage.oid()?;
                    match USAGES.iter().position(|known| *known == usage) {
                        Some(place) => self.usages.push(number(place as u64)),
                        None => self.unknown_usages.push(oid(&usage)),
                    }
                }
            }
            [1, 3, 6, 1, 5, 5, 7, 1, 1] => {
                for access in reader.expect(SEQUENCE)?.all()? {
                    let mut parts = access.inner();
                    let method = parts.expect(OID_TAG)?.oid()?;
                    let Some(place) = parts.optional(0x86)? else { continue };
                    match method.as_slice() {
                        [1, 3, 6, 1, 5, 5, 7, 48, 1] => self.ocsp.push(choice_text(place)?),
                        [1, 3, 6, 1, 5, 5, 7, 48, 2] => self.issuers.push(choice_text(place)?),
                        _ => {}
                    }
                }
            }
            _ => return Some(Ok(false)),
        }
        Some(Ok(true))
    }

    fn alternative_names(&mut self, mut reader: Reader<'_>) -> Option<Result<bool, SearchError>> {
        for name in reader.expect(SEQUENCE)?.all()? {
            match (name.tag, name.content) {
                (0x81, _) => self.emails.push(choice_text(name)?),
                (0x82, _) => self.dns_names.push(choice_text(name)?),
                (0x86, _) => return Some(not_evaluated("a URI among the names of a certificate")),
                (0x87, &[a, b, c, d]) => {
                    self.addresses.push(Json::text(std::net::Ipv4Addr::new(a, b, c, d).to_string()));
                }
                (0x87, bytes) => {
                    let address = std::net::Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
                    // Go writes one that holds an IPv4 address as that.
                    self.addresses.push(Json::text(address.to_canonical().to_string()));
                }
                _ => {}
            }
        }
        Some(Ok(!(self.emails.is_empty() && self.dns_names.is_empty() && self.addresses.is_empty())))
    }

    fn write_names(self, fields: &mut Fields<'a>) {
        fields.set("Extensions", list_or_null(self.all));
        fields.set("ExtraExtensions", Json::Null);
        fields.set("DNSNames", list_or_null(self.dns_names));
        fields.set("EmailAddresses", list_or_null(self.emails));
        fields.set("IPAddresses", list_or_null(self.addresses));
        fields.set("URIs", Json::Null);
    }

    fn write(mut self, fields: &mut Fields<'a>) {
        let path =
            self.constraints.map_or(Json::Float(0.0), |(_, path)| path.map_or(Json::Float(-1.0), number));
        let is_zero = matches!(self.constraints, Some((_, Some(0))));
        fields.set("KeyUsage", number(self.key_usage));
        fields.set("ExtKeyUsage", list_or_null(std::mem::take(&mut self.usages)));
        fields.set("UnknownExtKeyUsage", list_or_null(std::mem::take(&mut self.unknown_usages)));
        fields.set("UnhandledCriticalExtensions", list_or_null(std::mem::take(&mut self.unhandled)));
        fields.set("BasicConstraintsValid", Json::Bool(self.constraints.is_some()));
        fields.set("IsCA", Json::Bool(self.constraints.is_some_and(|(is_authority, _)| is_authority)));
        fields.set("MaxPathLen", path);
        fields.set("MaxPathLenZero", Json::Bool(is_zero));
        fields.set("SubjectKeyId", self.subject_key.take().unwrap_or(Json::Null));
        fields.set("AuthorityKeyId", self.authority_key.take().unwrap_or(Json::Null));
        fields.set("OCSPServer", list_or_null(std::mem::take(&mut self.ocsp)));
        fields.set("IssuingCertificateURL", list_or_null(std::mem::take(&mut self.issuers)));
        fields.set("CRLDistributionPoints", list_or_null(std::mem::take(&mut self.revocations)));
        let texts = self
            .policies
            .iter()
            .map(|policy| Json::text(policy.iter().map(u64::to_string).collect::<Vec<_>>().join(".")));
        fields.set("Policies", list_or_null(texts.collect()));
        fields.set("PolicyIdentifiers", list_or_null(self.policies.iter().map(|it| oid(it)).collect()));
        for field in [
            "PermittedDNSDomains",
            "ExcludedDNSDomains",
            "PermittedIPRanges",
            "ExcludedIPRanges",
            "PermittedEmailAddresses",
            "ExcludedEmailAddresses",
            "PermittedURIDomains",
            "ExcludedURIDomains",
            "PolicyMappings",
        ] {
            fields.set(field, Json::Null);
        }
        for field in ["InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy"] {
            fields.set(field, Json::Float(0.0));
        }
        for field in [
            "InhibitAnyPolicyZero",
            "InhibitPolicyMappingZero",
            "RequireExplicitPolicyZero",
            "PermittedDNSDomainsCritical",
        ] {
            fields.set(field, Json::Bool(false));
        }
        self.write_names(fields);
    }
}
