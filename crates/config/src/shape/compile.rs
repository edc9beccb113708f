use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map, Value as Json};

use super::{Form, ListShape, Pattern, ScalarShape, Shape, scalar};
use crate::{key::Key, mark::Marks};

type Members = Map<String, Json>;

/// The maximum depth of a settings type. A deeper type contains itself.
const MAX_DEPTH: usize = 64;

/// The keywords that are checked, and those that are for readers only.
const KNOWN_KEYWORDS: [&str; 38] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "$comment",
];

/// The extensions of this module. [`Marks`] reads the others.
const EXTENSIONS: [&str; 2] = ["x-reloadable", "x-secret"];

/// Compiles a schema document. The error names the key and the keyword that cannot be checked.
pub(crate) fn compile(document: &Json) -> Result<Shape, String> {
    let definitions = document.get("$defs").and_then(Json::as_object);
    Compiler { definitions }.shape(document, &Key::default(), 0)
}

/// A form, whether null is accepted, and the marks of the schemas that the form replaces.
type Formed = (Form, bool, Marks);

struct Compiler<'a> {
    definitions: Option<&'a Members>,
}

impl Compiler<'_> {
    fn shape(&self, schema: &Json, key: &Key, depth: usize) -> Result<Shape, String> {
        if depth > MAX_DEPTH {
            return Err(format!("{key}: the settings type contains itself"));
        }
        let members = self.members(schema, key)?;
        if let Some(keyword) = members.keys().find(|keyword| !is_understood(keyword)) {
            return Err(format!(
                "{key}: the schema keyword `{keyword}` is not supported"
            ));
        }
        let flag = |name: &str| members.get(name) == Some(&Json::Bool(true));
        let mut marks = read_marks(&members, key)?;
        let (form, nullable, inner) = self.form(&members, key, depth)?;
        marks.join(inner);
        let mut shape = Shape {
            description: text(&members, "description"),
            default: members.get("default").cloned(),
            reloadable: flag("x-reloadable"),
            secret: flag("x-secret"),
            marks,
            nullable,
            form,
        };
        // `Option<T>` of a named type is a choice between the type and null.
        if let Form::Choice(variants) = &mut shape.form
            && variants.len() == 1
            && let Some(only) = variants.pop()
        {
            shape.secret |= only.secret;
            shape.marks.join(only.marks);
            shape.reloadable |= only.reloadable;
            shape.nullable |= only.nullable;
            shape.description = shape.description.or(only.description);
            shape.form = only.form;
        }
        Ok(shape)
    }

    /// Returns the keywords of a schema and of the definition that it refers to. Its own override
    /// those of the definition.
    fn members<'b>(&'b self, schema: &'b Json, key: &Key) -> Result<Cow<'b, Members>, String> {
        let mut members = match schema {
            // Without a copy, because the document contains every other schema.
            Json::Object(members) => Cow::Borrowed(members),
            Json::Bool(true) => Cow::Owned(Members::new()),
            _ => return Err(format!("{key}: the schema accepts no value")),
        };
        for _ in 0..MAX_DEPTH {
            let Some(Json::String(reference)) = members.get("$ref") else {
                return Ok(members);
            };
            let target = reference
                .strip_prefix("#/$defs/")
                .and_then(|name| self.definitions?.get(name)?.as_object())
                .ok_or_else(|| {
                    format!("{key}: the schema refers to `{reference}`, which is not defined")
                })?;
            let own = members.iter().filter(|(keyword, _)| *keyword != "$ref");
            let mut own = own.peekable();
            if own.peek().is_none() {
                members = Cow::Borrowed(target);
                continue;
            }
            let mut merged = target.clone();
            merged.extend(own.map(|(keyword, value)| (keyword.clone(), value.clone())));
            members = Cow::Owned(merged);
        }
        Err(format!("{key}: the schema refers to itself"))
    }

    /// Returns the form, whether null is accepted, and the marks of the schemas that the form
    /// replaces.
    fn form(&self, members: &Members, key: &Key, depth: usize) -> Result<Formed, String> {
        let types = types(members);
        let nullable = types.contains("null");
        if let Some(Json::Array(variants)) = members.get("oneOf").or_else(|| members.get("anyOf")) {
            return self.choice(variants, key, depth);
        }
        if let Some(Json::Array(parts)) = members.get("allOf") {
            return self.all_of(members, parts, key, depth);
        }
        let form = if types.contains("object") {
            self.object(members, key, depth)?
        } else if types.contains("array") {
            Form::List(self.list(members, key, depth)?)
        } else if types.is_empty()
            && !members.contains_key("const")
            && !members.contains_key("enum")
        {
            Form::Anything
        } else {
            Form::Scalar(Box::new(ScalarShape::compile(members, &types)))
        };
        let nullable = nullable || matches!(form, Form::Anything);
        Ok((form, nullable, Marks::default()))
    }

    fn choice(&self, variants: &[Json], key: &Key, depth: usize) -> Result<Formed, String> {
        let mut shapes = Vec::new();
        let mut nullable = false;
        for variant in variants {
            if variant.get("type").and_then(Json::as_str) == Some("null") {
                nullable = true;
            } else {
                shapes.push(self.shape(variant, key, depth + 1)?);
            }
        }
        nullable |= shapes.iter().any(|shape| shape.nullable);
        Ok(match scalar::join_names(&shapes) {
            Some(names) => {
                let mut marks = Marks::default();
                for shape in shapes {
                    marks.join(shape.marks);
                }
                (Form::Scalar(Box::new(names)), nullable, marks)
            }
            None => (Form::Choice(shapes), nullable, Marks::default()),
        })
    }

    /// Joins the parts of `allOf` into one schema. schemars writes it for bounds next to a
    /// reference.
    fn all_of(
        &self,
        members: &Members,
        parts: &[Json],
        key: &Key,
        depth: usize,
    ) -> Result<Formed, String> {
        let mut joined = members.clone();
        joined.retain(|keyword, _| !Marks::is_keyword(keyword));
        joined.remove("allOf");
        for part in parts {
            for (keyword, value) in self.members(part, key)?.into_owned() {
                match (joined.get_mut(&keyword), value) {
                    (Some(Json::Object(present)), Json::Object(more)) => present.extend(more),
                    (Some(Json::Array(present)), Json::Array(more)) if keyword == "required" => {
                        present.extend(more)
                    }
                    (Some(present), value) if *present != value => {
                        return Err(format!(
                            "{key}: `allOf` with two different values of `{keyword}` is not supported"
                        ));
                    }
                    (_, value) => {
                        joined.insert(keyword, value);
                    }
                }
            }
        }
        let (form, nullable, mut marks) = self.form(&joined, key, depth + 1)?;
        marks.join(read_marks(&joined, key)?);
        Ok((form, nullable, marks))
    }

    fn object(&self, members: &Members, key: &Key, depth: usize) -> Result<Form, String> {
        let rest = members.get("additionalProperties");
        let closed = rest == Some(&Json::Bool(false));
        if let Some(Json::Object(properties)) = members.get("properties") {
            let properties = properties
                .iter()
                .map(|(name, schema)| {
                    Ok((
                        name.clone(),
                        self.shape(schema, &key.child(name), depth + 1)?,
                    ))
                })
                .collect::<Result<BTreeMap<_, _>, String>>()?;
            let required = members
                .get("required")
                .and_then(Json::as_array)
                .into_iter()
                .flatten();
            let required = required
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect();
            return Ok(Form::Section {
                properties,
                required,
                closed,
            });
        }
        if let Some(Json::Object(patterns)) = members.get("patternProperties")
            && let Some((pattern, schema)) = patterns.iter().next()
        {
            if patterns.len() > 1 {
                return Err(format!(
                    "{key}: `patternProperties` with several patterns is not supported"
                ));
            }
            let values = Box::new(self.shape(schema, &key.child("NAME"), depth + 1)?);
            return Ok(Form::Map {
                names: Some(Pattern::new(pattern)),
                values,
            });
        }
        Ok(match rest {
            Some(Json::Bool(false)) => Form::Section {
                properties: BTreeMap::new(),
                required: BTreeSet::new(),
                closed: true,
            },
            rest => {
                let schema = rest.unwrap_or(&Json::Bool(true));
                let values = Box::new(self.shape(schema, &key.child("NAME"), depth + 1)?);
                Form::Map {
                    names: None,
                    values,
                }
            }
        })
    }

    fn list(&self, members: &Members, key: &Key, depth: usize) -> Result<ListShape, String> {
        let first = members
            .get("prefixItems")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(index, schema)| self.shape(schema, &key.item(index), depth + 1))
            .collect::<Result<Vec<_>, String>>()?;
        let rest = match members.get("items") {
            Some(Json::Bool(false)) => None,
            None if !first.is_empty() => None,
            schema => Some(Box::new(self.shape(
                schema.unwrap_or(&Json::Bool(true)),
                key,
                depth + 1,
            )?)),
        };
        let count = |name| members.get(name).and_then(Json::as_u64);
        Ok(ListShape {
            first,
            rest,
            minimum: count("minItems"),
            maximum: count("maxItems"),
            unique: members.get("uniqueItems") == Some(&Json::Bool(true)),
        })
    }
}

fn is_understood(keyword: &str) -> bool {
    KNOWN_KEYWORDS.contains(&keyword) || EXTENSIONS.contains(&keyword) || Marks::is_keyword(keyword)
}

fn read_marks(members: &Members, key: &Key) -> Result<Marks, String> {
    Marks::read(members).map_err(|problem| format!("{key}: {problem}"))
}

fn types(members: &Members) -> BTreeSet<&str> {
    match members.get("type") {
        Some(Json::String(name)) => BTreeSet::from([name.as_str()]),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn text(members: &Members, name: &str) -> Option<String> {
    members.get(name).and_then(Json::as_str).map(str::to_owned)
}
