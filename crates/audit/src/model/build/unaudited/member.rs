//! Members of a workspace, and submodules, whose folders are empty.

use super::source::Sources;
use crate::model::NotAudited;
use crate::repository::Role;
use crate::source::SourceFile;

/// Members that a manifest names and that are not in the repository.
pub(super) fn missing(sources: &Sources<'_>) -> Vec<NotAudited> {
    let mut found = Vec::new();
    for file in sources.files.values().map(|found| &found.file) {
        if file.role != Role::Production {
            continue;
        }
        for member in members(file) {
            let Some(folder) = resolve(file.folder(), &member) else {
                continue;
            };
            if folder.is_empty() || sources.has(&folder) {
                continue;
            }
            let at = file.text.find(&member).unwrap_or_default();
            found.push(NotAudited {
                name: folder.rsplit('/').next().unwrap_or(&folder).to_owned(),
                reason: format!("its source was not found: the folder `{folder}` is empty"),
                path: file.path.to_string(),
                line: file.location(at..at, None).line,
            });
        }
    }
    found
}

fn members(file: &SourceFile) -> Vec<String> {
    let text = &file.text;
    let named = match file.name() {
        "Cargo.toml" => cargo(text),
        "go.work" => go_work(text),
        "package.json" => package_json(text),
        ".gitmodules" => submodules(text),
        _ => Vec::new(),
    };
    named
        .into_iter()
        .filter(|member| !member.contains(['*', '?', '[', '{', '!']))
        .collect()
}

fn cargo(text: &str) -> Vec<String> {
    let Ok(manifest) = text.parse::<toml_edit::DocumentMut>() else {
        return Vec::new();
    };
    manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(toml_edit::Item::as_array)
        .into_iter()
        .flatten()
        .filter_map(|member| member.as_str().map(str::to_owned))
        .collect()
}

fn go_work(text: &str) -> Vec<String> {
    let mut in_block = false;
    let mut members = Vec::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        match line {
            "use (" => in_block = true,
            ")" => in_block = false,
            "" => {}
            _ if in_block => members.push(line.to_owned()),
            _ => members.extend(line.strip_prefix("use ").map(|path| path.trim().to_owned())),
        }
    }
    members
}

fn package_json(text: &str) -> Vec<String> {
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else {
        return Vec::new();
    };
    let workspaces = manifest.get("workspaces");
    workspaces
        .and_then(serde_json::Value::as_array)
        .or_else(|| workspaces?.get("packages")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(|member| member.as_str().map(str::to_owned))
        .collect()
}

fn submodules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("path"))
        .filter_map(|rest| rest.trim_start().strip_prefix('='))
        .map(|path| path.trim().to_owned())
        .collect()
}

/// A path relative to a folder. Nothing for one that leaves the repository.
fn resolve(folder: &str, member: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in member.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
