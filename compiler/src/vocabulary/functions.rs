//! The table of functions: name, parameters, result, meaning, one line of words, an example.

use aipc_runtime::operation::Operation;

/// A built-in function.
#[derive(Debug)]
pub struct Function {
    /// As written in source; a dot separates the namespace (`base64.encode`).
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// How many of the parameters must be given.
    pub required: usize,
    pub result: Returns,
    pub meaning: Meaning,
    pub summary: &'static str,
    /// An expression and its value, both in the language.
    pub example: (&'static str, &'static str),
}

#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub ty: Kind,
}

/// What a parameter accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    Number,
    Int,
    /// A scalar of any type: what conversions take.
    Scalar,
    /// A list; a path that ends in a list or runs through one is collected.
    List,
    /// A list, a map or text.
    Countable,
    Map,
    /// A constant regular expression.
    Regex,
    /// Anything at all.
    Any,
}

/// The type of the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returns {
    Bool,
    Int,
    Float,
    Text,
    Quantity,
    Duration,
    Time,
    Semver,
    Image,
    Ip,
    Cidr,
    Json,
    Attestor,
    /// As the parameter of that number.
    Same(usize),
    /// One element of the list that is the parameter of that number.
    Element(usize),
    /// A list of text.
    Texts,
    /// A list of the values of the map that is the parameter of that number.
    MapValues(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    Operation(Operation),
    /// The value, or an error of the rule where it is missing.
    Must,
    /// Needs more than the object: a cluster, a registry, the network, randomness, or a target's own engine.
    External,
}

impl Kind {
    /// The type in words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Number => "number",
            Kind::Int => "int",
            Kind::Scalar => "scalar",
            Kind::List => "list",
            Kind::Countable => "list, map or string",
            Kind::Map => "map",
            Kind::Regex => "regular expression",
            Kind::Any => "any",
        }
    }
}

impl Parameter {
    /// `list: list`
    pub fn words(&self) -> String {
        format!("{}: {}", self.name, self.ty.words())
    }
}

impl Function {
    /// `name(required: type; optional: type)`
    pub fn signature(&self) -> String {
        let (required, optional) = self.parameters.split_at(self.required);
        let mut inside: String = required.iter().map(Parameter::words).collect::<Vec<_>>().join(", ");
        if !optional.is_empty() {
            inside.push_str("; ");
            inside.push_str(&optional.iter().map(Parameter::words).collect::<Vec<_>>().join(", "));
        }
        format!("{}({})", self.name, inside.trim_start_matches("; "))
    }

    /// The type of the result in words.
    pub fn gives(&self) -> String {
        let parameter = |index: usize| self.parameters.get(index).map_or("?", |it| it.name);
        match self.result {
            Returns::Bool => "bool".into(),
            Returns::Int => "int".into(),
            Returns::Float => "float".into(),
            Returns::Text => "string".into(),
            Returns::Quantity => "quantity".into(),
            Returns::Duration => "duration".into(),
            Returns::Time => "time".into(),
            Returns::Semver => "semver".into(),
            Returns::Image => "image".into(),
            Returns::Ip => "ip".into(),
            Returns::Cidr => "cidr".into(),
            Returns::Json => "json".into(),
            Returns::Attestor => "attestor".into(),
            Returns::Same(index) => format!("as `{}`", parameter(index)),
            Returns::Element(index) => format!("an element of `{}`", parameter(index)),
            Returns::Texts => "list of string".into(),
            Returns::MapValues(index) => format!("list of the values of `{}`", parameter(index)),
        }
    }
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

macro_rules! functions {
    ($($name:literal ( $($required:ident : $rty:ident),* $(; $($optional:ident : $oty:ident),*)? ) -> $result:expr, $meaning:expr,
        $summary:literal, $example:literal => $value:literal;)*) => {
        /// All functions, in the order of the reference.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            parameters: &[
                $(Parameter { name: stringify!($required), ty: Kind::$rty },)*
                $($(Parameter { name: stringify!($optional), ty: Kind::$oty },)*)?
            ],
            required: { let names: &[&str] = &[$(stringify!($required)),*]; names.len() },
            result: $result,
            meaning: $meaning,
            summary: $summary,
            example: ($example, $value),
        },)*];
    };
}

use Meaning::{External, Must, Operation as Op};
use Returns as R;

functions! {
    "count"(list: Countable) -> R::Int, Op(Operation::Count), "how many elements, entries or characters", "count([1, 2])" => "2";
    "sum"(list: List) -> R::Element(0), Op(Operation::Sum), "the sum of numbers", "sum([1, 2])" => "3";
    "min"(list: List) -> R::Element(0), Op(Operation::Min), "the least of them", "min([2, 1])" => "1";
    "max"(list: List) -> R::Element(0), Op(Operation::Max), "the greatest of them", "max([2, 1])" => "2";
    "distinct"(list: List) -> R::Same(0), Op(Operation::Distinct), "each value once, in order of appearance", "distinct([1, 2, 1])" => "[1, 2]";
    "sort"(list: List) -> R::Same(0), Op(Operation::Sort), "in ascending order", "sort([2, 1])" => "[1, 2]";
    "reverse"(list: List) -> R::Same(0), Op(Operation::Reverse), "from the end to the beginning", "reverse([1, 2])" => "[2, 1]";
    "join"(list: List, separator: Text) -> R::Text, Op(Operation::Join), "the texts with a separator between them", r#"join(["a", "b"], "-")"# => r#""a-b""#;
    "split"(text: Text, separator: Text) -> R::Texts, Op(Operation::Split), "the parts between separators", r#"split("a,b", ",")"# => r#"["a", "b"]"#;
    "lower"(text: Text) -> R::Text, Op(Operation::Lower), "in lower case", r#"lower("Ab")"# => r#""ab""#;
    "upper"(text: Text) -> R::Text, Op(Operation::Upper), "in upper case", r#"upper("Ab")"# => r#""AB""#;
    "trim"(text: Text, characters: Text) -> R::Text, Op(Operation::Trim), "without any of the characters at both ends", r#"trim("--a-", "-")"# => r#""a""#;
    "replace"(text: Text, old: Text, new: Text) -> R::Text, Op(Operation::Replace), "with each occurrence replaced", r#"replace("a.b.c", ".", "-")"# => r#""a-b-c""#;
    "substring"(text: Text, start: Int, end: Int) -> R::Text, Op(Operation::Substring), "the characters from start up to end", r#"substring("abcd", 1, 3)"# => r#""bc""#;
    "matchGroup"(text: Text, pattern: Regex, group: Int) -> R::Text, Op(Operation::MatchGroup), "a group of a regular expression; missing where it does not match", r#"matchGroup("a-7", r"(\w)-(\d)", 2)"# => r#""7""#;
    "keys"(map: Map) -> R::Texts, Op(Operation::Keys), "the keys, sorted", r#"keys({ b: 1, a: 2 })"# => r#"["a", "b"]"#;
    "values"(map: Map) -> R::MapValues(0), Op(Operation::Values), "the values, in the order of the sorted keys", r#"values({ b: 1, a: 2 })"# => "[2, 1]";
    "without"(map: Map, key: Text) -> R::Same(0), Op(Operation::Without), "the map without one key", r#"keys(without({ a: 1, b: 2 }, "a"))"# => r#"["b"]"#;
    "merge"(left: Map, right: Map) -> R::Same(0), Op(Operation::Merge), "the entries of both; the right wins", r#"keys(merge({ a: 1 }, { b: 2 }))"# => r#"["a", "b"]"#;
    "round"(number: Number; digits: Int) -> R::Float, Op(Operation::Round), "rounded half away from zero", "round(2.345, 2)" => "2.35";
    "text"(value: Scalar) -> R::Text, Op(Operation::ToText), "a number or boolean as text", "text(5)" => r#""5""#;
    "int"(value: Scalar) -> R::Int, Op(Operation::ToInt), "a whole number; missing where the text is none", r#"int("42")"# => "42";
    "float"(value: Scalar) -> R::Float, Op(Operation::ToFloat), "a number; missing where the text is none", r#"float("1.5")"# => "1.5";
    "quantity"(value: Scalar) -> R::Quantity, Op(Operation::ToQuantity), "a Kubernetes quantity; missing where the text is none", r#"quantity("1Gi") > 1000Mi"# => "true";
    "duration"(value: Scalar) -> R::Duration, Op(Operation::ToDuration), "a duration; missing where the text is none", r#"duration("90s") > 1min"# => "true";
    "time"(value: Scalar) -> R::Time, Op(Operation::ToTime), "a point in time; missing where the text is none", r#"time("2026-01-01T00:00:00Z") < time("2027-01-01T00:00:00Z")"# => "true";
    "semver"(value: Scalar) -> R::Semver, Op(Operation::ToSemver), "a semantic version; missing where the text is none", r#"semver("1.10.0") > semver("1.9.0")"# => "true";
    "version"(value: Scalar) -> R::Semver, Op(Operation::ToVersion), "a version with or without `v` and all three parts", r#"version("v1.10") > version("1.9.3")"# => "true";
    "ip"(value: Text) -> R::Ip, Op(Operation::ToIp), "an IP address", r#"ip("10.0.0.7") in "10.0.0.0/8""# => "true";
    "cidr"(value: Text) -> R::Cidr, Op(Operation::ToCidr), "a network", r#"cidr("10.1.0.0/16") in "10.0.0.0/8""# => "true";
    "image"(value: Text) -> R::Image, External, "text read as an image reference", r#"image("nginx").registry"# => r#""docker.io""#;
    "toJson"(value: Any) -> R::Text, Op(Operation::ToJson), "as JSON text", r#"toJson([1, "a"])"# => r#""[1,\"a\"]""#;
    "json"(text: Text) -> R::Json, Op(Operation::FromJson), "the value of JSON text; missing where it is none", r#"json("[7]")[0] == 7"# => "true";
    "yaml"(text: Text) -> R::Json, Op(Operation::FromYaml), "the value of YAML text; missing where it is none", r#"yaml("a: 7").a == 7"# => "true";
    "base64.encode"(text: Text) -> R::Text, Op(Operation::Base64Encode), "in base64", r#"base64.encode("hi")"# => r#""aGk=""#;
    "base64.decode"(text: Text) -> R::Text, Op(Operation::Base64Decode), "out of base64; missing where it is none", r#"base64.decode("aGk=")"# => r#""hi""#;
    "hash.sha256"(text: Text) -> R::Text, Op(Operation::Sha256), "the SHA-256 digest in hexadecimal", r#"substring(hash.sha256(""), 0, 8)"# => r#""e3b0c442""#;
    "hash.sha1"(text: Text) -> R::Text, Op(Operation::Sha1), "the SHA-1 digest in hexadecimal", r#"substring(hash.sha1(""), 0, 8)"# => r#""da39a3ee""#;
    "hash.md5"(text: Text) -> R::Text, Op(Operation::Md5), "the MD5 digest in hexadecimal", r#"substring(hash.md5(""), 0, 8)"# => r#""d41d8cd9""#;
    "must"(value: Any) -> R::Same(0), Must, "the value; where it is missing the rule ends in an error", "must(5)" => "5";

    "random"(pattern: Regex) -> R::Text, External, "random text that matches the expression", "" => "";
    "cron"(time: Scalar) -> R::Text, External, "the cron line of a point in time", "" => "";
    "x509.decode"(pem: Text) -> R::Json, External, "the contents of a certificate", "" => "";
    "file"(path: Text) -> R::Text, External, "the text of a file, read when the policy is built", "" => "";
    "podSecurity"(pod: Any, level: Text; version: Text, except: Any) -> R::Bool, External, "whether a pod meets a Pod Security level", "" => "";
    "labelsMatch"(selector: Map, labels: Map) -> R::Bool, External, "whether each pair of the first stands in the second", "" => "";
    "matchesRequirement"(requirement: Any, labels: Map) -> R::Bool, External, "whether labels meet one requirement of a label selector", "" => "";
    "cluster.get"(kind: Any, name: Text; in: Text) -> R::Json, External, "an object of the cluster; missing where there is none", "" => "";
    "cluster.list"(kind: Any; in: Text, labels: Map) -> R::Json, External, "the objects of a kind in the cluster", "" => "";
    "cluster.post"(kind: Any, object: Any) -> R::Json, External, "the answer to an object that is posted, such as a SubjectAccessReview", "" => "";
    "http.get"(url: Text; headers: Map) -> R::Json, External, "the JSON that a service answers", "" => "";
    "http.post"(url: Text, body: Any; headers: Map) -> R::Json, External, "the JSON that a service answers to a body", "" => "";
    "cache"(name: Text) -> R::Json, External, "an entry of Kyverno's global context", "" => "";
    "key"(key: Text; algorithm: Text, log: Text) -> R::Attestor, External, "signers who hold the private half of a public key (PEM)", "" => "";
    "kms"(uri: Text; algorithm: Text, log: Text) -> R::Attestor, External, "signers by a key management service", "" => "";
    "secret"(name: Text, in: Text; algorithm: Text, log: Text) -> R::Attestor, External, "signers by the key in a Secret, in its entry `cosign.pub`", "" => "";
    "certificate"(certificate: Text; chain: Text, log: Text) -> R::Attestor, External, "signers by a certificate (PEM)", "" => "";
    "keyless"(; issuer: Text, subject: Text, issuerPattern: Regex, subjectPattern: Regex, roots: Text, log: Text) -> R::Attestor, External, "signers by an identity of an OpenID issuer", "" => "";
    "notary"(certificate: Text) -> R::Attestor, External, "signers by Notary, under a certificate (PEM)", "" => "";
    "bundle"(attestor: Any) -> R::Attestor, External, "signers by a Sigstore bundle", "" => "";
    "all"(attestors: List) -> R::Attestor, External, "each of the signers", "" => "";
    "kyverno.pattern"(value: Any, pattern: Any) -> R::Bool, External, "Kyverno's pattern, exactly", "" => "";
    "kyverno.overlay"(value: Any, pattern: Any) -> R::Bool, External, "Kyverno's pattern with anchors, exactly", "" => "";
    "kyverno.equals"(key: Any, value: Any) -> R::Bool, External, "Kyverno's Equals, exactly", "" => "";
    "kyverno.anyIn"(key: Any, value: Any) -> R::Bool, External, "Kyverno's AnyIn, exactly", "" => "";
    "kyverno.greaterThan"(key: Any, value: Any) -> R::Bool, External, "Kyverno's GreaterThan, exactly", "" => "";
    "kyverno.hasKey"(object: Any, key: Text) -> R::Bool, External, "whether an object has a key, null included", "" => "";
    "kyverno.jmespath"(expression: Text) -> R::Json, External, "the value of a JMESPath expression", "" => "";
    "kyverno.cel"(expression: Text) -> R::Json, External, "the value of a CEL expression", "" => "";
}
