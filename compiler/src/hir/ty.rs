//! Types of expressions.

use crate::ir;
use crate::kubernetes::{Cluster, EnumId, ObjectId, Type, TypeId};

/// The type of an expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Ty {
    /// Not known since something was wrong, which has been said. Goes with everything, in silence.
    Error,
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    Quantity,
    /// An int or a percentage.
    IntOrPercent,
    /// An int or a name.
    IntOrString,
    Duration,
    Time,
    Percent,
    Semver,
    Image,
    Ip,
    /// An IP address or the word `None`: `clusterIP`.
    IpOrNone,
    Cidr,
    /// Anything: fields of untyped kinds. Compared with literals of one type, or converted.
    Json,
    /// Text of a closed set.
    Enum(EnumId),
    List(Box<Ty>),
    Map(Box<Ty>),
    /// Objects of the schema; with several, a value may be of any of them, and has the fields common to all.
    Object(Vec<ObjectId>),
    Record(Record),
    /// Who may sign.
    Attestor,
}

/// Objects that the language itself has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// Compares as text, and has the labels of the namespace.
    Namespace,
    User,
    ServiceAccount,
    Request,
    /// `image.written`
    WrittenImage,
}

/// A field of a [`Record`].
pub struct RecordField {
    pub name: &'static str,
    pub ty: Ty,
}

impl Record {
    pub fn fields(self) -> Vec<RecordField> {
        let field = |name, ty| RecordField { name, ty };
        let texts = || Ty::List(Box::new(Ty::Text));
        let labels = || Ty::Map(Box::new(Ty::Text));
        match self {
            Record::Namespace => vec![field("labels", labels()), field("annotations", labels())],
            Record::User => vec![
                field("name", Ty::Text),
                field("groups", texts()),
                field("uid", Ty::Text),
                field("roles", texts()),
                field("clusterRoles", texts()),
                field("serviceAccount", Ty::Record(Record::ServiceAccount)),
            ],
            Record::ServiceAccount => vec![field("name", Ty::Text), field("namespace", Ty::Text)],
            Record::Request => vec![field("operation", Ty::Text)],
            Record::WrittenImage => vec![field("tag", Ty::Text)],
        }
    }
}

impl Ty {
    pub fn of(cluster: &Cluster, id: TypeId) -> Ty {
        match cluster.ty(id) {
            Type::Bool => Ty::Bool,
            Type::Int => Ty::Int,
            Type::Float => Ty::Float,
            Type::String => Ty::Text,
            Type::Bytes => Ty::Bytes,
            Type::Quantity => Ty::Quantity,
            Type::IntOrPercent => Ty::IntOrPercent,
            Type::IntOrName => Ty::IntOrString,
            Type::Duration => Ty::Duration,
            Type::Time => Ty::Time,
            Type::Semver => Ty::Semver,
            Type::Image => Ty::Image,
            Type::Ip => Ty::Ip,
            Type::IpOrNone => Ty::IpOrNone,
            Type::Cidr => Ty::Cidr,
            Type::Enum(id) => Ty::Enum(*id),
            Type::List(list) => Ty::List(Box::new(Ty::of(cluster, list.item))),
            Type::Map(item) => Ty::Map(Box::new(Ty::of(cluster, *item))),
            Type::Object(id) => Ty::Object(vec![*id]),
            Type::Json => Ty::Json,
        }
    }

    /// The type whose values both are: of a field that several kinds have, of the elements of a list.
    pub fn join(self, other: Ty) -> Ty {
        match (self, other) {
            (Ty::Error, _) | (_, Ty::Error) => Ty::Error,
            (a, b) if a == b => a,
            (Ty::Object(mut a), Ty::Object(b)) => {
                for id in b {
                    if !a.contains(&id) {
                        a.push(id);
                    }
                }
                Ty::Object(a)
            }
            (Ty::List(a), Ty::List(b)) => Ty::List(Box::new(a.join(*b))),
            (Ty::Map(a), Ty::Map(b)) => Ty::Map(Box::new(a.join(*b))),
            (a, b) if a.is_textual() && b.is_textual() => Ty::Text,
            (a, b) if a.is_exact_number() && b.is_exact_number() => Ty::Quantity,
            _ => Ty::Json,
        }
    }

    /// Text, or text with a meaning of its own that still compares as text.
    pub fn is_textual(&self) -> bool {
        matches!(
            self,
            Ty::Text | Ty::Enum(_) | Ty::Image | Ty::Bytes | Ty::IpOrNone | Ty::Record(Record::Namespace)
        )
    }

    pub fn is_exact_number(&self) -> bool {
        matches!(self, Ty::Int | Ty::Float | Ty::Quantity)
    }

    /// A number, or a type that may hold one.
    pub fn is_numeric(&self) -> bool {
        self.is_exact_number() || matches!(self, Ty::IntOrPercent | Ty::IntOrString)
    }

    pub fn is_scalar(&self) -> bool {
        !matches!(
            self,
            Ty::List(_)
                | Ty::Map(_)
                | Ty::Object(_)
                | Ty::Json
                | Ty::Attestor
                | Ty::Record(Record::User | Record::ServiceAccount | Record::Request | Record::WrittenImage)
        )
    }

    /// What stands in JSON where a value of the type stands.
    pub fn shape(&self) -> ir::Shape {
        match self {
            Ty::List(_) => ir::Shape::List,
            Ty::Map(_) => ir::Shape::Map,
            Ty::Object(_) | Ty::Record(_) if !self.is_scalar() => ir::Shape::Object,
            Ty::Json | Ty::Error | Ty::Attestor => ir::Shape::Any,
            _ => ir::Shape::Scalar,
        }
    }

    /// An address is the text of a field until something reads it: it can be empty, or match a glob.
    pub fn to_ir(&self) -> ir::Type {
        match self {
            Ty::Bool => ir::Type::Bool,
            Ty::Int => ir::Type::Int,
            Ty::Float => ir::Type::Float,
            Ty::Text
            | Ty::Enum(_)
            | Ty::Bytes
            | Ty::Ip
            | Ty::IpOrNone
            | Ty::Cidr
            | Ty::Record(Record::Namespace) => ir::Type::Text,
            Ty::Quantity => ir::Type::Quantity,
            Ty::IntOrPercent | Ty::IntOrString => ir::Type::IntOrPercent,
            Ty::Duration => ir::Type::Duration,
            Ty::Time => ir::Type::Time,
            Ty::Percent => ir::Type::Percent,
            Ty::Semver => ir::Type::Semver,
            Ty::Image => ir::Type::Image,
            Ty::List(item) => ir::Type::List(Box::new(item.to_ir())),
            Ty::Map(item) => ir::Type::Map(Box::new(item.to_ir())),
            Ty::Object(_) | Ty::Record(_) => ir::Type::Object,
            Ty::Json | Ty::Error | Ty::Attestor => ir::Type::Json,
        }
    }

    /// As a message names it: `int`, `list of string`.
    pub fn display(&self, cluster: &Cluster) -> String {
        match self {
            Ty::Error => "?".into(),
            Ty::Bool => "bool".into(),
            Ty::Int => "int".into(),
            Ty::Float => "float".into(),
            Ty::Text => "string".into(),
            Ty::Bytes => "bytes".into(),
            Ty::Quantity => "quantity".into(),
            Ty::IntOrPercent => "int or percent".into(),
            Ty::IntOrString => "int or string".into(),
            Ty::Duration => "duration".into(),
            Ty::Time => "time".into(),
            Ty::Percent => "percent".into(),
            Ty::Semver => "semver".into(),
            Ty::Image => "image".into(),
            Ty::Ip => "ip".into(),
            Ty::IpOrNone => "ip or None".into(),
            Ty::Cidr => "cidr".into(),
            Ty::Json => "json".into(),
            Ty::Enum(id) => match &cluster.enumeration(*id).name {
                Some(name) => format!("{name} (one of {})", cluster.enumeration(*id).values.join(", ")),
                None => format!("one of {}", cluster.enumeration(*id).values.join(", ")),
            },
            Ty::List(item) => format!("list of {}", item.display(cluster)),
            Ty::Map(item) => format!("map of {}", item.display(cluster)),
            Ty::Object(ids) => {
                let names: Vec<&str> =
                    ids.iter().map(|id| cluster.object(*id).name.rsplit('/').next().unwrap_or("")).collect();
                names.join(" or ")
            }
            Ty::Record(Record::Namespace) => "namespace".into(),
            Ty::Record(Record::User) => "user".into(),
            Ty::Record(Record::ServiceAccount) => "service account".into(),
            Ty::Record(Record::Request) => "request".into(),
            Ty::Record(Record::WrittenImage) => "image as written".into(),
            Ty::Attestor => "attestor".into(),
        }
    }
}
