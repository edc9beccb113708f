//! Internal Go packages that no code imports.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::is_read;
use crate::{
    model::{FileFacts, Model},
    repository::Role,
    rule::{Breach, Outcome},
};

static CONSTRUCTOR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^func (?:New\w*|[A-Z]\w*)\(").ok());

/// Internal packages of Go that no code imports. No other module can import them.
pub(super) fn unused_packages(model: &Model) -> Vec<Outcome> {
    let (Some(constructor), false) = (CONSTRUCTOR.as_ref(), model.files.is_empty()) else {
        return Vec::new();
    };
    let is_go = |found: &&FileFacts| found.file.path.ends_with(".go");
    let imported: BTreeSet<&str> = model
        .files
        .values()
        .filter(is_go)
        .filter(|found| found.file.role != Role::Test)
        .flat_map(|found| found.file.text.lines())
        .filter_map(|line| line.split('"').nth(1))
        .filter(|path| path.contains('/'))
        .collect();
    let mut seen = BTreeSet::new();
    let mut outcomes = Vec::new();
    for found in model.files.values().filter(is_go).filter(is_read) {
        let Some((folder, _)) = found.file.path.rsplit_once('/') else {
            continue;
        };
        let Some(package) = package(model, folder) else {
            continue;
        };
        let Some(start) = constructor.find(&found.file.text) else {
            continue;
        };
        if imported.contains(package.as_str()) || !seen.insert(folder) {
            continue;
        }
        let evidence = format!("no code imports the internal package `{package}`");
        outcomes.push(Breach::review(found.file.location(start.range(), None), evidence).into());
    }
    outcomes
}

/// The import path of an internal package, by the `go.mod` above its folder.
fn package(model: &Model, folder: &str) -> Option<String> {
    if !format!("/{folder}/").contains("/internal/") {
        return None;
    }
    let mut root = folder;
    while !root.is_empty() {
        root = root.rsplit_once('/').map_or("", |(above, _)| above);
        let manifest = match root {
            "" => "go.mod".to_owned(),
            root => format!("{root}/go.mod"),
        };
        if let Some(found) = model.files.get(manifest.as_str()) {
            let mut lines = found.file.text.lines();
            let name = lines.find_map(|line| line.trim().strip_prefix("module "))?;
            let rest = folder.strip_prefix(root)?.trim_start_matches('/');
            return Some(format!("{}/{rest}", name.trim()));
        }
    }
    None
}
