//! Files and expressions around a literal that show that it opens nothing that is deployed.

use tree_sitter::Node;

use crate::packs::double::is_double_file;
use crate::packs::practice::mentions;
use crate::syntax::Code;

/// Parts of files whose literals open nothing that is deployed.
const AUXILIARY: &[&str] = &["seed", "migrat", "fixture", "storybook", "swagger", "mock"];
/// Modules of programs that generate load.
const LOAD_TESTS: &[&str] = &["locust", "k6"];
const OBJECTS: &[&str] = &["object", "dictionary", "literal_value"];
const LISTS: &[&str] = &["array", "list", "literal_value"];
const OPERATORS: &[&str] = &["==", "!=", "===", "!=="];

/// Whether a file contains data of tests and tools, a test double or a load test.
pub(super) fn is_auxiliary(code: &Code<'_>) -> bool {
    mentions(&code.file.path, AUXILIARY)
        || is_double_file(&code.file.path)
        || LOAD_TESTS.iter().any(|module| code.imports_module(module))
}

/// Whether the name of a file says that it is for developers: `server-dev.ts`, `development.js`.
pub(super) fn is_for_development(name: &str) -> bool {
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .rsplit(['.', '-', '_'])
        .next()
        .is_some_and(|word| matches!(word, "dev" | "development"))
}

/// Whether a literal is only compared with another value.
pub(super) fn is_compared<'t>(code: &Code<'t>, literal: Node<'t>) -> bool {
    let Some(around) = literal.parent() else {
        return false;
    };
    matches!(around.kind(), "comparison_operator" | "equality_expression")
        || around
            .child_by_field_name("operator")
            .is_some_and(|operator| OPERATORS.contains(&code.text(operator)))
}

/// Whether the object of a pair also lists properties, and the value is the name of one of them:
/// `{"properties": {"url": {…}}, "secret": "url"}`.
pub(super) fn names_property<'t>(code: &Code<'t>, pair: Node<'t>, value: &str) -> bool {
    let Some(object) = pair.parent() else {
        return false;
    };
    let forms = [
        format!("\"{value}\":"),
        format!("'{value}':"),
        format!("{value}:"),
    ];
    let mut cursor = object.walk();
    object.named_children(&mut cursor).any(|other| {
        let key = other.child_by_field_name("key");
        key.is_some_and(|key| code.text(key).trim_matches(['"', '\'']) == "properties")
            && forms.iter().any(|form| code.text(other).contains(form))
    })
}

/// The list of the object of a pair: `[{password: "a"}, {password: "b"}]`.
pub(super) fn list_around(pair: Node<'_>) -> Option<usize> {
    let object = pair.parent().filter(|own| OBJECTS.contains(&own.kind()))?;
    let around = object.parent()?;
    let list = if around.kind() == "literal_element" {
        around.parent()?
    } else {
        around
    };
    LISTS.contains(&list.kind()).then(|| list.id())
}

/// The innermost object or list around a literal.
pub(super) fn object_around<'t>(code: &Code<'t>, literal: Node<'t>) -> Option<usize> {
    code.ancestors(literal)
        .find(|around| OBJECTS.contains(&around.kind()) || LISTS.contains(&around.kind()))
        .map(|around| around.id())
}

#[cfg(test)]
mod tests {
    use super::is_for_development;

    #[test]
    fn files_for_developers_are_known_by_the_end_of_their_name() {
        for name in ["server-dev.ts", "settings_dev.py", "development.js"] {
            assert!(is_for_development(name), "{name}");
        }
        for name in [
            "server.ts",
            "devices.ts",
            "dev-server.ts.go",
            "auth_local.go",
        ] {
            assert!(!is_for_development(name), "{name}");
        }
    }
}
