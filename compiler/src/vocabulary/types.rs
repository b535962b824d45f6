//! The table of types that have a name: what their values are, how one is written, where they come from.

/// A type that a parameter or `refine` may name.
#[derive(Debug)]
pub struct NamedType {
    pub name: &'static str,
    pub summary: &'static str,
    /// A value in the language; empty where there is no literal.
    pub literal: &'static str,
    /// What of Kubernetes' schemas has this type; empty where nothing has.
    pub schema: &'static str,
}

macro_rules! types {
    ($($name:literal, $summary:literal, $literal:literal, $schema:literal;)*) => {
        /// All of them, in the order of the reference. `list of T`, `map of T` and the objects of the schemas come on top.
        pub const TYPES: &[NamedType] = &[$(NamedType {
            name: $name, summary: $summary, literal: $literal, schema: $schema,
        },)*];
    };
}

types! {
    "bool", "true or false", "true", "`boolean`";
    "int", "a whole number of 64 bits", "3", "`integer`";
    "float", "a number with a fraction", "0.25", "`number`";
    "string", "text", r#""web""#, "`string`";
    "bytes", "bytes in base64; compares as the text that is written", "", "`string` of format `byte`";
    "quantity", "an exact number with a Kubernetes suffix", "64Gi", "`Quantity`";
    "duration", "a span of time; minutes are `min`, since `m` is a thousandth", "1h30min", "`metav1.Duration`";
    "time", "a point in time", "2027-01-31T12:00:00Z", "`Time`, `MicroTime`";
    "percent", "a percentage; compares with percentages only", "50%", "one side of `IntOrString`";
    "semver", "a semantic version", r#"semver("1.20.0")"#, "";
    "image", "a reference to a container image; compares as written, and has parts", r#"image("nginx:1.29")"#, "`image` of containers";
    "ip", "an IP address", r#"ip("10.0.0.7")"#, "`clusterIP`, `podIP` and the like";
    "cidr", "a network", r#"cidr("10.0.0.0/8")"#, "`cidr`, `podCIDR` and the like";
    "json", "anything: no fields are checked", r#"json("[1]")"#, "untyped kinds, fields that keep unknown fields";
    "attestor", "who may sign", r#"key("…")"#, "";
}
