#!/usr/bin/env python3
"""Writes shapes.bin and docs.bin from the OpenAPI documents of Kubernetes 1.30 to 1.37.

Run it without arguments in this folder; README.md tells what it needs and how the files are laid out.
"""

import json
import os
import re
import struct
import subprocess
import sys
import tomllib
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))

# One release of each minor version, oldest first: bit 0 of a mask is the first.
RELEASES = ["1.30.14", "1.31.14", "1.32.13", "1.33.13", "1.34.4", "1.35.4", "1.36.3", "1.37.2"]
MINORS = [release.rsplit(".", 1)[0] for release in RELEASES]
ALL = (1 << len(RELEASES)) - 1

FORMAT_VERSION = 1
HAND_TABLES = ["enums.toml", "refinements.toml", "defaults.toml"]
NONE = 0xFFFF

# The scalars in the order of their type numbers; compiler/src/kubernetes/table.rs has the same list.
SCALARS = [
    "bool", "int", "float", "string", "bytes", "quantity", "int_or_percent", "int_or_name", "duration", "time",
    "semver", "image", "ip", "ip_or_none", "cidr", "json",
]
TAG_ENUM, TAG_LIST, TAG_MAP, TAG_OBJECT = 100, 101, 102, 103
IDENTITY = {None: 0, "atomic": 0, "set": 1, "map": 2}
PATCH_REPLACE, PATCH_MERGE, PATCH_MERGE_BY = 0, 1, 2
OBJECT_OPEN, OBJECT_ROOT, OBJECT_PERSISTED = 1, 2, 4
DEFAULT_BOOL, DEFAULT_INT, DEFAULT_STRING, DEFAULT_CONDITIONAL = 0, 1, 2, 3

VERBS = ["create", "update", "patch", "delete", "deletecollection", "get", "list", "connect"]
ACTION_VERB = {"post": "create", "put": "update"}

# Definitions that stand for something else than an object with fixed fields.
SPECIAL = {
    "api/resource/Quantity": "quantity",
    "meta/v1/Time": "time",
    "meta/v1/MicroTime": "time",
    "meta/v1/Duration": "duration",
    "meta/v1/FieldsV1": "json",
    "meta/v1/Patch": "json",
    "pkg/runtime/RawExtension": "json",
    "apiextensions/v1/JSON": "json",
    "apiextensions/v1/JSONSchemaPropsOrArray": "json",
    "apiextensions/v1/JSONSchemaPropsOrBool": "json",
    "apiextensions/v1/JSONSchemaPropsOrStringArray": "json",
    "util/intstr/IntOrString": "int_or_percent",
}

# The options of connect requests are published as query parameters, which hide that these two are lists.
OPTIONS_LISTS = {("PodExecOptions", "command"), ("PodPortForwardOptions", "ports")}

ANY_OBJECT, UNTYPED_OBJECT = "any object", "object without a schema"


def main():
    spec = Spec([read_swagger(release) for release in RELEASES])
    hand = Hand(spec)
    table = Table(spec, hand)
    docs = Docs()
    body = table.encode(docs)
    write("shapes.bin", b"aipk" + struct.pack("<IQQ", FORMAT_VERSION, hand.hash, fnv1a(body)) + body)
    write("docs.bin", docs.encode())
    table.report(docs)


def read_swagger(release):
    """The OpenAPI v2 document that Kubernetes publishes with a release, from the Go module proxy."""
    command = ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{release}"]
    module = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=HERE).stdout)
    with open(os.path.join(module["Dir"], "api", "openapi-spec", "swagger.json"), encoding="utf-8") as file:
        return json.load(file)


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(data)


def fnv1a(data):
    """64-bit FNV-1a, which the tests of the compiler compute as well."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def short_name(definition):
    """io.k8s.api.core.v1.PodSpec -> core/v1/PodSpec"""
    return "/".join(definition.split(".")[-3:])


def ref_name(schema):
    return short_name(schema["$ref"].removeprefix("#/definitions/"))


class Spec:
    """The published documents, merged: objects with their fields by release, kinds and their resources."""

    def __init__(self, documents):
        self.objects = {}  # short name -> {"doc", "fields": {name: {"schemas": [per release], "required": mask}}}
        self.kind_objects = {}  # (group, version, kind) -> short name
        self.kinds = {}  # (group, version, kind) -> {"plural", "namespaced", "mask", "verbs", "subresources"}
        for bit, document in enumerate(documents):
            self.add_objects(bit, document["definitions"])
        for bit, document in enumerate(documents):
            self.add_paths(bit, document)
        self.settle_required()

    def add_objects(self, bit, definitions):
        for name, schema in definitions.items():
            short = short_name(name)
            it = self.objects.setdefault(short, {"doc": None, "fields": {}})
            it["doc"] = schema.get("description") or it["doc"]
            for field, field_schema in schema.get("properties", {}).items():
                slot = it["fields"].setdefault(field, {"schemas": [None] * len(RELEASES), "required": 0})
                slot["schemas"][bit] = field_schema
                if field in schema.get("required", []):
                    slot["required"] |= 1 << bit
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                # Options such as DeleteOptions belong to every group; they are no kinds of a resource.
                if len(schema["x-kubernetes-group-version-kind"]) == 1:
                    self.kind_objects[(gvk["group"], gvk["version"], gvk["kind"])] = short

    def settle_required(self):
        """A requirement that a later release dropped was a slip of the schema: objects without it are accepted."""
        for it in self.objects.values():
            for slot in it["fields"].values():
                settled = 0
                for bit in reversed(range(len(RELEASES))):
                    if slot["schemas"][bit] is None:
                        continue
                    if not slot["required"] & (1 << bit):
                        break
                    settled |= 1 << bit
                slot["required"] = settled

    PATH = re.compile(
        r"^/(?:api|apis/(?P<group>[^/]+))/(?P<version>v[^/]+)(?P<namespaced>/namespaces/\{namespace\})?"
        r"/(?P<plural>[a-z]+)(?P<named>/\{name\})?(?:/(?P<sub>[a-z]+))?(?P<rest>/\{path\})?$"
    )

    def add_paths(self, bit, document):
        paths = []
        for path, item in document["paths"].items():
            match = self.PATH.match(path)
            if match and match["plural"] != "watch":
                paths.append((match, item))
        for subresource in (False, True):
            for match, item in paths:
                if bool(match["sub"]) == subresource:
                    self.add_path(bit, document, match, item)

    def add_path(self, bit, document, match, item):
        group, version, plural = match["group"] or "", match["version"], match["plural"]
        for method, operation in item.items():
            if method == "parameters" or "x-kubernetes-group-version-kind" not in operation:
                continue
            gvk = operation["x-kubernetes-group-version-kind"]
            gvk = (gvk["group"], gvk["version"], gvk["kind"])
            action = operation["x-kubernetes-action"]
            verb = ACTION_VERB.get(action, action)
            if verb not in VERBS:
                continue
            if not match["sub"]:
                fresh = {"plural": plural, "namespaced": False, "mask": 0, "verbs": 0, "subresources": {}}
                kind = self.kinds.setdefault(gvk, fresh)
                if match["namespaced"]:
                    kind["namespaced"] = True
                kind["mask"] |= 1 << bit
                kind["verbs"] |= 1 << VERBS.index(verb)
                continue
            parent = next(
                it for key, it in self.kinds.items()
                if it["plural"] == plural and key[:2] == (group, version) and it["mask"] & (1 << bit)
            )
            self.add_subresource(bit, document, parent, match["sub"], gvk, verb, item)

    def add_subresource(self, bit, document, parent, name, gvk, verb, item):
        short = self.kind_objects.get(gvk)
        if short is None:
            # Log, exec and the like: connect or get, with query parameters for a body.
            short = f"core/v1/{gvk[2]}"
            if verb == "connect":
                self.add_options(bit, document, short, gvk[2], item)
        sub = parent["subresources"].setdefault(name, {"kind": gvk[2], "object": short, "verbs": 0, "mask": 0})
        sub["verbs"] |= 1 << VERBS.index(verb)
        sub["mask"] |= 1 << bit

    def add_options(self, bit, document, short, kind, item):
        text = f"{kind} is the object that admission sees in a connect request to this address."
        it = self.objects.setdefault(short, {"doc": text, "fields": {}})
        shared = {name: dict(value) for name, value in document.get("parameters", {}).items()}
        parameters = [shared[p["$ref"].split("/")[-1]] if "$ref" in p else p for p in item.get("parameters", [])]
        fields = {p["name"]: p for p in parameters if p["in"] == "query"}
        for name in ["apiVersion", "kind"]:
            fields[name] = {"type": "string"}
        for name, parameter in fields.items():
            schema = {"type": parameter["type"], "description": parameter.get("description", "")}
            if (kind, name) in OPTIONS_LISTS:
                schema = {"type": "array", "items": {"type": parameter["type"]}, "description": schema["description"]}
            slot = it["fields"].setdefault(name, {"schemas": [None] * len(RELEASES), "required": 0})
            slot["schemas"][bit] = schema


class Hand:
    """The tables kept by hand, resolved to fields."""

    def __init__(self, spec):
        self.spec = spec
        texts = [open(os.path.join(HERE, name), "rb").read() for name in HAND_TABLES]
        self.hash = fnv1a(b"\0".join(texts))
        enums, refinements, defaults = (tomllib.loads(text.decode()) for text in texts)
        self.enums = []  # (name, [(value, mask)])
        self.types = {}  # (object, field) -> ("enum", index) or a scalar
        for row in enums["enum"]:
            for field in self.fields(row["fields"]):
                self.claim(field, ("enum", len(self.enums)))
            self.enums.append((row["name"], [read_value(value) for value in row["values"]]))
        for scalar, patterns in refinements["types"].items():
            assert scalar in SCALARS, f"refinements.toml: no such type: {scalar}"
            for field in self.fields(patterns):
                self.claim(field, scalar)
        self.optional = set(self.fields(refinements["optional"]["fields"]))
        self.enforced = set(self.fields(refinements["required"]["fields"]))
        self.defaults = {}
        for pattern, value in defaults["fixed"].items():
            for field in self.fields([pattern]):
                self.defaults[field] = ("fixed", value)
        for pattern, value in defaults["conditional"].items():
            for field in self.fields([pattern]):
                self.defaults[field] = ("conditional", value)

    def claim(self, field, refined):
        assert field not in self.types, f"refined twice: {field}"
        self.types[field] = refined

    def fields(self, patterns):
        for pattern in patterns:
            name, field = pattern.rsplit(".", 1)
            group, version, kind = name.split("/")
            found = [
                short for short, it in self.spec.objects.items()
                if field in it["fields"] and re.fullmatch(
                    f"{re.escape(group)}/{'v[^/]+' if version == '*' else re.escape(version)}/{re.escape(kind)}", short)
            ]
            assert found, f"no release has the field {pattern}"
            yield from ((short, field) for short in found)


def read_value(text):
    """Always, Gt@1.35 (since), Proposed@..1.32 (until), Pod@1.36..1.36 (both)"""
    value, _, releases = text.partition("@")
    if not releases:
        return value, ALL
    first, dots, last = releases.partition("..")
    since = MINORS.index(first) if first else 0
    until = MINORS.index(last) if dots else len(MINORS) - 1
    return value, sum(1 << bit for bit in range(since, until + 1))


class Table:
    """Everything that is reachable from a kind, numbered."""

    def __init__(self, spec, hand):
        self.spec, self.hand = spec, hand
        self.strings, self.string_ids = [], {}
        self.keys, self.defaults = [], []
        self.default_ids = {}
        names = set()
        for gvk, kind in spec.kinds.items():
            self.reach(spec.kind_objects[gvk], names)
            for sub in kind["subresources"].values():
                if sub["object"] in spec.objects:
                    self.reach(sub["object"], names)
        self.names = sorted(names) + [ANY_OBJECT, UNTYPED_OBJECT]
        self.object_ids = {name: index for index, name in enumerate(self.names)}
        self.types, self.type_ids = [], {}
        for index in range(len(SCALARS)):
            self.type_id((index, 0, 0, (), 0, None))
        for index in range(len(self.names)):
            self.type_id((TAG_OBJECT, index, 0, (), 0, None))
        self.roots, self.persisted = self.find_roots()

    def reach(self, name, names):
        if name in names:
            return
        names.add(name)
        for slot in self.spec.objects[name]["fields"].values():
            for schema in slot["schemas"]:
                if schema is not None:
                    for inner in inner_names(schema):
                        self.reach(inner, names)

    def find_roots(self):
        """Objects of kinds that nothing contains: their apiVersion, kind and metadata must be there."""
        contained = set()
        for name in self.names[:-2]:
            for slot in self.spec.objects[name]["fields"].values():
                for schema in slot["schemas"]:
                    if schema is not None:
                        contained.update(inner_names(schema))
        get = 1 << VERBS.index("get")
        roots = {self.spec.kind_objects[gvk]: bool(kind["verbs"] & get) for gvk, kind in self.spec.kinds.items()}
        roots = {name: persisted for name, persisted in roots.items() if name not in contained}
        return set(roots), {name for name, persisted in roots.items() if persisted}

    def type_id(self, key):
        if key not in self.type_ids:
            self.type_ids[key] = len(self.types)
            self.types.append(key)
        return self.type_ids[key]

    def scalar(self, name):
        return SCALARS.index(name)

    def object_type(self, name):
        return self.type_ids[(TAG_OBJECT, self.object_ids[name], 0, (), 0, None)]

    def field_type(self, owner, field, schema):
        return self.schema_type(schema, self.hand.types.get((owner, field)))

    def schema_type(self, schema, refined):
        if "$ref" in schema:
            name = ref_name(schema)
            if name in SPECIAL:
                special = SPECIAL[name]
                return self.scalar(refined if refined and special == "int_or_percent" else special)
            assert not refined, f"an object cannot be refined: {schema}"
            return self.object_type(name)
        kind = schema.get("type")
        if kind == "array":
            identity = schema.get("x-kubernetes-list-type")
            keys = tuple(schema.get("x-kubernetes-list-map-keys", []))
            merge_key = schema.get("x-kubernetes-patch-merge-key")
            patch = PATCH_REPLACE
            if "merge" in schema.get("x-kubernetes-patch-strategy", "").split(","):
                patch = PATCH_MERGE_BY if merge_key else PATCH_MERGE
            item = self.schema_type(schema["items"], refined)
            return self.type_id((TAG_LIST, item, IDENTITY[identity], keys, patch, merge_key))
        if kind == "object" and "additionalProperties" in schema:
            return self.type_id((TAG_MAP, self.schema_type(schema["additionalProperties"], refined), 0, (), 0, None))
        if kind == "string" and refined:
            if isinstance(refined, tuple):
                return self.type_id((TAG_ENUM, refined[1], 0, (), 0, None))
            return self.scalar(refined)
        assert not refined, f"only strings can be refined: {schema}"
        if kind == "string":
            return self.scalar({"byte": "bytes", "date-time": "time"}.get(schema.get("format"), "string"))
        return self.scalar({"boolean": "bool", "integer": "int", "number": "float", "object": "json"}[kind])

    def string(self, text):
        if text not in self.string_ids:
            self.string_ids[text] = len(self.strings)
            self.strings.append(text)
        return self.string_ids[text]

    def default(self, owner, field):
        value = self.hand.defaults.get((owner, field))
        if value is None:
            return NONE
        key = (type(value[1]), *value)
        if key not in self.default_ids:
            how, it = value
            if how == "conditional":
                row = (DEFAULT_CONDITIONAL, self.string(it), 0)
            elif isinstance(it, bool):
                row = (DEFAULT_BOOL, 0, int(it))
            elif isinstance(it, int):
                row = (DEFAULT_INT, 0, it)
            else:
                row = (DEFAULT_STRING, self.string(it), 0)
            self.default_ids[key] = len(self.defaults)
            self.defaults.append(row)
        return self.default_ids[key]

    def rows_of(self, name):
        """(field, type, default, text, mask, required, enforced) for each field; a field whose type changed has several rows."""
        if name in (ANY_OBJECT, UNTYPED_OBJECT):
            pod = self.spec.objects["core/v1/Pod"]["fields"]
            types = {"apiVersion": self.scalar("string"), "kind": self.scalar("string"),
                     "metadata": self.object_type("meta/v1/ObjectMeta")}
            return [(field, types[field], NONE, pod[field]["schemas"][-1]["description"], ALL, 0, 0) for field in types]
        rows = []
        for field, slot in sorted(self.spec.objects[name]["fields"].items()):
            masks, text = {}, ""
            for bit, schema in enumerate(slot["schemas"]):
                if schema is not None:
                    ty = self.field_type(name, field, schema)
                    masks[ty] = masks.get(ty, 0) | 1 << bit
                    text = schema.get("description") or text
            required = 0 if (name, field) in self.hand.optional else slot["required"]
            for ty, mask in masks.items():
                enforced = int((name, field) in self.hand.enforced)
                rows.append((field, ty, self.default(name, field), text, mask, required & mask, enforced))
        return rows

    def object_rows(self, docs):
        objects, fields = [], []
        for name in self.names:
            rows = self.rows_of(name)
            flags = (OBJECT_OPEN if name == UNTYPED_OBJECT else 0) | (OBJECT_ROOT if name in self.roots else 0)
            if name in (ANY_OBJECT, UNTYPED_OBJECT):
                flags |= OBJECT_ROOT | OBJECT_PERSISTED
            flags |= OBJECT_PERSISTED if name in self.persisted else 0
            doc = docs.number(self.spec.objects[name]["doc"] if name in self.spec.objects else None)
            objects.append(struct.pack("<HHIHH", self.string(name), doc, len(fields), len(rows), flags))
            for field, ty, default, text, mask, required, enforced in rows:
                row = (self.string(field), ty, default, docs.number(text), mask, required, enforced)
                fields.append(struct.pack("<HHHHBBBx", *row))
        return objects, fields

    def kind_rows(self):
        kinds, subresources = [], []
        for gvk, kind in sorted(self.spec.kinds.items(), key=lambda it: (it[0][0], it[0][2], it[0][1])):
            ty = self.object_type(self.spec.kind_objects[gvk])
            start = len(subresources)
            for name, sub in sorted(kind["subresources"].items()):
                sub_type = self.object_type(sub["object"] if sub["object"] in self.object_ids else ANY_OBJECT)
                row = (self.string(name), self.string(sub["kind"]), sub["verbs"], sub_type, sub["mask"])
                subresources.append(struct.pack("<HHHHBx", *row))
            names = [self.string(it) for it in (*gvk, kind["plural"])]
            group, version, name, plural = names
            row = (group, version, name, plural, kind["verbs"], ty, start, len(subresources) - start,
                   int(kind["namespaced"]), kind["mask"])
            kinds.append(struct.pack("<HHHHHHHBBBx", *row))
        return kinds, subresources

    def enum_rows(self):
        enums, values = [], []
        for name, members in self.hand.enums:
            enums.append(struct.pack("<HHH", self.string(name), len(values), len(members)))
            values += [struct.pack("<HBx", self.string(value), mask) for value, mask in members]
        return enums, values

    def type_rows(self):
        rows = []
        for tag, argument, identity, keys, patch, merge_key in self.types:
            start = len(self.keys)
            self.keys += [struct.pack("<H", self.string(key)) for key in keys]
            merge = NONE if merge_key is None else self.string(merge_key)
            rows.append(struct.pack("<BBBBIHH", tag, identity, patch, len(keys), argument, start, merge))
        return rows

    def encode(self, docs):
        objects, fields = self.object_rows(docs)
        kinds, subresources = self.kind_rows()
        enums, values = self.enum_rows()
        types = self.type_rows()
        defaults = [struct.pack("<HHi", *row) for row in self.defaults]
        texts = [text.encode() for text in self.strings]
        ends, end = [], 0
        for text in texts:
            end += len(text)
            ends.append(struct.pack("<I", end))
        sections = [ends, texts, types, self.keys, enums, values, objects, fields, defaults, kinds, subresources]
        self.sizes = [(len(rows), sum(map(len, rows))) for rows in sections]
        assert all(count < NONE for count, _ in self.sizes), "a number no longer fits in 16 bits"
        directory, offset = b"", 24 + 8 * len(sections) + 12
        for count, size in self.sizes:
            directory += struct.pack("<II", offset, count)
            offset += size
        named = [self.object_type(it) for it in ("meta/v1/ObjectMeta", ANY_OBJECT, UNTYPED_OBJECT)]
        return directory + struct.pack("<III", *named) + b"".join(b"".join(rows) for rows in sections)

    def report(self, docs):
        names = ["ends", "texts", "types", "keys", "enums", "values", "objects", "fields", "defaults", "kinds", "subs"]
        print({name: size for name, size in zip(names, self.sizes)}, "docs:", len(docs.texts), file=sys.stderr)


class Docs:
    """The texts about objects and fields, each once."""

    def __init__(self):
        self.texts, self.ids = [], {}

    def number(self, text):
        if not text:
            return NONE
        if text not in self.ids:
            self.ids[text] = len(self.texts)
            self.texts.append(text)
        return self.ids[text]

    def encode(self):
        texts = [text.encode() for text in self.texts]
        ends, end = [], 0
        for text in texts:
            end += len(text)
            ends.append(struct.pack("<I", end))
        plain = b"".join(ends) + b"".join(texts)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(plain) + packer.flush()
        return b"aipd" + struct.pack("<IQII", FORMAT_VERSION, fnv1a(plain), len(texts), len(plain)) + packed


def inner_names(schema):
    """The objects that a schema speaks of."""
    if "$ref" in schema:
        name = ref_name(schema)
        return [] if name in SPECIAL else [name]
    inner = schema.get("items") or schema.get("additionalProperties")
    return inner_names(inner) if isinstance(inner, dict) else []


if __name__ == "__main__":
    main()
