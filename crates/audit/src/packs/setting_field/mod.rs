//! Settings in code, and the fields that code reads: structs of Go and Rust, objects of JavaScript,
//! classes of Python.

mod limits;
mod python;
mod script;

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::receiver::Receivers;
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{FieldRead, FieldUses, SettingField};
use crate::source::{Language, Location};
use crate::syntax::Code;

pub(super) const PACKS: &[Pack] = &[
    Pack {
        name: "settings fields",
        reader: Reader::Code(&[Language::Go, Language::Rust], read),
    },
    Pack {
        name: "settings objects",
        reader: Reader::Code(
            &[Language::JavaScript, Language::TypeScript, Language::Tsx],
            script::read,
        ),
    },
    Pack {
        name: "settings classes",
        reader: Reader::Code(&[Language::Python], python::read),
    },
];

/// Suffixes of the names of structs of settings.
const OWNERS: &[&str] = &["Config", "Settings", "Options", "Conf", "Env"];
/// Types of one value.
const PLAIN: &[&str] = &[
    "string",
    "bool",
    "int",
    "int32",
    "int64",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "float64",
    "time.Duration",
    "Duration",
    "[]string",
    "String",
    "usize",
    "u8",
    "u16",
    "u32",
    "u64",
    "i32",
    "i64",
    "f64",
    "Option<String>",
    "PathBuf",
];
/// Maximum number of stored places of one field.
const MAX_PLACES: usize = 4;

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let go = code.file.language == Language::Go;
    let rust = code.file.language == Language::Rust;
    let mut names = BTreeSet::new();
    let mut reads = BTreeSet::new();
    let receivers = Receivers::of(code);
    for node in code.find_all(
        code.root,
        &[
            "selector_expression",
            "field_expression",
            "field_pattern",
            "shorthand_field_identifier",
        ],
    ) {
        let field = node
            .child_by_field_name("field")
            .or_else(|| node.child_by_field_name("name"))
            .unwrap_or(node);
        let skipped = is_assigned(code, node)
            || go && is_defaulted(code, node)
            || rust && (is_copied(code, node) || in_tests(code, node));
        if !skipped {
            names.insert(code.text(field).to_owned());
            reads.insert(typed(code, node, field, &receivers));
        }
    }
    // The content of a macro consists of tokens.
    if !go {
        for node in code.find_all(code.root, &["token_tree"]) {
            let text = code.text(node);
            for (at, _) in text.match_indices('.') {
                let name: String = text
                    .get(at + 1..)
                    .unwrap_or_default()
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                reads.insert(FieldRead {
                    owner: String::new(),
                    section: String::new(),
                    name: name.clone(),
                });
                names.insert(name);
            }
        }
    }
    let sections = sections(code);
    if !names.is_empty() || !sections.is_empty() {
        let uses = FieldUses {
            names,
            reads,
            sections,
        };
        facts.add(uses, 0..0);
    }
    for owner in code.find_all(code.root, &["type_spec", "struct_item"]) {
        let name = owner
            .child_by_field_name("name")
            .map_or("", |name| code.text(name));
        let named = OWNERS.iter().any(|end| name.ends_with(end)) || go && is_filled(code, name);
        let tagged = go && is_loaded(code, owner);
        if (named || tagged) && !code.text(owner).contains("cfg(test)") {
            fields(code, owner, name, !named, facts);
        } else if go {
            limits::read(code, owner, name, facts);
        }
    }
}

/// A read with the type or the name of its object.
fn typed<'t>(
    code: &Code<'t>,
    node: Node<'t>,
    field: Node<'t>,
    receivers: &Receivers<'_>,
) -> FieldRead {
    let object = node
        .child_by_field_name("operand")
        .or_else(|| node.child_by_field_name("value"))
        .map_or("", |object| code.text(object));
    let section = object.rsplit('.').next().unwrap_or_default();
    let plain = section
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    let own = (object == "self")
        .then(|| code.enclosing(node, &["impl_item"]))
        .flatten()
        .and_then(|implementation| implementation.child_by_field_name("type"))
        .map(|kind| code.text(kind));
    // Only the type of a variable is known. The type of another object's field is not.
    let declared = (code.file.language == Language::Go && !object.contains('.'))
        .then(|| receivers.type_of(object))
        .flatten()
        .map(|kind| kind.rsplit('.').next().unwrap_or(kind));
    FieldRead {
        owner: own.or(declared).unwrap_or_default().to_owned(),
        section: if plain { section } else { "" }.to_owned(),
        name: code.text(field).to_owned(),
    }
}

/// The fields of structs whose type is another struct.
fn sections(code: &Code<'_>) -> BTreeSet<(String, String)> {
    let named = |kind: &str| {
        let kind = kind.trim_start_matches(['*', '&']);
        let kind = kind.rsplit(['.', ':']).next().unwrap_or(kind);
        let plain = kind
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
        (plain && kind.starts_with(|letter: char| letter.is_ascii_uppercase()))
            .then(|| kind.to_owned())
    };
    code.find_all(code.root, &["field_declaration"])
        .into_iter()
        .filter_map(|field| {
            let name = code.text(field.child_by_field_name("name")?);
            let kind = named(code.text(field.child_by_field_name("type")?))?;
            Some((name.to_owned(), kind))
        })
        .collect()
}

/// Whether a condition only decides whether the field gets a default:
/// `if c.Retries == 0 { c.Retries = 3 }`.
fn is_defaulted(code: &Code<'_>, node: Node<'_>) -> bool {
    let own = code.text(node);
    code.ancestors(node)
        .take_while(|around| around.kind() != "block")
        .find(|around| around.kind() == "if_statement")
        .and_then(|branch| branch.child_by_field_name("consequence"))
        .is_some_and(|block| {
            let lines = code.text(block).trim_matches(['{', '}', '\n', '\t', ' ']);
            lines
                .strip_prefix(own)
                .is_some_and(|rest| rest.trim_start().starts_with('=') && !rest.contains('\n'))
        })
}

/// Whether a struct of Go is a part of the settings that a library fills by the tags of its fields.
fn is_loaded(code: &Code<'_>, owner: Node<'_>) -> bool {
    let path = code.file.path.to_lowercase();
    let text = code.text(owner);
    ["conf", "setting"].iter().any(|part| path.contains(part))
        && [
            "yaml:\"",
            "mapstructure:\"",
            "env:\"",
            "toml:\"",
            "koanf:\"",
        ]
        .iter()
        .any(|tag| text.contains(tag))
}

/// The places where a file assigns a field.
fn set_places(code: &Code<'_>, name: &str) -> Vec<Location> {
    code.find_all(code.root, &["selector_expression"])
        .into_iter()
        .filter(|node| {
            node.child_by_field_name("field")
                .is_some_and(|field| code.text(field) == name)
                && is_assigned(code, *node)
        })
        .take(MAX_PLACES)
        .map(|node| code.file.location(node.byte_range(), None))
        .collect()
}

/// Whether code fills a struct from the environment: `&MailServer{Host: os.Getenv("HOST")}`.
fn is_filled(code: &Code<'_>, name: &str) -> bool {
    !name.is_empty()
        && code.file.text.contains("Getenv(")
        && code
            .find_all(code.root, &["composite_literal"])
            .into_iter()
            .any(|made| {
                let kind = made.child_by_field_name("type").map(|kind| code.text(kind));
                kind == Some(name) && code.text(made).contains("Getenv(")
            })
}

/// Whether a setting only becomes the setting of the same name of another struct:
/// `QueueConfig { limit: settings.limit }`.
fn is_copied(code: &Code<'_>, node: Node<'_>) -> bool {
    let field = node
        .child_by_field_name("field")
        .map_or("", |field| code.text(field));
    let mut around = node.parent();
    while let Some(step) = around.filter(|step| {
        matches!(
            step.kind(),
            "field_expression" | "call_expression" | "reference_expression"
        )
    }) {
        around = step.parent();
    }
    let Some(initializer) = around.filter(|step| step.kind() == "field_initializer") else {
        return false;
    };
    let same = initializer
        .child_by_field_name("field")
        .is_some_and(|own| code.text(own) == field);
    let owner = initializer
        .parent()
        .and_then(|list| list.parent())
        .and_then(|made| made.child_by_field_name("name"))
        .map_or("", |name| code.text(name));
    same && OWNERS.iter().any(|end| owner.ends_with(end)) && !is_foreign(code, owner)
}

/// Whether a struct is imported from another crate, whose code reads its fields.
fn is_foreign(code: &Code<'_>, owner: &str) -> bool {
    let is_own = |text: &str| {
        ["use crate", "use self", "use super"]
            .iter()
            .any(|start| text.starts_with(start))
    };
    let has_owner = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .any(|word| word == owner)
    };
    code.find_all(code.root, &["use_declaration"])
        .into_iter()
        .map(|node| code.text(node))
        .any(|text| !is_own(text) && has_owner(text))
}

/// Whether a place is in the tests that a Rust file ends with.
fn in_tests(code: &Code<'_>, node: Node<'_>) -> bool {
    code.file
        .text
        .find("#[cfg(test)]")
        .is_some_and(|tests| node.start_byte() > tests)
}

/// Whether a field is only given a value: `self.size = size`.
fn is_assigned(code: &Code<'_>, node: Node<'_>) -> bool {
    let Some(around) = node.parent() else {
        return false;
    };
    let statement = if around.kind() == "expression_list" {
        around.parent()
    } else {
        Some(around)
    };
    statement.is_some_and(|statement| {
        matches!(
            statement.kind(),
            "assignment_statement" | "assignment_expression"
        ) && statement
            .child_by_field_name("left")
            .is_some_and(|left| left.byte_range() == node.byte_range())
            && !code.text(statement).contains("+=")
    })
}

fn fields<'t>(
    code: &Code<'t>,
    owner: Node<'t>,
    name: &str,
    is_review: bool,
    facts: &mut FactSink<'_>,
) {
    // A type that code writes out or hands to a library as a whole is read by it.
    for field in code.find_all(owner, &["field_declaration"]) {
        let (Some(own), Some(kind)) = (
            field.child_by_field_name("name"),
            field.child_by_field_name("type"),
        ) else {
            continue;
        };
        if !PLAIN.contains(&code.text(kind)) {
            continue;
        }
        let own_name = code.text(own);
        let places = code
            .find_all(
                code.root,
                &["let_declaration", "keyed_element", "field_initializer"],
            )
            .into_iter()
            .filter(|node| {
                node.child_by_field_name("pattern")
                    .or_else(|| node.child_by_field_name("field"))
                    .or_else(|| node.named_child(0))
                    .is_some_and(|key| code.text(key) == own_name)
            })
            .take(MAX_PLACES)
            .map(|node| code.file.location(node.byte_range(), None))
            .collect();
        let fact = SettingField {
            owner: name.to_owned(),
            name: own_name.to_owned(),
            is_review,
            places,
        };
        facts.add(fact, code.place(own));
    }
}
