//! A function that protects, starts or cleans up something is never called.

mod names;
mod packages;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Definitions, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

use names::is_relevant;
use packages::unused_packages;
use types::unused_types;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-1.never-called",
        title: "A function that protects, starts or cleans up something is never called",
        severity: Severity::Low,
        category: Category::Contracts,
        meaning: "Go, JavaScript, TypeScript, Python, Java, Kotlin, Rust: the name of a function begins with a verb of protection or life cycle (`validate`, `close`, `subscribe`, `retry`). No other deployed file or line contains the name, except interfaces that declare it. Functions that a framework calls (annotations, decorators, classes with a base, hooks by name) are excluded. An internal Go package that no code imports counts too. So does a class, or a constructor of Go (`NewMetricsInterceptor`), whose name no other code contains, unless an annotation registers the class. The finding has low confidence. The rule reports one per file.",
        why: "The code looks as if it does something that never happens: input is not validated, a consumer does not run, a connection stays open.",
        fix: &[("any", "Call the function where it belongs, or delete it.")],
        references: &["https://pkg.go.dev/golang.org/x/tools/cmd/deadcode"],
    },
    check: Check::Repository(check),
};

/// Definitions of functions. The group `name` is the name, and `before` is the previous line.
const DEFINITIONS: &[(&[&str], &str)] = &[
    (
        &[".go"],
        r"(?m)^(?P<before>)func (?:\([^)\n]*\) )?(?P<name>\w+)(?:\[[^\]\n]*\])?\(",
    ),
    (
        &[".js", ".ts", ".mjs"],
        r"(?m)^(?P<before>)(?:export )?(?:const (?P<arrow>\w+)\s*=\s*(?:async )?\(|(?:async )?function (?P<name>\w+))",
    ),
    (
        &[".ts"],
        r"(?m)^(?P<before>[^\n]*)\n[ \t]+(?:public |private |protected )?(?:async )?(?P<name>\w+)\([^()\n]*\)[^;\n=]*\{\s*$",
    ),
    (
        &[".py"],
        r"(?m)(?:^(?P<before>[^\n]*)\n)?^(?:async )?def (?P<name>\w+)\(",
    ),
    (
        &[".java", ".kt"],
        r"(?m)^(?P<before>[^\n]*)\n[ \t]+(?:(?:public|private|protected|internal|static|final|suspend)\s+)*(?:fun|[A-Z]\w*(?:<[^>\n]*>)?|void|boolean|int|long)\s+(?P<name>[a-z]\w*)\([^;\n]*\{\s*$",
    ),
    (
        &[".rs"],
        r"(?m)(?:^(?P<before>[^\n]*)\n)?^[ \t]*pub (?:async )?fn (?P<name>\w+)",
    ),
];

static PATTERNS: LazyLock<Definitions> = LazyLock::new(|| Definitions::new(DEFINITIONS));

fn check(model: &Model) -> Vec<Outcome> {
    let mut defined: BTreeMap<&str, Vec<Location>> = BTreeMap::new();
    for found in model.files.values().filter(is_read) {
        for pattern in PATTERNS.of_path(&found.file.path) {
            let text = without_tests(&found.file.text);
            for captures in pattern.captures_iter(text) {
                let Some(name) = captures.name("name").or_else(|| captures.name("arrow")) else {
                    continue;
                };
                let before = captures.name("before").map_or("", |line| line.as_str());
                if is_relevant(name.as_str()) && !is_framework(text, name.start(), before) {
                    defined
                        .entry(name.as_str())
                        .or_default()
                        .push(found.file.location(name.range(), None));
                }
            }
        }
    }
    let mut packages = unused_packages(model);
    packages.extend(unused_types(model));
    if defined.is_empty() {
        return packages;
    }
    let named: BTreeSet<&str> = defined
        .iter()
        .filter(|(_, places)| places.len() == 1)
        .map(|(name, _)| *name)
        .collect();
    let counts = mentions(model, &named);
    let declared = declarations(model, &named);
    let mut by_file: BTreeMap<&str, Vec<(&str, &Location)>> = BTreeMap::new();
    for (name, places) in &defined {
        let declared = declared.get(name).copied().unwrap_or_default();
        let once = counts.get(name).is_some_and(|count| *count == 1 + declared);
        if let Some(at) = places.first().filter(|_| once) {
            by_file.entry(&at.path).or_default().push((name, at));
        }
    }
    if by_file.is_empty() && packages.is_empty() {
        return vec![Outcome::passed("every such function is called", None)];
    }
    let functions = by_file.into_values().filter_map(breach);
    functions.chain(packages).collect()
}

fn breach(mut functions: Vec<(&str, &Location)>) -> Option<Outcome> {
    functions.sort_by_key(|(_, at)| at.line);
    let (name, first) = functions.first()?;
    let evidence = match functions.len() {
        1 => format!("no deployed code calls `{name}`"),
        more => format!(
            "no deployed code calls `{name}`, nor {} more functions of this file",
            more - 1
        ),
    };
    let others = functions.iter().skip(1).map(|(_, at)| (*at).clone());
    Some(
        Breach::review((*first).clone(), evidence)
            .related(others)
            .into(),
    )
}

fn is_read(found: &&FileFacts) -> bool {
    found.file.role == Role::Production && found.file.language.is_code()
}

fn without_tests(text: &str) -> &str {
    text.split_once("#[cfg(test)]")
        .map_or(text, |(before, _)| before)
}

/// Whether a framework calls a function: an annotation above it, or a class with a base.
fn is_framework(text: &str, at: usize, before: &str) -> bool {
    let above = before.trim();
    if above.starts_with('@') || above.starts_with("#[") || above.ends_with("override") {
        return true;
    }
    let head = text.get(..at).unwrap_or_default();
    let own = head.rsplit('\n').next().unwrap_or_default();
    if own.contains("override ") || own.contains('@') {
        return true;
    }
    // Methods of a class are indented.
    own.starts_with([' ', '\t'])
        && head
            .rfind("class ")
            .and_then(|class| head.get(class..))
            .and_then(|class| class.split('{').next())
            .is_some_and(|class| {
                class.contains(" extends ") || class.contains(" implements ") || class.contains(':')
            })
}

static INTERFACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^(?:type \w+(?:\[[^\]\n]*\])? interface|(?:export |public )?(?:abstract class|interface) \w+[^{\n]*) \{\n(?P<body>(?:[^}\n][^\n]*\n|\n)*)\}").ok()
});
static METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]+(?:(?:public|abstract|suspend|fun|async)\s+)*(?:[A-Z]\w*(?:<[^>\n]*>)?\s+)?(?P<name>\w+)\([^\n]*[^{\n]$").ok()
});

/// How often interfaces declare each name.
fn declarations<'n>(model: &Model, names: &BTreeSet<&'n str>) -> BTreeMap<&'n str, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (Some(interface), Some(method)) = (INTERFACE.as_ref(), METHOD.as_ref()) else {
        return counts;
    };
    for found in model.files.values().filter(is_read) {
        let bodies = interface.captures_iter(&found.file.text);
        for body in bodies.filter_map(|captures| captures.name("body")) {
            for declared in method.captures_iter(body.as_str()) {
                let name = declared
                    .name("name")
                    .and_then(|name| names.get(name.as_str()));
                if let Some(name) = name {
                    *counts.entry(name).or_default() += 1;
                }
            }
        }
    }
    counts
}

/// How often the files that are not tests contain each name.
fn mentions<'n>(model: &Model, names: &BTreeSet<&'n str>) -> BTreeMap<&'n str, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for found in model.files.values() {
        if matches!(found.file.role, Role::Test | Role::Documentation) {
            continue;
        }
        let words = without_tests(&found.file.text)
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for word in words {
            if let Some(name) = names.get(word) {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    counts
}
