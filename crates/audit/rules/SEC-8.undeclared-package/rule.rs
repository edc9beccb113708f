//! Deployed code imports an npm package that no manifest declares.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::Value;

use crate::model::facts::Import;
use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::{Language, Location};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.undeclared-package",
        title: "Deployed code imports an npm package that no manifest declares",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "JavaScript and TypeScript: neither the `package.json` of the code nor one in a folder above it declares an imported package. Modules of Node.js, packages of the workspace, aliases of `tsconfig.json`, folders of the repository and imports of types are excluded. The finding has low confidence. The rule reports one finding per manifest.",
        why: "Another package installs it by chance. An update of that package removes it or changes its version, and the service does not start.",
        fix: &[(
            "any",
            "Add the package to `dependencies` with the version that the lock file has.",
        )],
        references: &["https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies"],
    },
    check: Check::Repository(check),
};

/// Modules of Node.js.
const BUILT_IN: &[&str] = &[
    "assert",
    "async_hooks",
    "bun",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];
/// Lists of packages in a manifest.
const LISTS: &[&str] = &[
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
];

/// A `package.json`.
struct Manifest<'m> {
    found: &'m FileFacts,
    name: String,
    /// Packages that it declares, and aliases.
    declared: BTreeSet<String>,
}

fn check(model: &Model) -> Vec<Outcome> {
    let manifests: BTreeMap<&str, Manifest<'_>> = model
        .files
        .values()
        .filter(|found| found.file.name() == "package.json" && found.file.role.is_deployed())
        .filter_map(|found| Some((found.file.folder(), manifest(found)?)))
        .collect();
    if manifests.is_empty() {
        return Vec::new();
    }
    let workspace: BTreeSet<&str> = manifests
        .values()
        .map(|manifest| manifest.name.as_str())
        .collect();
    let aliases: String = model
        .files
        .values()
        .filter(|found| {
            let name = found.file.name();
            name.starts_with("tsconfig") || name.starts_with("jsconfig") || name.contains("config.")
        })
        .map(|found| &*found.file.text)
        .collect();
    let mut missing: BTreeMap<&str, BTreeMap<String, Location>> = BTreeMap::new();
    for found in model.files.values().filter(is_script) {
        let Some(nearest) =
            above(found.file.folder()).find(|folder| manifests.contains_key(folder))
        else {
            continue;
        };
        let imports = found.facts.of::<Import>();
        for import in &imports.items {
            let Some(package) = package(&import.value.path) else {
                continue;
            };
            let line = found.file.line_span(import.at.line);
            let line = line.and_then(|span| found.file.text.get(span));
            let types = line.is_some_and(|line| {
                ["import type", "export type"]
                    .iter()
                    .any(|start| line.trim_start().starts_with(start))
            });
            let known = types
                || workspace.contains(package)
                || aliases.contains(&format!("\"{package}"))
                || package
                    .split_once('/')
                    .is_some_and(|(scope, _)| aliases.contains(&format!("\"{scope}/*")))
                || aliases.contains(&format!("'{package}"))
                || above(found.file.folder()).any(|folder| {
                    manifests
                        .get(folder)
                        .is_some_and(|manifest| manifest.declared.contains(package))
                        || has_folder(model, folder, package)
                });
            if !known {
                missing
                    .entry(nearest)
                    .or_default()
                    .entry(package.to_owned())
                    .or_insert_with(|| import.at.clone());
            }
        }
    }
    if missing.is_empty() {
        return vec![Outcome::passed(
            "manifests declare every imported package",
            None,
        )];
    }
    missing
        .into_iter()
        .filter_map(|(folder, packages)| {
            let manifest = manifests.get(folder)?;
            let text = &manifest.found.file.text;
            let at = text.find("\"dependencies\"").unwrap_or_default();
            let names: Vec<String> = packages.keys().map(|name| format!("`{name}`")).collect();
            let evidence = format!(
                "the code imports {}, which no manifest declares",
                names.join(", ")
            );
            let at = manifest.found.file.location(at..at + 1, None);
            Some(
                Breach::review(at, evidence)
                    .related(packages.into_values())
                    .into(),
            )
        })
        .collect()
}

fn is_script(found: &&FileFacts) -> bool {
    let script = matches!(
        found.file.language,
        Language::JavaScript | Language::TypeScript | Language::Tsx
    );
    // A file at the top configures a tool, as `jest.config.js` does.
    script && found.file.role == Role::Production && !found.file.name().contains(".config.")
}

fn manifest(found: &FileFacts) -> Option<Manifest<'_>> {
    let value: Value = serde_json::from_str(&found.file.text).ok()?;
    let mut declared = BTreeSet::new();
    for list in LISTS {
        let names = value.get(list).and_then(Value::as_object);
        for name in names.into_iter().flat_map(|names| names.keys()) {
            // An import of types only does not need the package.
            if let Some(typed) = name.strip_prefix("@types/") {
                declared.insert(match typed.split_once("__") {
                    Some((scope, rest)) => format!("@{scope}/{rest}"),
                    None => typed.to_owned(),
                });
            }
            declared.insert(name.clone());
        }
    }
    // A manifest without packages belongs to a tool, or an import map declares them.
    if declared.is_empty() {
        return None;
    }
    Some(Manifest {
        found,
        name: value
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        declared,
    })
}

/// A folder and the folders above it, the nearest first.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(parent, _)| parent))
    })
}

/// The package of an import: `@scope/name/part` is `@scope/name`.
fn package(path: &str) -> Option<&str> {
    let first = path.chars().next()?;
    let scoped = first == '@';
    // `@/` and `~/` are aliases by convention, `#` is one of `package.json`.
    if !(first.is_ascii_lowercase() || scoped) || path.starts_with("@/") || path.contains(':') {
        return None;
    }
    let parts = if scoped { 2 } else { 1 };
    let end = path
        .match_indices('/')
        .nth(parts - 1)
        .map_or(path.len(), |(at, _)| at);
    let package = path.get(..end)?;
    let named = !scoped || package.contains('/');
    let valid = package
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "@/._-".contains(letter));
    (named && valid && !BUILT_IN.contains(&package)).then_some(package)
}

/// Whether the first part of a package is a folder or a file, as `src/` with a `baseUrl`.
fn has_folder(model: &Model, folder: &str, package: &str) -> bool {
    let part = package.split('/').next().unwrap_or(package);
    ["", "src/"].iter().any(|base| {
        let path = match folder {
            "" => format!("{base}{part}"),
            _ => format!("{folder}/{base}{part}"),
        };
        let from = (Bound::Included(path.as_str()), Bound::Unbounded);
        model
            .files
            .range::<str, _>(from)
            .next()
            .is_some_and(|(found, _)| {
                found
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.starts_with(['/', '.']))
            })
    })
}
