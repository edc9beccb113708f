//! Structs of settings in Go and Rust, and the fields that code reads.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::practice::mentions;
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{FieldUses, SettingField};
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
            read_script,
        ),
    },
    Pack {
        name: "settings classes",
        reader: Reader::Code(&[Language::Python], read_python),
    },
];

/// Ends of the names of structs of settings.
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
/// Places of one field that are kept.
const MAX_PLACES: usize = 4;

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let go = code.file.language == Language::Go;
    let rust = code.file.language == Language::Rust;
    let mut names = BTreeSet::new();
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
        if !is_assigned(code, node) && !(rust && (is_copied(code, node) || in_tests(code, node))) {
            names.insert(code.text(field).to_owned());
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
                names.insert(name);
            }
        }
    }
    if !names.is_empty() {
        facts.add(FieldUses { names }, 0..0);
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
            limits(code, owner, name, facts);
        }
    }
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

/// Words of fields that bound the work of an object.
const LIMITS: &[&str] = &[
    "timeout",
    "retries",
    "backoff",
    "maxattempts",
    "ttl",
    "deadline",
];

/// Fields of other structs that bound its work: a client keeps a timeout that no call uses.
fn limits<'t>(code: &Code<'t>, owner: Node<'t>, name: &str, facts: &mut FactSink<'_>) {
    let inner = owner
        .child_by_field_name("type")
        .filter(|kind| kind.kind() == "struct_type" && !code.text(*kind).contains('`'));
    let Some(inner) = inner else { return };
    for field in code.find_all(inner, &["field_declaration"]) {
        let (Some(own), Some(kind)) = (
            field.child_by_field_name("name"),
            field.child_by_field_name("type"),
        ) else {
            continue;
        };
        let text = code.text(own);
        let private = text.starts_with(|letter: char| letter.is_ascii_lowercase());
        if private && PLAIN.contains(&code.text(kind)) && mentions(text, LIMITS) {
            let fact = SettingField {
                owner: name.to_owned(),
                name: text.to_owned(),
                is_review: true,
                places: set_places(code, text),
            };
            facts.add(fact, code.place(own));
        }
    }
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

/// Names of settings objects in JavaScript, in lower case.
const OBJECTS: &[&str] = &["config", "settings", "env", "conf", "appconfig", "cfg"];

/// Records settings objects of JavaScript and the properties that a file reads. An object that code
/// passes on as a whole has the use `*name`, because a library may read it.
fn read_script(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let mut names = BTreeSet::new();
    for node in code.find_all(
        code.root,
        &[
            "member_expression",
            "shorthand_property_identifier_pattern",
            "pair_pattern",
        ],
    ) {
        let property = node
            .child_by_field_name("property")
            .or_else(|| node.child_by_field_name("key"))
            .unwrap_or(node);
        if !is_assigned(code, node) {
            names.insert(code.text(property).to_owned());
        }
    }
    for node in code.find_all(code.root, &["identifier"]) {
        let whole = node.parent().is_some_and(|around| {
            matches!(
                around.kind(),
                "arguments" | "spread_element" | "subscript_expression" | "return_statement"
            )
        });
        if whole && is_object(code.text(node)) {
            names.insert(format!("*{}", code.text(node)));
        }
    }
    if !names.is_empty() {
        facts.add(FieldUses { names }, 0..0);
    }
    for owner in code.find_all(code.root, &["variable_declarator"]) {
        let name = owner.child_by_field_name("name");
        let Some(name) = name
            .map(|name| code.text(name))
            .filter(|name| is_object(name))
        else {
            continue;
        };
        let value = owner.child_by_field_name("value").map(without_cast);
        for pair in value
            .filter(|value| value.kind() == "object")
            .iter()
            .flat_map(|object| code.find_all(*object, &["pair"]))
            .filter(|pair| {
                pair.parent().map(|object| object.id()) == value.map(|object| object.id())
            })
        {
            let (Some(key), Some(set)) = (
                pair.child_by_field_name("key"),
                pair.child_by_field_name("value"),
            ) else {
                continue;
            };
            if set.kind() == "object" || !code.text(set).contains("process.env") {
                continue;
            }
            let fact = SettingField {
                owner: name.to_owned(),
                name: code.text(key).trim_matches(['\'', '"']).to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(key));
        }
    }
    if code.file.text.contains("process.env") {
        factories(code, facts);
    }
}

/// Records the settings of a function that returns them: `export default () => ({ … })`,
/// `registerAs('db', () => ({ … }))`.
fn factories(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for function in code.find_all(code.root, &["arrow_function"]) {
        let registers = function.parent().is_some_and(|around| {
            around.kind() == "export_statement"
                || around
                    .parent()
                    .and_then(|call| call.child_by_field_name("function"))
                    .is_some_and(|callee| code.text(callee) == "registerAs")
        });
        let Some(body) = function
            .child_by_field_name("body")
            .filter(|body| registers && body.kind() == "parenthesized_expression")
        else {
            continue;
        };
        for pair in code.find_all(body, &["pair"]) {
            let (Some(key), Some(set)) = (
                pair.child_by_field_name("key"),
                pair.child_by_field_name("value"),
            ) else {
                continue;
            };
            if set.kind() == "object" || !reads_environment(code, set) {
                continue;
            }
            // Code may read the object around the setting as a whole.
            let owner = code
                .enclosing(pair, &["pair"])
                .and_then(|around| around.child_by_field_name("key"))
                .map_or("configuration", |key| code.text(key));
            let fact = SettingField {
                owner: owner.trim_matches(['\'', '"']).to_owned(),
                name: code.text(key).trim_matches(['\'', '"']).to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(key));
        }
    }
}

/// Whether a value comes from the environment, directly or through a function of the file.
fn reads_environment<'t>(code: &Code<'t>, value: Node<'t>) -> bool {
    code.text(value).contains("process.env")
        || code.calls_within(value).any(|call| {
            let declared = code
                .declared(call.method)
                .or_else(|| code.binding(call.method));
            call.receiver.is_empty()
                && declared.is_some_and(|function| code.text(function).contains("process.env"))
        })
}

/// Records the fields of a class of settings in Python, and the attributes that a file reads.
fn read_python(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let names: BTreeSet<_> = code
        .find_all(code.root, &["attribute"])
        .into_iter()
        .filter(|node| {
            node.parent().is_none_or(|around| {
                around.kind() != "assignment"
                    || around.child_by_field_name("left").map(|left| left.id()) != Some(node.id())
            })
        })
        .filter_map(|node| node.child_by_field_name("attribute"))
        .map(|name| code.text(name).to_owned())
        .collect();
    if !names.is_empty() {
        facts.add(FieldUses { names }, 0..0);
    }
    for class in code.find_all(code.root, &["class_definition"]) {
        let bases = class
            .child_by_field_name("superclasses")
            .map_or("", |bases| code.text(bases));
        let name = class
            .child_by_field_name("name")
            .map_or("", |name| code.text(name));
        // A base without fields of its own may be the parent of the settings.
        if !bases.contains("BaseSettings") {
            continue;
        }
        for field in code.find_all(class, &["assignment"]) {
            let inner = code.enclosing(field, &["class_definition", "function_definition"]);
            let (Some(left), true) = (
                field.child_by_field_name("left"),
                inner.map(|inner| inner.id()) == Some(class.id())
                    && field.child_by_field_name("type").is_some(),
            ) else {
                continue;
            };
            let own = code.text(left);
            if own.starts_with('_') || own == "model_config" {
                continue;
            }
            // Another line of the file may combine the setting with others.
            let fact = SettingField {
                owner: name.to_owned(),
                name: own.to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(left));
        }
    }
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

fn is_object(name: &str) -> bool {
    OBJECTS.contains(&name.to_lowercase().as_str())
}

/// `{ … } as const`.
fn without_cast(node: Node<'_>) -> Node<'_> {
    match node.kind() {
        "as_expression" | "satisfies_expression" => node.named_child(0).unwrap_or(node),
        _ => node,
    }
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
