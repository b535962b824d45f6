//! What a program says about its policies and rules besides their code.

use super::instruction::{BindingId, Block, Slot};

/// A rule of one [`super::Program`], numbered through all policies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleId(pub u32);

/// A policy of one [`super::Program`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PolicyId(pub u32);

/// A place in a policy's source. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct SourcePlace {
    /// An index into [`super::Program::files`].
    pub file: u32,
    pub line: u32,
    pub column: u32,
}

/// A policy: a name, words, and its rules.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// `low`, `medium`, `high`, `critical`, `info`.
    pub severity: Option<String>,
    pub category: Option<String>,
    /// Framework and clause.
    pub controls: Vec<(String, String)>,
    /// The namespace that a namespaced policy belongs to.
    pub namespace: Option<String>,
    /// Only the first rule that applies to a resource counts.
    pub first_rule_only: bool,
    /// `false`: a violation warns only.
    pub scored: bool,
    /// Whether existing resources are looked at; `None` where the engine's default holds.
    pub background: Option<bool>,
    pub labels: Vec<(String, String)>,
    pub annotations: Vec<(String, String)>,
    pub place: SourcePlace,
    /// Its rules: from the first, up to and without the second.
    pub rules: (RuleId, RuleId),
}

/// A rule: what it speaks of, its code, and what to say.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub name: String,
    pub description: Option<String>,
    pub policy: PolicyId,
    pub place: SourcePlace,
    /// The rule's own source, on one line.
    pub source_text: String,
    pub targets: Vec<Target>,
    pub operations: Operations,
    /// How many local names the code uses; each is a slot below this number.
    pub slots: u32,
    /// Its `with` values: from the first, up to and without the second, of [`super::Program::bindings`].
    pub bindings: (BindingId, BindingId),
    /// Leaves the answer to the `where` conditions; `None` where there are none.
    pub applies: Option<Block>,
    pub body: Body,
    /// Leaves the text of the message.
    pub message: Block,
    /// Whether the author wrote the message.
    pub message_written: bool,
    pub actions: Vec<ConditionalAction>,
}

/// What a rule does with a subject.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// `deny`, `require`
    Check(Check),
    /// `mutate`: in order.
    Edit(Vec<Edit>),
    /// `mutate … for`: existing objects, a group for each kind.
    EditExisting(Vec<Existing>),
    /// `delete`: leaves the answer whether the object is one to remove.
    Delete(Block),
    /// `generate`
    Generate(Generation),
    /// `verify`: the images that have to be signed; `None`: the object as a manifest.
    Verify(Option<Images>),
}

/// Existing objects that change when an object is admitted.
#[derive(Clone, PartialEq, Debug)]
pub struct Existing {
    /// The objects; the name of one is the root of the places that are edited.
    pub objects: EachElement,
    /// Leaves the answer whether an object is changed; `None`: each is.
    pub filter: Option<Block>,
    pub edits: Vec<Edit>,
}

/// Objects that are made beside the admitted one.
#[derive(Clone, PartialEq, Debug)]
pub struct Generation {
    /// One round for each element; `None`: one round.
    pub each: Option<EachElement>,
    /// Leaves the answer whether a round makes anything; `None`: it does.
    pub filter: Option<Block>,
    pub make: Make,
}

/// What one round makes.
#[derive(Clone, PartialEq, Debug)]
pub enum Make {
    Object(NewObject),
    Copies(Copies),
}

/// Objects of the cluster that are copied.
#[derive(Clone, PartialEq, Debug)]
pub struct Copies {
    /// Leaves one list of them.
    pub objects: Block,
    /// How many there have to be at least.
    pub required: u32,
    /// Leaves the namespace that they go to; without one nothing is made.
    pub into: Block,
    /// Leaves the name that they get; `None`: their own.
    pub rename: Option<Block>,
}

/// An object that is made. Each block leaves one value; without a name or namespace nothing is made.
#[derive(Clone, PartialEq, Debug)]
pub struct NewObject {
    pub api_version: String,
    pub kind: String,
    pub name: Block,
    /// `None` where the kind lives outside namespaces.
    pub namespace: Option<Block>,
    /// The fields besides those.
    pub fields: Block,
}

/// The images of a subject that a rule asks for signatures of.
#[derive(Clone, PartialEq, Debug)]
pub struct Images {
    pub elements: Elements,
    /// Leaves the answer whether the rule speaks of the element; `None`: of each.
    pub filter: Option<Block>,
    /// Leaves the image of the element.
    pub image: Block,
}

/// An exemption of one [`super::Program`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExemptionId(pub u32);

/// Objects that rules do not speak of, for a reason and a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Exemption {
    /// The rules; rising.
    pub rules: Vec<RuleId>,
    /// The kinds of the objects; empty: every object.
    pub targets: Vec<Target>,
    pub operations: Operations,
    /// As [`Rule::slots`].
    pub slots: u32,
    /// As [`Rule::bindings`].
    pub bindings: (BindingId, BindingId),
    /// Leaves the answer to the `where` conditions; `None` where there are none.
    pub applies: Option<Block>,
    /// From this moment on it says nothing; RFC 3339.
    pub until: Option<String>,
    pub because: String,
    pub place: SourcePlace,
}

/// When a subject, or an element of it, violates a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    pub elements: Option<Elements>,
    /// Leaves the answer whether the subject, or the element, violates the rule.
    pub violation: Block,
    /// Where the violation is said, for violations that no condition decides.
    pub violation_origin: OriginId,
}

/// A change of a subject, or of elements of lists in it. Every block reads the object as it was before the rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Edit {
    /// Lists whose elements are changed one at a time, outer ones first.
    pub each: Vec<EachElement>,
    /// Leaves the answer whether the change is made; `None`: it is.
    pub guard: Option<Block>,
    /// What is written, or the list that grows.
    pub place: Place,
    pub change: Change,
}

/// The elements of lists, or the entries of maps, one at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EachElement {
    /// Leaves the lists, one value each.
    pub sources: Block,
    pub source_count: u32,
    pub key: Option<Slot>,
    pub element: Slot,
}

/// A place in an object that is changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub root: PlaceRoot,
    pub steps: Vec<PlaceStep>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlaceRoot {
    Object,
    Subject,
    /// The element that a name stands for.
    Slot(Slot),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlaceStep {
    Field(String),
    /// Leaves the key.
    Key(Block),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Leaves the value that stands there from now on.
    Put(Block),
    /// Leaves an element that is added, at the beginning or at the end.
    Insert {
        first: bool,
        value: Block,
    },
    Remove,
}

/// The elements of a subject that a rule takes one at a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Elements {
    /// How the source calls one: `container`.
    pub view: String,
    /// Leaves the lists, one value each.
    pub sources: Block,
    /// How many lists it leaves.
    pub source_count: u32,
    pub key: Option<Slot>,
    pub element: Slot,
}

/// An action and when it holds.
#[derive(Clone, PartialEq, Debug)]
pub struct ConditionalAction {
    pub effect: Effect,
    pub warn: bool,
    /// Leaves the answer; `None` always holds.
    pub condition: Option<Block>,
}

/// What is to happen with an object that violates a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Effect {
    /// It is refused.
    Enforce,
    /// It is reported.
    Audit,
}

impl Effect {
    pub fn name(self) -> &'static str {
        match self {
            Effect::Enforce => "enforce",
            Effect::Audit => "audit",
        }
    }
}

/// A kind that a rule speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Empty for the core group; `*` for any.
    pub group: String,
    /// `*` for any.
    pub version: String,
    /// `*` for any; with `*` in the group too every kind, whatever its version.
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
    /// Without a slash: `scale`.
    pub subresource: Option<String>,
    /// The places of the subject in the object.
    pub subjects: Vec<Vec<SubjectStep>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SubjectStep {
    Field {
        name: String,
        /// Each admissible object has it, if it has the parent.
        required: bool,
    },
    /// Each element of the list reached so far.
    Each,
}

/// The operations of admission on which a rule speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Operations {
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    pub connect: bool,
}

/// A condition in a policy's source; an index into [`super::Program::origins`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct OriginId(pub u32);

/// Where a condition stands and how it is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    pub place: SourcePlace,
    pub text: String,
}
