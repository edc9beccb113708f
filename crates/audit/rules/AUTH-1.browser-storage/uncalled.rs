//! Helpers that store a token and that no code calls.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::repository::Role;
use crate::source::Location;
use crate::syntax::count_word;

/// The start of a function with a name.
static DEFINITION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^\s*(?:export\s+)?(?:(?:const|let|var)\s+(?P<variable>\w+)\s*=\s*(?:async\s+)?(?:function\b|\([^()\n]*\)\s*=>|\w+\s*=>)|(?:async\s+)?function\s+(?P<function>\w+)\s*\()",
    )
    .ok()
});
/// Lists of names that a module imports or exports, which call nothing.
static LISTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:import|export)\s*\{[^{}]*\}").ok());
/// Parts of the names of helpers. A framework may call a function with another name.
const HELPERS: &[&str] = &["token", "jwt", "session", "credential"];
/// Maximum number of lines above the place that are read.
const MAX_LINES: usize = 60;

/// Whether the function around a place is a helper that no code calls.
pub(super) fn is_in_uncalled_helper(model: &Model, at: &Location) -> bool {
    model
        .files
        .get(&at.path)
        .and_then(|found| found.file.text.get(..at.span.start))
        .and_then(function_around)
        .is_some_and(|name| {
            let lower = name.to_lowercase();
            HELPERS.iter().any(|part| lower.contains(part)) && !is_called(model, name)
        })
}

/// Returns the name of the nearest function around the end of a text.
fn function_around(before: &str) -> Option<&str> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut lines = before.split('\n').rev();
    let mut depth = indentation(lines.next()?);
    for line in lines.take(MAX_LINES) {
        let own = indentation(line);
        if line.trim().is_empty() || own >= depth {
            continue;
        }
        depth = own;
        if let Some(name) = defined(line).next() {
            return Some(name);
        }
    }
    None
}

/// The names of the functions that a text defines.
fn defined(text: &str) -> impl Iterator<Item = &str> {
    DEFINITION
        .iter()
        .flat_map(move |regex| regex.captures_iter(text))
        .filter_map(|captures| {
            captures
                .name("variable")
                .or_else(|| captures.name("function"))
        })
        .map(|name| name.as_str())
}

fn is_called(model: &Model, name: &str) -> bool {
    model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| {
            let is_page = [".vue", ".svelte", ".html"]
                .iter()
                .any(|end| file.path.ends_with(end));
            file.role == Role::Production
                && (is_page || file.language.is_code())
                && file.text.contains(name)
        })
        .any(|file| {
            let text = LISTS.as_ref().map_or_else(
                || Cow::Borrowed(&*file.text),
                |lists| lists.replace_all(&file.text, ""),
            );
            let definitions = defined(&text).filter(|own| *own == name).count();
            count_word(&text, name) > definitions
        })
}

#[cfg(test)]
mod tests {
    use super::{DEFINITION, LISTS, function_around};

    #[test]
    fn nearest_named_function_is_found() {
        assert!(DEFINITION.is_some() && LISTS.is_some());
        for (text, name) in [
            (
                "const setToken = (token) => {\n    store.set(",
                Some("setToken"),
            ),
            (
                "export async function saveJwt(jwt) {\n  if (jwt) {\n    store.set(",
                Some("saveJwt"),
            ),
            ("const a = () => {\n  b()\n}\nstore.set(", None),
        ] {
            assert_eq!(function_around(text), name, "{text}");
        }
    }
}
