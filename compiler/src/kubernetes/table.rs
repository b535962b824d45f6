//! The committed table of built-in shapes, read in place.
//!
//! `compiler/schemas/generate.py` writes it; `compiler/schemas/README.md` tells its layout. Everything is little-endian
//! rows of fixed size in sections, with names as numbers of interned strings, so that nothing is parsed before it is
//! asked for.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::cluster::KindElsewhere;
use super::types::*;
use super::version::{Releases, Version};

/// The table of all releases.
pub(super) struct Table {
    bytes: &'static [u8],
    sections: [Section; SECTION_COUNT],
    object_meta: TypeId,
    any_object: TypeId,
    untyped_object: TypeId,
    /// Filled when a name is first asked for.
    objects_by_name: OnceLock<HashMap<&'static str, ObjectId>>,
}

/// The table that is part of the program.
pub(super) fn built_in() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::open(SHAPES))
}

static SHAPES: &[u8] = include_bytes!("../../schemas/shapes.bin");

const FORMAT_VERSION: u32 = 1;
const HEADER_SIZE: usize = 24;
const SECTION_COUNT: usize = 11;
/// A number that stands for no string, default or text.
const NONE: u16 = u16::MAX;

/// Rows of one size.
#[derive(Clone, Copy)]
struct Section {
    offset: usize,
    count: usize,
}

// Sections, with the size of their rows in bytes.
const STRING_ENDS: (usize, usize) = (0, 4);
const STRING_BYTES: usize = 1;
const TYPES: (usize, usize) = (2, 12);
const KEYS: (usize, usize) = (3, 2);
const ENUMS: (usize, usize) = (4, 6);
const ENUM_VALUES: (usize, usize) = (5, 4);
const OBJECTS: (usize, usize) = (6, 12);
const FIELDS: (usize, usize) = (7, 12);
const DEFAULTS: (usize, usize) = (8, 8);
const KINDS: (usize, usize) = (9, 18);
const SUBRESOURCES: (usize, usize) = (10, 10);

/// The generator's scalars, in its order; their positions are their type numbers.
const SCALARS: [Type; 16] = [
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::String,
    Type::Bytes,
    Type::Quantity,
    Type::IntOrPercent,
    Type::IntOrName,
    Type::Duration,
    Type::Time,
    Type::Semver,
    Type::Image,
    Type::Ip,
    Type::IpOrNone,
    Type::Cidr,
    Type::Json,
];

const TAG_ENUM: u8 = 100;
const TAG_LIST: u8 = 101;
const TAG_MAP: u8 = 102;
const TAG_OBJECT: u8 = 103;

/// Fields beyond the listed ones may stand.
const OBJECT_OPEN: u16 = 1;
/// The object of a kind: `apiVersion` and `kind` must be there.
const OBJECT_ROOT: u16 = 2;
/// The object of a kind that is stored, so that it must have a name: `metadata` must be there.
const OBJECT_PERSISTED: u16 = 4;

/// A row of the field section.
struct FieldRow {
    name: u16,
    ty: u16,
    default: u16,
    doc: u16,
    releases: Releases,
    required: Releases,
    /// The API server enforces what the schema does not say.
    enforced: bool,
}

impl Table {
    fn open(bytes: &'static [u8]) -> Table {
        assert!(bytes.starts_with(b"aipk"), "shapes.bin is the generator's table");
        assert_eq!(u32_at(bytes, 4), FORMAT_VERSION, "shapes.bin has the format that this reader knows");
        let sections = std::array::from_fn(|index| Section {
            offset: u32_at(bytes, HEADER_SIZE + 8 * index) as usize,
            count: u32_at(bytes, HEADER_SIZE + 8 * index + 4) as usize,
        });
        let named = |index: usize| TypeId(u32_at(bytes, HEADER_SIZE + 8 * SECTION_COUNT + 4 * index));
        Table {
            bytes,
            sections,
            objects_by_name: OnceLock::new(),
            object_meta: named(0),
            any_object: named(1),
            untyped_object: named(2),
        }
    }

    pub(super) fn object_count(&self) -> usize {
        self.count(OBJECTS)
    }

    pub(super) fn object_meta(&self) -> TypeId {
        self.object_meta
    }

    pub(super) fn any_object(&self) -> TypeId {
        self.any_object
    }

    pub(super) fn untyped_object(&self) -> TypeId {
        self.untyped_object
    }

    /// All types, under their numbers.
    pub(super) fn types(&self) -> Vec<Type> {
        (0..self.count(TYPES)).map(|index| self.ty(index)).collect()
    }

    fn ty(&self, index: usize) -> Type {
        let row = self.row(TYPES, index);
        let argument = u32_at(row, 4);
        match row[0] {
            TAG_ENUM => Type::Enum(EnumId(argument)),
            TAG_LIST => Type::List(self.list_type(row, TypeId(argument))),
            TAG_MAP => Type::Map(TypeId(argument)),
            TAG_OBJECT => Type::Object(ObjectId(argument)),
            scalar => SCALARS[scalar as usize].clone(),
        }
    }

    fn list_type(&self, row: &[u8], item: TypeId) -> ListType {
        let first_key = usize::from(u16_at(row, 8));
        let keys = first_key..first_key + usize::from(row[3]);
        let identity = match row[1] {
            0 => ListIdentity::Atomic,
            1 => ListIdentity::Set,
            _ => ListIdentity::Map(keys.map(|key| self.text(u16_at(self.row(KEYS, key), 0))).collect()),
        };
        let patch = match row[2] {
            0 => PatchStrategy::Replace,
            1 => PatchStrategy::Merge,
            _ => PatchStrategy::MergeBy(self.text(u16_at(row, 10))),
        };
        ListType { item, identity, patch }
    }

    pub(super) fn enum_count(&self) -> usize {
        self.count(ENUMS)
    }

    /// The sets of one release, under their numbers.
    pub(super) fn enums(&self, version: Version) -> Vec<Enumeration> {
        (0..self.count(ENUMS)).map(|index| self.enumeration(index, version)).collect()
    }

    fn enumeration(&self, index: usize, version: Version) -> Enumeration {
        let row = self.row(ENUMS, index);
        let first = usize::from(u16_at(row, 2));
        let mut set =
            Enumeration { name: Some(self.text(u16_at(row, 0))), values: Vec::new(), elsewhere: Vec::new() };
        for value in first..first + usize::from(u16_at(row, 4)) {
            let row = self.row(ENUM_VALUES, value);
            let (value, releases) = (self.text(u16_at(row, 0)), Releases(row[2]));
            if releases.contains(version) {
                set.values.push(value);
            } else {
                let (since, removed) = (releases.since(), releases.removed());
                set.elsewhere.push(EnumValueElsewhere { value, since, removed });
            }
        }
        set
    }

    /// The object of this short name.
    pub(super) fn object_by_name(&self, name: &str) -> Option<ObjectId> {
        let index = self.objects_by_name.get_or_init(|| {
            let mut index = HashMap::new();
            for number in 0..self.object_count() {
                let name = self.str(u16_at(self.row(OBJECTS, number), 0));
                index.entry(name).or_insert(ObjectId(number as u32));
            }
            index
        });
        index.get(name).copied()
    }

    /// The object type of an object: object types follow the scalars.
    pub(super) fn object_type(&self, id: ObjectId) -> TypeId {
        TypeId(SCALARS.len() as u32 + id.0)
    }

    /// The object as it is in one release.
    pub(super) fn object(&self, id: ObjectId, version: Version) -> Object {
        let row = self.row(OBJECTS, id.0 as usize);
        let flags = u16_at(row, 10);
        let mut object = Object {
            name: self.text(u16_at(row, 0)),
            fields: Vec::new(),
            open: flags & OBJECT_OPEN != 0,
            elsewhere: Vec::new(),
            doc: doc_ref(u16_at(row, 2)),
        };
        let rows: Vec<FieldRow> = self.field_rows(id).collect();
        // Rows of one name stand together: a field whose type changed between releases has several.
        for same_name in rows.chunk_by(|a, b| a.name == b.name) {
            let releases = same_name.iter().fold(Releases(0), |all, it| all.union(it.releases));
            match same_name.iter().find(|it| it.releases.contains(version)) {
                Some(row) => object.fields.push(self.field(row, releases, flags, version)),
                None => object.elsewhere.push((self.text(same_name[0].name), releases)),
            }
        }
        object
    }

    fn field_rows(&self, id: ObjectId) -> impl Iterator<Item = FieldRow> {
        let row = self.row(OBJECTS, id.0 as usize);
        let first = u32_at(row, 4) as usize;
        (first..first + usize::from(u16_at(row, 8))).map(|index| {
            let row = self.row(FIELDS, index);
            FieldRow {
                name: u16_at(row, 0),
                ty: u16_at(row, 2),
                default: u16_at(row, 4),
                doc: u16_at(row, 6),
                releases: Releases(row[8]),
                required: Releases(row[9]),
                enforced: row[10] != 0,
            }
        })
    }

    fn field(&self, row: &FieldRow, releases: Releases, flags: u16, version: Version) -> Field {
        let name = self.text(row.name);
        let required = row.required.contains(version);
        let effectively_required = required
            || row.enforced
            || match name.as_ref() {
                "apiVersion" | "kind" => flags & OBJECT_ROOT != 0,
                "metadata" => flags & OBJECT_PERSISTED != 0,
                "spec" => self.has_required_field(row.ty, version),
                _ => false,
            };
        Field {
            name,
            ty: TypeId(u32::from(row.ty)),
            required,
            effectively_required,
            default: self.default(row.default),
            since: releases.since(),
            removed: releases.removed(),
            doc: doc_ref(row.doc),
        }
    }

    fn has_required_field(&self, ty: u16, version: Version) -> bool {
        match self.ty(usize::from(ty)) {
            Type::Object(id) => self.field_rows(id).any(|it| it.required.contains(version) || it.enforced),
            _ => false,
        }
    }

    fn default(&self, index: u16) -> Option<DefaultValue> {
        if index == NONE {
            return None;
        }
        let row = self.row(DEFAULTS, usize::from(index));
        let number = u32_at(row, 4) as i32;
        Some(match u16_at(row, 0) {
            0 => DefaultValue::Bool(number != 0),
            1 => DefaultValue::Int(i64::from(number)),
            2 => DefaultValue::String(self.text(u16_at(row, 2))),
            _ => DefaultValue::Conditional(self.text(u16_at(row, 2))),
        })
    }

    /// The kinds of one release by group, name and version, and those of other releases.
    pub(super) fn kinds(&self, version: Version) -> (Vec<Kind>, Vec<KindElsewhere>) {
        let (mut kinds, mut elsewhere) = (Vec::new(), Vec::new());
        for index in 0..self.count(KINDS) {
            let row = self.row(KINDS, index);
            let releases = Releases(row[16]);
            let (group, api_version, kind) =
                (self.str(u16_at(row, 0)), self.str(u16_at(row, 2)), self.str(u16_at(row, 4)));
            if releases.contains(version) {
                kinds.push(Kind {
                    group: Text::Borrowed(group),
                    version: Text::Borrowed(api_version),
                    kind: Text::Borrowed(kind),
                    plural: self.text(u16_at(row, 6)),
                    namespaced: row[15] != 0,
                    verbs: Verbs(u16_at(row, 8)),
                    subresources: self.subresources(usize::from(u16_at(row, 12)), row[14], version),
                    ty: TypeId(u32::from(u16_at(row, 10))),
                    source: KindSource::BuiltIn,
                    since: releases.since(),
                    removed: releases.removed(),
                });
            } else {
                elsewhere.push(KindElsewhere { group, version: api_version, kind, releases });
            }
        }
        (kinds, elsewhere)
    }

    fn subresources(&self, first: usize, count: u8, version: Version) -> Vec<Subresource> {
        (first..first + usize::from(count))
            .map(|index| self.row(SUBRESOURCES, index))
            .filter(|row| Releases(row[8]).contains(version))
            .map(|row| Subresource {
                name: self.text(u16_at(row, 0)),
                kind: self.text(u16_at(row, 2)),
                verbs: Verbs(u16_at(row, 4)),
                ty: TypeId(u32::from(u16_at(row, 6))),
            })
            .collect()
    }

    fn text(&self, string: u16) -> Text {
        Text::Borrowed(self.str(string))
    }

    fn str(&self, string: u16) -> &'static str {
        let end = |index: usize| u32_at(self.row(STRING_ENDS, index), 0) as usize;
        let start = string.checked_sub(1).map_or(0, |before| end(usize::from(before)));
        let base = self.sections[STRING_BYTES].offset;
        let bytes = &self.bytes[base + start..base + end(usize::from(string))];
        std::str::from_utf8(bytes).expect("the generator writes strings in UTF-8")
    }

    fn count(&self, (section, _): (usize, usize)) -> usize {
        self.sections[section].count
    }

    fn row(&self, (section, size): (usize, usize), index: usize) -> &'static [u8] {
        let start = self.sections[section].offset + index * size;
        &self.bytes[start..start + size]
    }
}

fn doc_ref(number: u16) -> DocRef {
    if number == NONE { DocRef::None } else { DocRef::BuiltIn(number) }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// 64-bit FNV-1a, as the generator computes it over what it writes.
#[cfg(test)]
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
    }

    #[test]
    fn the_table_is_what_the_generator_wrote() {
        assert_eq!(u64_at(SHAPES, 16), fnv1a(&SHAPES[HEADER_SIZE..]), "shapes.bin was changed by hand");
    }

    #[test]
    fn the_table_was_generated_from_the_committed_hand_tables() {
        let tables = [
            include_str!("../../schemas/enums.toml"),
            include_str!("../../schemas/refinements.toml"),
            include_str!("../../schemas/defaults.toml"),
        ];
        let hash = fnv1a(tables.join("\0").as_bytes());
        assert_eq!(u64_at(SHAPES, 8), hash, "a hand table changed: run compiler/schemas/generate.py");
    }

    #[test]
    fn object_types_follow_the_scalars() {
        let table = built_in();
        for (index, scalar) in SCALARS.iter().enumerate() {
            assert_eq!(table.ty(index), *scalar);
        }
        for index in 0..table.object_count() {
            let id = ObjectId(index as u32);
            assert_eq!(table.ty(table.object_type(id).0 as usize), Type::Object(id));
        }
    }

    #[test]
    fn every_row_of_every_release_can_be_read() {
        let table = built_in();
        let type_count = table.types().len() as u32;
        for version in Version::all() {
            let enum_count = table.enums(version).len() as u32;
            let (kinds, _) = table.kinds(version);
            assert!(kinds.len() > 60, "{version}");
            for kind in &kinds {
                assert!(matches!(table.ty(kind.ty.0 as usize), Type::Object(_)), "{}", kind.full_name());
            }
            for index in 0..table.object_count() {
                for field in table.object(ObjectId(index as u32), version).fields {
                    assert!(field.ty.0 < type_count);
                }
            }
            for ty in table.types() {
                match ty {
                    Type::List(list) => assert!(list.item.0 < type_count),
                    Type::Map(item) => assert!(item.0 < type_count),
                    Type::Object(id) => assert!((id.0 as usize) < table.object_count()),
                    Type::Enum(id) => assert!(id.0 < enum_count),
                    _ => {}
                }
            }
        }
    }
}
