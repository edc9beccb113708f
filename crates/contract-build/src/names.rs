//! The Rust names that `prost-build` gives to definitions.
//!
//! Its rules are private, so this module restates them. The end-to-end tests compile generated
//! code and do not build if the two differ.

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::{EnumDescriptor, MessageDescriptor};

const RAW: [&str; 47] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static",
    "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];
const SUFFIXED: [&str; 6] = ["self", "super", "extern", "crate", "Self", "_"];

/// Returns the name of a field, method or module.
pub(crate) fn snake(name: &str) -> String {
    escape(name.to_snake_case())
}

/// Returns the name of a type or a variant.
pub(crate) fn camel(name: &str) -> String {
    escape(name.to_upper_camel_case())
}

fn escape(name: String) -> String {
    if RAW.contains(&name.as_str()) {
        format!("r#{name}")
    } else if SUFFIXED.contains(&name.as_str()) {
        format!("{name}_")
    } else if name.starts_with(|character: char| character.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// Returns the path of a message's type, in the module of `package`.
pub(crate) fn message_path(message: &MessageDescriptor, package: &str, runtime: &str) -> String {
    match message.full_name() {
        "google.protobuf.Empty" => "()".to_owned(),
        name => match name.strip_prefix("google.protobuf.") {
            Some(name) => format!("{runtime}::prost_types::{name}"),
            None => type_path(message.package_name(), name, package),
        },
    }
}

/// Returns the path of an enum's type, in the module of `package`.
pub(crate) fn enum_path(definition: &EnumDescriptor, package: &str) -> String {
    type_path(definition.package_name(), definition.full_name(), package)
}

/// Returns the path of the module with the definitions that are nested in a message.
pub(crate) fn nested_module(message: &MessageDescriptor, package: &str) -> String {
    let path = type_path(message.package_name(), message.full_name(), package);
    let module = snake(message.name());
    match path.rsplit_once("::") {
        Some((outer, _)) => format!("{outer}::{module}"),
        None => module,
    }
}

fn type_path(package_of_type: &str, full_name: &str, package: &str) -> String {
    let mut path = String::new();
    if package_of_type != package {
        let depth = package.split('.').filter(|part| !part.is_empty()).count();
        path.push_str(&"super::".repeat(depth));
        for module in package_of_type.split('.').filter(|part| !part.is_empty()) {
            path.push_str(&snake(module));
            path.push_str("::");
        }
    }
    let local = full_name
        .strip_prefix(package_of_type)
        .map_or(full_name, |rest| rest.trim_start_matches('.'));
    let mut parts: Vec<&str> = local.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    for outer in parts {
        path.push_str(&snake(outer));
        path.push_str("::");
    }
    path.push_str(&camel(last));
    path
}
