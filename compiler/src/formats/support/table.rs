//! The table of features by target.

use aipc_runtime::operation::{Operation, Test};

use super::Support::{self, Differs, Encoded, No, Yes};
use super::Target;

/// Something that a policy uses and that a target may lack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Feature {
    DenyRequire,
    Mutate,
    MutateExisting,
    EditElements,
    EditNestedElements,
    Generate,
    Copy,
    GenerateEach,
    Delete,
    Verify,
    VerifyManifest,
    VerifyMessage,
    VerifyMessageElement,
    SignedBeside,
    SignedInBundle,
    AttestedByIdentity,
    AttestationCondition,
    Exempt,
    ExemptUntil,
    ExemptGenerateUntil,
    ExemptCleanUpByRequest,
    ExemptExistingByNamespace,
    ClusterLookup,
    ComputedLabels,
    NamespacedLookup,
    ClusterPost,
    ComputedPost,
    Http,
    Cache,
    ImageRemote,
    Random,
    Quantifier,
    NestedQuantifier,
    MapQuantifier,
    Comprehension,
    PodTemplates,
    ListedPods,
    AnyKind,
    Subresource,
    StaticWhere,
    Binding,
    UserNameGroups,
    UserUid,
    UserRoles,
    ServiceAccount,
    RequestFields,
    OnDelete,
    OnConnect,
    OldObject,
    Changed,
    NamespaceLabels,
    ConditionalAction,
    Warn,
    ComputedMessage,
    OffendingElement,
    Must,
    Glob,
    ValueInGlob,
    Regex,
    ComputedKey,
    ConditionAsValue,
    Quantities,
    Durations,
    Times,
    Now,
    Versions,
    Percents,
    Addresses,
    WholeValues,
    TextOrder,
    Decimals,
    FloatAsText,
    ValueAsText,
    ScaledUnits,
    UnitsInLists,
    ComputedTrim,
    OldListedPods,
    HugeInteger,
    UntypedKind,
    NamespacedPolicy,
    FailurePolicy,
    Timeout,
    Background,
    EmitWarning,
    ApplyRulesOne,
    AllowExistingViolations,
    Scored,
    Test(Test),
    Operation(Operation),
}

/// One feature and how far each target carries it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub feature: Feature,
    /// As a diagnostic names it.
    pub name: &'static str,
    pub kyverno: Support,
    pub legacy: Support,
    pub bytecode: Support,
}

impl Row {
    pub fn of(&self, target: Target) -> Support {
        match target {
            Target::Kyverno => self.kyverno,
            Target::KyvernoLegacy => self.legacy,
            Target::Bytecode => self.bytecode,
        }
    }
}

impl Feature {
    /// The row of the feature.
    pub fn row(self) -> &'static Row {
        // a test asserts that each feature has one
        ROWS.iter().find(|row| row.feature == self).unwrap_or(&ROWS[0])
    }
}

/// The table as Markdown, for the reference.
pub fn support_page() -> String {
    let mut page = String::from(
        "# What each target carries\n\n\
         *Yes* means the same verdicts. What a target lacks is an error of `aipc build` (AIP0601); where it \
         differs in some cases, a warning names them (AIP0602).\n\n\
         | feature | `kyverno` | `kyverno-legacy` | `bytecode` |\n|---|---|---|---|\n",
    );
    for row in ROWS {
        let cells = Target::ALL.map(|target| row.of(target).cell().replace('|', "\\|"));
        page.push_str(&format!("| {} | {} |\n", row.name, cells.join(" | ")));
    }
    page
}

macro_rules! rows {
    ($($feature:expr, $name:literal, $kyverno:expr, $legacy:expr, $bytecode:expr;)*) => {
        /// All features.
        pub const ROWS: &[Row] = &[$(Row {
            feature: $feature, name: $name, kyverno: $kyverno, legacy: $legacy, bytecode: $bytecode,
        },)*];
    };
}

use Feature as F;
use Operation as O;

const NO_REQUEST: Support =
    No("a clean-up runs by itself: there is no user, no operation and no object before it");
const DRAWN_TWICE: Support = No("a value that is named twice would be drawn twice");
const NOT_YET: Support = No("aipc does not carry it there yet");
/// Without a recorded answer a rule is not evaluated.
const RECORDED: Support = Encoded("from the recorded world");
const SIGNATURES: Support =
    Encoded("says which images and objects it asks for; who signed them is not known there");
const CASE: Support = Differs("letters outside ASCII keep their case");
const FLOATS: Support = Encoded("floating point numbers");

//    feature, name,                       kyverno, kyverno-legacy, bytecode
rows! {
    F::DenyRequire, "`deny` and `require`", Yes, Yes, Yes;
    F::Mutate, "`mutate`", Encoded("MutatingPolicy with JSON patches"), Encoded("`patchStrategicMerge`, else JSON patches"), Yes;
    F::MutateExisting, "`mutate … for …`: existing objects", Encoded("MutatingPolicy with `targetMatchConstraints`"), Encoded("`targets`"), Encoded("objects of `--context`");
    F::EditElements, "edits of the elements of a list", Encoded("`transformList`"), Encoded("`foreach`"), Yes;
    F::EditNestedElements, "edits of elements of elements", Encoded("nested `transformList`"), Encoded("nested `foreach`"), Yes;
    F::Generate, "`generate`", Encoded("GeneratingPolicy"), Encoded("`data`"), Yes;
    F::Copy, "`generate copy of`", Encoded("`resource.Get` and `resource.List`"), Encoded("`clone` and `cloneList`"), Encoded("from the objects of `--context`");
    F::GenerateEach, "`generate … each`", Encoded("`all` over the list"), Encoded("`foreach`"), Yes;
    F::Delete, "`delete … every`", Encoded("DeletingPolicy"), Encoded("ClusterCleanupPolicy"), Encoded("says which objects would go");
    F::Verify, "`verify` of images", Encoded("ImageValidatingPolicy"), Encoded("`verifyImages`"), SIGNATURES;
    F::VerifyManifest, "`verify` of manifests",
        No("ImageValidatingPolicy verifies images only"),
        Differs("Kyverno overlooks fields that clusters fill in, such as `status` and `spec.dnsPolicy`, wherever they stand"), SIGNATURES;
    F::VerifyMessageElement, "the image, or its container, in the `message` of `verify`", No("Kyverno evaluates the message once for all images, and knows none of them there"), Yes, Yes;
    F::VerifyMessage, "`message` of `verify`", Yes, Differs("Kyverno says in its own words who has not signed an image"), Yes;
    F::SignedBeside, "`signed by` keys, certificates and identities",
        Differs("where an image has Sigstore bundles, Kyverno asks them, of whatever type they are, and no other signatures"), Yes, SIGNATURES;
    F::SignedInBundle, "`signed by bundle(…)`",
        No("ImageValidatingPolicy takes a signature in a bundle or beside one, whichever it finds"),
        Differs("Kyverno takes whatever a signer says of an image in a bundle for a signature"), SIGNATURES;
    F::AttestedByIdentity, "`attested … by keyless(…)`",
        Yes, Differs("Kyverno takes no image of which another identity says something of the same type"), SIGNATURES;
    F::AttestationCondition, "`attested … that`",
        Differs("of several attestations of one type by one signer Kyverno asks the last"), Yes, SIGNATURES;
    F::Exempt, "`exempt`", Encoded("PolicyException of `policies.kyverno.io/v1`"), Encoded("PolicyException of `kyverno.io/v2`"), Yes;
    F::ExemptUntil, "`until` of `exempt`",
        Differs("Kyverno reads `expiresAt` when it loads a policy, so the exception may outlive it by hours; its command line does not read it"),
        Encoded("a condition with `time_now_utc()`"), Yes;
    F::ExemptGenerateUntil, "`until` of an exemption from `generate`",
        No("Kyverno does not read `expiresAt` of exceptions from a GeneratingPolicy"), Yes, Yes;
    F::ExemptCleanUpByRequest, "an exemption from `delete` that asks of a request", NO_REQUEST, NO_REQUEST, NO_REQUEST;
    F::ExemptExistingByNamespace, "an exemption from `mutate … for` that asks for labels of the namespace",
        No("Kyverno does not know the namespace where it asks exceptions from changes of existing objects"), Yes, Yes;
    F::ClusterLookup, "`cluster.get`, `cluster.list`", Encoded("`resource.Get`, `resource.List`"), Encoded("`context`: lists of the API server"), RECORDED;
    F::ComputedLabels, "`labels` of a lookup that are not written out", No("which labels they are is not known when it is written"), No("which labels they are is not known when it is written"), RECORDED;
    F::NamespacedLookup, "lookups in a policy of one namespace", No("it may ask in its own namespace only"), NOT_YET, RECORDED;
    F::ClusterPost, "`cluster.post`", Encoded("`resource.Post`"), Encoded("`context`: `apiCall` with `method: POST`"), RECORDED;
    F::ComputedPost, "objects for `cluster.post` that are not written out, or go to a namespace that is computed",
        No("what is sent where is not known when it is written"), No("what is sent where is not known when it is written"), RECORDED;
    F::Http, "`http.get`, `http.post`",
        No("Kyverno gives an answer that says no as a value too, and an expression of CEL cannot end a rule in an error on purpose"),
        Encoded("`context`: `apiCall` with `service`"), RECORDED;
    F::Cache, "`cache`", Differs("an entry that is not there is missing, and no error"), Encoded("`context`: `globalReference`"), RECORDED;
    F::ImageRemote, "`image.remote`", NOT_YET, NOT_YET, RECORDED;
    F::Random, "`random`", DRAWN_TWICE, DRAWN_TWICE, Encoded("not evaluated outside a cluster");
    F::Quantifier, "`any` and `every` over a list", Encoded("`exists` and `all`"), Encoded("list patterns, `foreach` or filters"), Yes;
    F::NestedQuantifier, "quantifiers inside quantifiers", Encoded("nested `exists` and `all`"), Encoded("nested filters"), Yes;
    F::MapQuantifier, "quantifiers over the entries of a map", Encoded("`exists` and `all` of two variables"), Encoded("a filter over `items`"), Yes;
    F::Comprehension, "`[… for … in …]`", Encoded("`filter` and `map`"), Yes, Yes;
    F::PodTemplates, "Pods inside workloads", Encoded("a variable that picks the template by kind"), Encoded("autogen where it says the same, else a rule for each place"), Yes;
    F::ListedPods, "Pods in a list inside a custom resource", Encoded("`all` over the list"), Yes, Yes;
    F::AnyKind, "rules about every kind (`resource`)", Yes, Yes, Yes;
    F::Subresource, "subresources", Yes, Yes, Yes;
    F::StaticWhere, "`where` about the object", Encoded("selectors and `matchConditions`"), Yes, Yes;
    F::Binding, "`with` and `let` in rules", Encoded("`variables`"), Encoded("the value in place of its name"), Yes;
    F::UserNameGroups, "`user.name`, `user.groups`", Yes, Yes, Yes;
    F::UserUid, "`user.uid`", Yes, Yes, Yes;
    F::UserRoles, "`user.roles`, `user.clusterRoles`",
        No("the admission request does not name the roles of a user, and CEL policies see nothing else"), Yes, Yes;
    F::ServiceAccount, "`user.serviceAccount`", Encoded("read from the user name"), Yes, Yes;
    F::RequestFields, "`request`", Yes, Yes, Yes;
    F::OnDelete, "`on delete`", Encoded("`oldObject`"), Yes, Yes;
    F::OnConnect, "`on connect`", Yes, Yes, Yes;
    F::OldObject, "`old`", Encoded("`oldObject`"), Yes, Yes;
    F::Changed, "`changed`", Encoded("a comparison with `oldObject`"), Yes, Yes;
    F::NamespaceLabels, "`namespace.labels`, `namespace.annotations`", Encoded("`namespaceSelector` or `namespaceObject`"), Encoded("`namespaceSelector`, where a `where` of its own asks for labels"), Yes;
    F::ConditionalAction, "`action … where`", Encoded("one policy for each action"), Encoded("`failureActionOverrides`, or a rule for each action"), Yes;
    F::Warn, "`action …, warn`", Yes, Yes, Yes;
    F::ComputedMessage, "values in `message`", Encoded("`messageExpression`"), Yes, Yes;
    F::OffendingElement, "the offending element in `message`", Encoded("all offending values, joined"), Yes, Yes;
    F::Must, "`must`", No("an expression of CEL cannot end a rule in an error on purpose"), Yes, Yes;
    F::Glob, "globs (`~`)", Encoded("`matches`, or `startsWith` and the like"), Encoded("wildcards of patterns, or `pattern_match`"), Yes;
    F::ValueInGlob, "values inside globs", Encoded("an escaped regular expression"), Yes, Yes;
    F::Regex, "regular expressions (`matches`)", Yes, Yes, Yes;
    F::ComputedKey, "computed keys (`labels[k]`)", Yes, Yes, Yes;
    F::ConditionAsValue, "conditions as values", Yes, Yes, Yes;
    F::Quantities, "comparing quantities", Encoded("`quantity`"), Encoded("patterns, or the sign of the difference"), Yes;
    F::Durations, "comparing durations", Encoded("`duration`"), Encoded("the sign of the difference"), Yes;
    F::Times, "comparing times", Encoded("`timestamp`"), Yes, Yes;
    F::Now, "`now`", Encoded("`time.now()`"), Yes, Yes;
    F::Versions, "comparing versions", Encoded("`semver`"), Yes, Yes;
    F::Percents, "comparing percentages", Encoded("the number before the sign"), Yes, Yes;
    F::Addresses, "comparing IP addresses", Encoded("`ip`"), No("JMESPath knows no IP addresses and networks"), Yes;
    F::WholeValues, "comparing whole lists and objects", Yes, Yes, Yes;
    F::TextOrder, "ordering texts", Yes, Yes, Yes;
    F::Decimals, "arithmetic with fractions",
        Encoded("floating point numbers, as everywhere"), Yes, Yes;
    F::FloatAsText, "fractions as text", No("CEL writes numbers in its own way"), Yes, Yes;
    F::ValueAsText, "values of unknown type as text", No("CEL writes numbers in its own way"), Yes, Yes;
    F::ScaledUnits, "multiplying and dividing quantities and durations",
        No("CEL only adds and subtracts them"), Yes, Yes;
    F::UnitsInLists, "`sum`, `min`, `max`, `sort` of quantities, durations and times",
        No("CEL does this for numbers and texts only"), Yes, Yes;
    F::ComputedTrim, "`trim` with computed characters",
        No("they would be part of a regular expression"), Yes, Yes;
    F::OldListedPods, "`old` of Pods in a list inside a custom resource",
        No("it cannot be said which of the old Pods it was"), Yes, Yes;
    F::HugeInteger, "integers beyond 2^53", No("Kyverno's command line reads numbers as floats, which round them"),
        No("Kyverno's command line reads numbers as floats, which round them"), Yes;
    F::UntypedKind, "untyped kinds", Yes, Yes, Yes;
    F::NamespacedPolicy, "`settings { namespace }`", Encoded("NamespacedValidatingPolicy and the like"), Encoded("Policy, CleanupPolicy"), Yes;
    F::FailurePolicy, "`settings { failurePolicy }`", Yes, Yes, Yes;
    F::Timeout, "`settings { timeout }`", Yes, Yes, Yes;
    F::Background, "`settings { background }`", Yes, Yes, Yes;
    F::EmitWarning, "`settings { emitWarning }`", Encoded("the action `Warn`"), Yes, Yes;
    F::ApplyRulesOne, "`settings { applyRules: \"One\" }`",
        No("each rule is a policy of its own, and all of them run"), Yes, Yes;
    F::AllowExistingViolations, "`settings { allowExistingViolations: true }`",
        No("a CEL policy judges each update as it judges a new object"), Yes, Yes;
    F::Scored, "`settings { scored }`", Yes, Yes, Yes;

    F::Test(Test::InList), "`in` a list", Yes, Yes, Yes;
    F::Test(Test::InListNumber), "`in` a list of numbers", Yes, Yes, Yes;
    F::Test(Test::InMap), "`in` a map", Yes, Yes, Yes;
    F::Test(Test::InText), "`in` a text", Encoded("`contains`"), Yes, Yes;
    F::Test(Test::InRange), "`in` a range", Encoded("two comparisons"), Yes, Yes;
    F::Test(Test::InCidr), "`in` a network", Encoded("`containsIP`"), No("JMESPath knows no IP addresses and networks"), Yes;
    F::Test(Test::CidrInCidr), "a network `in` a network", Encoded("`containsCIDR`"), No("JMESPath knows no IP addresses and networks"), Yes;

    F::Operation(O::Add), "`+`", Yes, Yes, Yes;
    F::Operation(O::Subtract), "`-`", Yes, Yes, Yes;
    F::Operation(O::Multiply), "`*`", Yes, Yes, Yes;
    F::Operation(O::Divide), "`/`", FLOATS, Yes, Yes;
    F::Operation(O::Negate), "negative values", Yes, Yes, Yes;
    F::Operation(O::Round), "`round`", Differs("halves that floats do not hold exactly"), Yes, Yes;
    F::Operation(O::Count), "`count`", Encoded("`size`"), Yes, Yes;
    F::Operation(O::Sum), "`sum`", Encoded("`sum` of numbers"), Yes, Yes;
    F::Operation(O::Min), "`min`", Yes, Yes, Yes;
    F::Operation(O::Max), "`max`", Yes, Yes, Yes;
    F::Operation(O::Distinct), "`distinct`", Yes, Encoded("sorted texts, in `count` and `join`"), Yes;
    F::Operation(O::Sort), "`sort`", Yes, Yes, Yes;
    F::Operation(O::Reverse), "`reverse`", Yes, Yes, Yes;
    F::Operation(O::Keys), "`keys`", Encoded("`map` and `sort`"), Yes, Yes;
    F::Operation(O::Values), "`values`", Encoded("`map` over the sorted keys"), Yes, Yes;
    F::Operation(O::Without), "`without`", Encoded("`transformMap`"), Yes, Yes;
    F::Operation(O::Merge), "`merge`", No("CEL joins no two maps"), Yes, Yes;
    F::Operation(O::Index), "`[…]`", Yes, Yes, Yes;
    F::Operation(O::Join), "`join`", Yes, Yes, Yes;
    F::Operation(O::Split), "`split`", Yes, Yes, Yes;
    F::Operation(O::Lower), "`lower`", CASE, Yes, Yes;
    F::Operation(O::Upper), "`upper`", CASE, Yes, Yes;
    F::Operation(O::Trim), "`trim`", Encoded("`regex.replace`"), Yes, Yes;
    F::Operation(O::Replace), "`replace`", Yes, Yes, Yes;
    F::Operation(O::Substring), "`substring`", Yes, Yes, Yes;
    F::Operation(O::MatchGroup), "`matchGroup`", Differs("a group that took no part is empty text, not missing"), Yes, Yes;
    F::Operation(O::ToText), "`text`", Yes, Yes, Yes;
    F::Operation(O::ToInt), "`int`", Yes, Yes, Yes;
    F::Operation(O::ToFloat), "`float`", Yes, Yes, Yes;
    F::Operation(O::ToQuantity), "`quantity`", Yes, Yes, Yes;
    F::Operation(O::ToDuration), "`duration`", Yes, Yes, Yes;
    F::Operation(O::ToTime), "`time`", Encoded("`timestamp`"), Yes, Yes;
    F::Operation(O::ToSemver), "`semver`", Yes, Yes, Yes;
    F::Operation(O::ToVersion), "`version`",
        Differs("`V1.2`, and short versions with a pre-release such as `1.2-rc1`, are no versions"), Yes, Yes;
    F::Operation(O::ToIp), "`ip`",
        Differs("an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is none"), No("JMESPath knows no IP addresses and networks"), Yes;
    F::Operation(O::ToCidr), "`cidr`", Yes, No("JMESPath knows no IP addresses and networks"), Yes;
    F::Operation(O::ToJson), "`toJson`", No("CEL writes JSON with other spaces and numbers"), No("Kyverno writes JSON with other escapes"), Yes;
    F::Operation(O::FromJson), "`json`", No("text that is no JSON would end the rule in an error"), No("text that is no JSON would end the rule in an error"), Yes;
    F::Operation(O::FromYaml), "`yaml`", No("text that is no YAML would end the rule in an error"), No("text that is no YAML would end the rule in an error"), Yes;
    F::Operation(O::Base64Encode), "`base64.encode`", Yes, Yes, Yes;
    F::Operation(O::Base64Decode), "`base64.decode`", No("text that is no base64 would end the rule in an error"), Yes, Yes;
    F::Operation(O::Sha256), "`hash.sha256`", Yes, Yes, Yes;
    F::Operation(O::Sha1), "`hash.sha1`", Yes, Yes, Yes;
    F::Operation(O::Md5), "`hash.md5`", Yes, Yes, Yes;
    F::Operation(O::ImageRegistry), "`image.registry`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageRepository), "`image.repository`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageTag), "`image.tag`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageDigest), "`image.digest`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageName), "`image.name`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageReference), "`image.reference`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
    F::Operation(O::ImageWrittenTag), "`image.written.tag`", Encoded("a regular expression"), Encoded("a regular expression"), Yes;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_operation_and_test_has_one_row() {
        let features: HashSet<Feature> = ROWS.iter().map(|row| row.feature).collect();
        assert_eq!(features.len(), ROWS.len(), "a feature has two rows");
        for operation in Operation::ALL {
            assert!(features.contains(&Feature::Operation(*operation)), "{operation:?}");
        }
        for test in Test::ALL {
            assert!(features.contains(&Feature::Test(*test)), "{test:?}");
        }
    }

    #[test]
    fn the_page_has_a_line_for_each_feature() {
        let page = support_page();
        assert!(ROWS.iter().all(|row| page.contains(&format!("| {} |", row.name))));
        assert_eq!(page.lines().filter(|line| line.starts_with('|')).count(), ROWS.len() + 2);
    }
}
