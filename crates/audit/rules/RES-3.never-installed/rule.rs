//! A limiter, a breaker or a middleware for metrics is defined and never used.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Definitions, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.never-installed",
        title: "A limiter, a breaker or a middleware for metrics is defined and never used",
        severity: Severity::Low,
        category: Category::Resilience,
        meaning: "Go, JavaScript, Python, Rust: the name of a function or a constant contains `limiter`, `breaker`, `throttle` or `retry` (Go also `Metrics`), and no line of the deployed code uses it. Lines that only export or import it do not count. The finding has low confidence.",
        why: "The code looks protected, and no request passes through the protection.",
        fix: &[(
            "any",
            "Install it where the router or the client is created, or delete it.",
        )],
        references: &["https://martinfowler.com/bliki/CircuitBreaker.html"],
    },
    check: Check::Repository(check),
};

/// Suffixes of paths, and the definition with the name.
const DEFINITIONS: &[(&[&str], &str)] = &[
    (
        &[".js", ".ts", ".mjs"],
        r"(?m)^(?:export )?(?:const|let|var|(?:async )?function|class) (?P<name>\w*(?i:rate_?limit|limiter|breaker|throttle|retry)\w*)",
    ),
    (
        &[".go"],
        r"(?m)^func (?:\([^)\n]*\) )?(?P<name>[A-Z]\w*(?:RateLimit|Limiter|Breaker|Throttle|Retry)\w*|(?:RateLimit|Limiter|Breaker|Throttle|Retry|Metrics)\w*)\(",
    ),
    (
        &[".rs"],
        r"(?m)^\s*pub (?:async )?fn (?P<name>\w*(?:rate_limit|limiter|breaker|throttle|retry)\w*)\b",
    ),
    (
        &[".py"],
        r"(?m)^(?:async )?def (?P<name>\w*(?:rate_limit|limiter|breaker|throttle|retry)\w*)\(",
    ),
];

static PATTERNS: LazyLock<Definitions> = LazyLock::new(|| Definitions::new(DEFINITIONS));

/// Parts of a line that defines, imports or exports a name.
const PASSING: &[&str] = &[
    "module.exports",
    "exports.",
    "export {",
    "pub use ",
    "use ",
    "import ",
    "require(",
    "fn ",
    "func ",
    "def ",
    "class ",
];

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
}

/// Whether a line uses the names that it contains.
fn uses(line: &str) -> bool {
    let line = line.trim();
    let comment = ["//", "#", "*", "/*"]
        .iter()
        .any(|mark| line.starts_with(mark));
    let alone = line
        .trim_end_matches(',')
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    let passes = PASSING
        .iter()
        .any(|part| line.starts_with(part) || line.contains(&format!(" {part}")));
    !(comment || alone || passes)
}

fn is_read(found: &&FileFacts) -> bool {
    found.file.role == Role::Production && found.file.language.is_code()
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut defined = Vec::new();
    for found in model.files.values().filter(is_read) {
        for pattern in PATTERNS.of_path(&found.file.path) {
            let names = pattern
                .captures_iter(without_tests(&found.file.text))
                .filter_map(|captures| Some((found, captures.name("name")?)))
                .filter(|(found, name)| !is_import(&found.file.text, name.end()));
            defined.extend(names);
        }
    }
    if defined.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&str> = defined.iter().map(|(_, name)| name.as_str()).collect();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for found in model.files.values().filter(is_read) {
        for line in without_tests(&found.file.text).lines() {
            let definition = defined.iter().any(|(own, name)| {
                own.file.path == found.file.path && is_start(line, name.as_str())
            });
            if !definition && uses(line) {
                used.extend(words(line).filter(|word| names.contains(word)));
            }
        }
    }
    defined
        .iter()
        .map(|(found, name)| {
            if used.contains(name.as_str()) {
                return Outcome::passed(format!("`{}` is used", name.as_str()), None);
            }
            let at = found.file.location(name.range(), None);
            let evidence = format!("no deployed code uses `{}`", name.as_str());
            Breach::review(at, evidence).into()
        })
        .collect()
}

/// Whether a declaration names a library: `const rateLimit = require(…)`.
fn is_import(text: &str, end: usize) -> bool {
    let rest = text.get(end..).and_then(|rest| rest.lines().next());
    rest.is_some_and(|rest| rest.contains("require(") || rest.contains("import("))
}

/// The text before the tests that a Rust file ends with.
fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]")
        .map_or(text, |(before, _)| before)
}

/// Whether a line declares a constant or a variable with the name.
fn is_start(line: &str, name: &str) -> bool {
    ["const", "let", "var"].iter().any(|word| {
        line.trim_start_matches("export ")
            .starts_with(&format!("{word} {name} "))
    })
}
