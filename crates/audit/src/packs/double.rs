//! Test doubles outside of test folders, by their names: `FakeStore`, `fakes/store.ts`.

use tree_sitter::Node;

use crate::syntax::Code;

/// First words of the names of test doubles, in lower case.
const WORDS: &[&str] = &["fake", "fakes", "mock", "mocks", "stub", "stubs"];
/// Nodes that declare a class, or a method outside of its class.
const CLASSES: &[&str] = &[
    "class_declaration",
    "abstract_class_declaration",
    "class_definition",
    "class",
    "object_declaration",
    "impl_item",
    "method_declaration",
];

/// Whether a file or one of its folders has the name of a test double.
pub(super) fn is_double_file(path: &str) -> bool {
    path.split('/').any(is_double_name)
}

/// Whether a place belongs to a test double, by its file or by the class around it.
pub(super) fn is_double<'t>(code: &Code<'t>, node: Node<'t>) -> bool {
    is_double_file(&code.file.path)
        || code
            .ancestors(node)
            .filter(|around| CLASSES.contains(&around.kind()))
            .any(|class| is_double_name(owner(code, class)))
}

/// The name of a class. For a method of Go, the type of its receiver: `func (f *FakeStore) Get()`.
fn owner<'t>(code: &Code<'t>, node: Node<'t>) -> &'t str {
    if let Some(receiver) = node.child_by_field_name("receiver") {
        return code
            .text(receiver)
            .trim_end_matches(')')
            .rsplit([' ', '*', '('])
            .next()
            .unwrap_or_default();
    }
    let field = match node.kind() {
        "impl_item" => "type",
        "method_declaration" => return "",
        _ => "name",
    };
    node.child_by_field_name(field)
        .map_or("", |name| code.text(name))
}

/// Whether the first word of a name is the word for a test double: `FakeStore`, `fake-store.ts`,
/// `fakeStore`, `fake_store`. The first words of `fakery` and of `stubborn` are others.
fn is_double_name(name: &str) -> bool {
    let mut letters = name.chars();
    let Some(first) = letters.next() else {
        return false;
    };
    let rest: String = letters.take_while(char::is_ascii_lowercase).collect();
    let word = format!("{}{rest}", first.to_ascii_lowercase());
    WORDS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::{is_double_file, is_double_name};

    #[test]
    fn test_doubles_are_known_by_the_first_word_of_their_name() {
        for name in [
            "FakeStore",
            "fakeStore",
            "fake-store.ts",
            "mock_bank.go",
            "Stubs",
        ] {
            assert!(is_double_name(name), "{name}");
        }
        for name in ["Fakery", "stubborn.ts", "Store", "", "remock", "ÖMock"] {
            assert!(!is_double_name(name), "{name}");
        }
        assert!(is_double_file("src/orders/fakes/store.ts"));
        assert!(!is_double_file("src/orders/store.ts"));
    }
}
