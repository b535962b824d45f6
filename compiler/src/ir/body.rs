//! What a rule does with the objects that it speaks of.
//!
//! A rule's head (targets, operations, `applies`, bindings) is about the *admitted* object: [`Root::Object`] and
//! [`Root::Subject`]. What a body changes, copies or makes besides it has roots of its own.

use super::expr::{Binder, Cond, Value};
use super::policy::{Binding, Elements, KindRef, Message, Operations, Rule, Settings, Target};
use crate::source::Span;

/// What a rule does.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// `deny`, `require`
    Check(Check),
    /// `mutate`
    Mutate(Mutation),
    /// `generate`
    Generate(Generation),
    /// `verify`
    Verify(Verification),
    /// `delete … every`
    Delete(Deletion),
}

impl Change {
    /// The place that is written, or the list that grows.
    pub fn place(&self) -> &Value {
        match self {
            Change::Put { place, .. } | Change::Remove { place } => place,
            Change::Insert { list, .. } => list,
        }
    }

    /// What is written there.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Change::Put { value, .. } | Change::Insert { value, .. } => Some(value),
            Change::Remove { .. } => None,
        }
    }
}

impl Body {
    /// The verb of the language; of checks the one that all of them were turned into.
    pub fn verb(&self) -> &'static str {
        match self {
            Body::Check(_) => "deny",
            Body::Mutate(_) => "mutate",
            Body::Generate(_) => "generate",
            Body::Verify(_) => "verify",
            Body::Delete(_) => "delete",
        }
    }
}

/// What a rule asks of each subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// The elements spoken of (`deny container …`); `None`: the subject as a whole.
    pub elements: Option<Elements>,
    /// The violation. With elements: of one element. `require` has been turned around.
    pub violation: Cond,
}

/// `mutate`: edits, in order.
///
/// Lists, guards and values read the object as it was before the rule, so no edit sees another. An edit goes through
/// all elements of its lists before the next edit begins. Elements are those that were there before the rule: one that
/// an edit adds is not edited, and one that moves keeps its edits.
#[derive(Clone, PartialEq, Debug)]
pub struct Mutation {
    /// `mutate … for …`: existing objects change when an object of the rule's own targets is admitted. Then edits
    /// begin at [`Root::ExistingSubject`](super::Root) or `Existing`. `None`: the admitted object itself changes.
    pub existing: Option<Existing>,
    pub edits: Vec<Edit>,
}

/// The existing objects that a mutation changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Existing {
    pub targets: Vec<Target>,
    /// All must hold of an object, or it stays as it is.
    pub applies: Vec<Cond>,
    pub bindings: Vec<Binding>,
}

/// One change, made of each element that its guard holds of.
#[derive(Clone, PartialEq, Debug)]
pub struct Edit {
    /// Lists whose elements are edited one at a time, outer ones first; none: the subject itself.
    pub each: Vec<EachElement>,
    /// When the change is made. It says that every value and computed key of the change is present, where that is not
    /// certain; what `default`, `append` and `prepend` ask of the object before is said here too.
    pub guard: Cond,
    pub change: Change,
    pub origin: Span,
}

/// The elements of a list, or the entries of a map, one at a time.
#[derive(Clone, PartialEq, Debug)]
pub struct EachElement {
    pub binder: Binder,
    /// A path from the subject, the object, or the element of an outer list, if its elements are to be edited; any list
    /// or map, if they are only read. What is missing has no elements.
    pub list: Value,
}

/// What an edit does. Places and lists are paths ([`Value::as_path`]) that begin at the object, the subject, or an
/// element of the edit's lists; their steps are fields and keys.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// The value stands at the place, whatever stood there before. Missing parents are made.
    Put { place: Value, value: Value },
    /// The list has one element more; it and its parents are made where they are missing.
    Insert { list: Value, end: End, value: Value },
    /// Nothing stands at the place any more; an element of a list, where the place is one, leaves no gap.
    Remove { place: Value },
}

/// Where a list grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    First,
    Last,
}

/// `generate`: objects that are made when an object of the rule's targets is admitted.
#[derive(Clone, PartialEq, Debug)]
pub struct Generation {
    /// `each x in list where …`: once for each of them.
    pub each: Option<Each>,
    pub make: Make,
}

/// One round for each element of a list that the filter holds of.
#[derive(Clone, PartialEq, Debug)]
pub struct Each {
    pub binder: Binder,
    pub source: Value,
    pub filter: Cond,
}

/// What is made. A missing name or namespace makes nothing.
#[derive(Clone, PartialEq, Debug)]
pub enum Make {
    /// An object with these fields besides `apiVersion`, `kind`, `metadata.name` and `metadata.namespace`.
    Object {
        kind: KindRef,
        name: Value,
        /// `None` where the kind lives outside namespaces.
        namespace: Option<Value>,
        /// An object value.
        fields: Value,
    },
    /// Copies of objects that exist.
    Copy {
        kinds: Vec<KindRef>,
        /// The one object of this name; `None`: all that the filter holds of.
        name: Option<Value>,
        namespace: Option<Value>,
        /// About [`Root::Existing`](super::Root), the object that is copied.
        filter: Cond,
        /// The namespace that copies go to.
        into: Value,
        /// The copy's name, where it is another one.
        rename: Option<Value>,
    },
}

/// `delete … every`: objects that are removed at times, where the condition holds. The rule's targets say which.
#[derive(Clone, PartialEq, Debug)]
pub struct Deletion {
    pub condition: Cond,
    /// Five fields of cron.
    pub schedule: String,
}

/// `verify`: signatures of images, or of the object itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Verification {
    pub of: Verified,
    /// All must hold.
    pub checks: Vec<SignatureCheck>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Verified {
    /// Of each element that the filter holds of, its image: a path from the element.
    Images { elements: Elements, image: Value },
    /// The object as a manifest, without these fields.
    Manifest { ignoring: Vec<Value> },
}

#[derive(Clone, PartialEq, Debug)]
pub enum SignatureCheck {
    /// `signed by …`
    Signed { by: Signers, origin: Span },
    /// `attested TYPE by … that …`; the condition is about [`Root::Predicate`](super::Root).
    Attested { predicate: String, by: Signers, condition: Option<Cond>, origin: Span },
}

/// Who has to have signed: so many of them.
#[derive(Clone, PartialEq, Debug)]
pub struct Signers {
    pub count: u32,
    pub of: Vec<Attestor>,
}

impl Signers {
    /// Whether a test holds of one of them, or of one in a group.
    pub fn any(&self, test: &dyn Fn(&Attestor) -> bool) -> bool {
        self.of.iter().any(|it| match it {
            Attestor::Group(inner) => inner.any(test),
            other => test(other),
        })
    }
}

/// One who signs.
#[derive(Clone, PartialEq, Debug)]
pub enum Attestor {
    /// Who holds the private half of a public key.
    Key {
        /// PEM, one key.
        key: String,
        options: KeyOptions,
    },
    Kms {
        uri: String,
        options: KeyOptions,
    },
    /// The key in a Secret.
    Secret {
        name: String,
        namespace: String,
        options: KeyOptions,
    },
    Certificate {
        /// PEM.
        certificate: String,
        chain: Option<String>,
        log: Log,
    },
    Keyless(Keyless),
    Notary {
        /// PEM.
        certificate: String,
    },
    /// By a Sigstore bundle: a key or an identity.
    Bundle(Box<Attestor>),
    /// So many of them.
    Group(Signers),
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct KeyOptions {
    /// `sha224`, `sha256`, `sha384`, `sha512`.
    pub algorithm: Option<String>,
    pub log: Log,
}

/// The transparency log that has to know a signature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Log {
    #[default]
    Public,
    /// The one at an address.
    At(String),
    /// None of them, and no log of certificates.
    None,
}

/// An identity of an OpenID issuer; what is not said may be anything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Keyless {
    /// Globs of the whole text.
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Regular expressions (RE2) that are found in the text.
    pub issuer_pattern: Option<String>,
    pub subject_pattern: Option<String>,
    /// Certificates, PEM.
    pub roots: Option<String>,
    pub log: Log,
}

/// `exempt`: objects that rules do not speak of, for a reason and a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Exemption {
    /// The rules: of each the policy's name and the rule's, `None` for all rules of the policy. Globs.
    pub rules: Vec<(String, Option<String>)>,
    /// Empty: every object.
    pub targets: Vec<Target>,
    pub operations: Operations,
    pub applies: Vec<Cond>,
    pub bindings: Vec<Binding>,
    /// From this moment on the exemption says nothing; RFC 3339.
    pub until: Option<String>,
    pub because: String,
    pub origin: Span,
}

impl Exemption {
    /// A rule that speaks of what the exemption covers, for whoever walks or writes its conditions.
    pub fn as_rule(&self) -> Rule {
        let violation = Cond::constant(true, self.origin);
        Rule {
            name: "exempt".to_owned(),
            description: None,
            targets: self.targets.clone(),
            operations: self.operations,
            applies: self.applies.clone(),
            bindings: self.bindings.clone(),
            body: Body::Check(Check { elements: None, violation }),
            message: Message { parts: Vec::new(), written: false },
            actions: Vec::new(),
            settings: Settings::default(),
            named: true,
            origin: self.origin,
            source_text: String::new(),
        }
    }

    /// Whether one of its names or globs stands for the rule.
    pub fn is_from(&self, policy: &str, rule: &str) -> bool {
        self.rules.iter().any(|it| Exemption::stands_for(it, policy, Some(rule)))
    }

    /// Whether a name or glob stands for a policy, and for the rule of it if one is asked for.
    pub fn stands_for(
        (policies, rules): &(String, Option<String>),
        policy: &str,
        rule: Option<&str>,
    ) -> bool {
        let matches = |pattern: &str, name: &str| {
            use aipc_runtime::glob::{Glob, Matcher};
            Matcher::new(&Glob::parse(pattern)).is_some_and(|it| it.matches(name))
        };
        let of_rule = |rules: &String| rule.is_none_or(|rule| matches(rules, rule));
        matches(policies, policy) && rules.as_ref().is_none_or(of_rule)
    }
}
