//! The code imports, or compose mounts or builds, a path that the repository does not contain.

mod nest_scripts;
mod static_folders;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::facts::ComposeService;
use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::{Location, SourceFile};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.missing-source",
        title: "The code imports, or compose mounts or builds, a path that the repository does not contain",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "JavaScript and TypeScript: a relative import names no file of the repository. Compose: an entry mounts a file, or builds a folder, that the repository does not contain. Nest: `start:prod` of a workspace names an application that the workspace does not have. FastAPI: `StaticFiles` serves a folder that the repository does not contain and no code makes. Names of generated code (`generated`, `dist`, `proto`) and of assets are excluded. The finding has low confidence, because a build step may write the file. The rule reports one per file.",
        why: "A build of a fresh checkout fails, or the file exists on one developer's machine only.",
        fix: &[(
            "any",
            "Commit the file, without credentials, or generate it in the build.",
        )],
        references: &["https://12factor.net/codebase"],
    },
    check: Check::Repository(check),
};

static IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^(?:import\b[^;'"`]*?|export\b[^;'"`=(]*?\bfrom\s*|export\b[^;'"`]*?\bimport\(\s*)['"](?P<path>\.{1,2}/[^'"\n]+)['"]|\brequire\(\s*['"](?P<required>\.{1,2}/[^'"\n]+)['"]\s*\)"#).ok()
});

/// Parts of paths that a build writes, and suffixes of files without code.
const WRITTEN: &[&str] = &[
    "generated",
    "dist/",
    "build/",
    "/gen/",
    "proto",
    "prisma",
    "codegen",
    "__generated__",
    "package.json",
    ".css",
    ".scss",
    ".svg",
    ".png",
    ".html",
    ".wasm",
    ".node",
    "?",
    "!",
];
/// Suffixes that an import may omit.
const SUFFIXES: &[&str] = &[
    "",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    ".json",
    ".d.ts",
    ".vue",
    ".svelte",
    "/index.ts",
    "/index.tsx",
    "/index.js",
    "/index.mjs",
    "/index.jsx",
    "/index.cjs",
];

fn is_script(found: &&FileFacts) -> bool {
    found.file.role == Role::Production
        && [".ts", ".js", ".mjs", ".tsx", ".jsx"]
            .iter()
            .any(|end| found.file.path.ends_with(end))
}

fn check(model: &Model) -> Vec<Outcome> {
    let Some(pattern) = IMPORT.as_ref() else {
        return Vec::new();
    };
    let mut read = 0_usize;
    let mut missing: BTreeMap<&str, Vec<Location>> = BTreeMap::new();
    for (path, at) in mounts(model)
        .into_iter()
        .chain(contexts(model))
        .chain(nest_scripts::paths(model))
        .chain(static_folders::paths(model))
    {
        missing.entry(path).or_default().push(at);
    }
    for found in model.files.values().filter(is_script) {
        for captures in pattern.captures_iter(&found.file.text) {
            let Some(path) = captures.name("path").or_else(|| captures.name("required")) else {
                continue;
            };
            read += 1;
            let Some(target) = resolved(found.file.folder(), path.as_str()) else {
                continue;
            };
            if WRITTEN.iter().any(|part| target.contains(part)) || exists(model, &target) {
                continue;
            }
            let at = found.file.location(path.range(), None);
            missing.entry(&found.file.path).or_default().push(at);
        }
    }
    if missing.is_empty() && read > 0 {
        return vec![Outcome::passed(
            format!("every relative import names a file ({read} imports)"),
            None,
        )];
    }
    missing
        .into_values()
        .filter_map(|places| {
            let first = places.first()?.clone();
            let evidence = match places.len() {
                1 => "neither the repository nor a build contains the named path".to_owned(),
                more => format!("neither the repository nor a build contains {more} named paths"),
            };
            Some(
                Breach::review(first, evidence)
                    .related(places.into_iter().skip(1))
                    .into(),
            )
        })
        .collect()
}

/// Suffixes of mounted files that are secret or that a program writes.
const LOCAL: &[&str] = &[
    "env", "pem", "key", "crt", "cert", "sock", "db", "sqlite", "log", "pid", "p12", "jks", "d",
];

/// Names of mounted folders that a program reads and does not write.
const COMMITTED: &[&str] = &[
    "config",
    "configs",
    "conf",
    "init",
    "initdb",
    "migrations",
    "provisioning",
    "dashboards",
];

/// Files that a compose entry mounts and the repository does not contain. Docker makes a folder for
/// each of them.
fn mounts(model: &Model) -> Vec<(&str, Location)> {
    let mut found: Vec<(&str, Location)> = entries(model)
        .into_iter()
        .flat_map(|(file, entry)| {
            entry.volumes.into_iter().filter_map(move |(volume, span)| {
                let source = volume
                    .split(':')
                    .next()
                    .filter(|own| own.starts_with('.'))?;
                let target = resolved(file.folder(), source)?;
                let (_, name) = target.rsplit_once('/').unwrap_or(("", &target));
                let local = match name.rsplit_once('.') {
                    Some((stem, suffix)) => stem.is_empty() || LOCAL.contains(&suffix),
                    None => !COMMITTED.contains(&name),
                };
                if local || model.has_path(&target) || has_folder(model, &target) {
                    return None;
                }
                Some((&*file.path, file.location(span, None)))
            })
        })
        .collect();
    found.sort_by_key(|(path, at)| (*path, at.span.start));
    found.dedup_by_key(|(path, at)| (*path, at.span.start));
    found
}

/// All entries of compose files for a deployment, with their files.
fn entries(model: &Model) -> Vec<(&SourceFile, ComposeService)> {
    model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
        .flat_map(|found| {
            let own = found.facts.of::<ComposeService>().into_owned().items;
            own.into_iter().map(move |entry| (&found.file, entry.value))
        })
        .collect()
}

/// Starts of build contexts outside the repository.
const OUTSIDE: &[&str] = &[
    "/",
    "$",
    "~",
    "http://",
    "https://",
    "git://",
    "git@",
    "github.com/",
];

/// Build contexts that the repository does not contain.
fn contexts(model: &Model) -> Vec<(&str, Location)> {
    // The walk does not enter submodules.
    if model.has_path(".gitmodules") {
        return Vec::new();
    }
    entries(model)
        .into_iter()
        .filter_map(|(file, entry)| {
            let (context, span) = entry.context_span?;
            let relative = !OUTSIDE.iter().any(|start| context.starts_with(start));
            let target =
                resolved(file.folder(), &context).filter(|_| relative && !context.contains('$'))?;
            if target.is_empty() || has_folder(model, &target) {
                return None;
            }
            Some((&*file.path, file.location(span, None)))
        })
        .collect()
}

fn has_folder(model: &Model, path: &str) -> bool {
    let folder = format!("{path}/");
    model
        .paths
        .range(folder.clone()..)
        .next()
        .is_some_and(|own| own.starts_with(&folder))
}

/// The path of an import from the root, or `None` if it leaves the repository.
fn resolved(folder: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in import.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn exists(model: &Model, target: &str) -> bool {
    let stem = [".js", ".mjs", ".cjs", ".jsx"]
        .iter()
        .find_map(|end| target.strip_suffix(end));
    SUFFIXES
        .iter()
        .any(|end| model.has_path(&format!("{target}{end}")))
        || stem.is_some_and(|stem| {
            [".ts", ".tsx", ".mts", ".cts"]
                .iter()
                .any(|end| model.has_path(&format!("{stem}{end}")))
        })
        || target.is_empty()
}
