//! Manifests: `go.mod`, `package.json`, `pyproject.toml`, `requirements.txt`, `pom.xml`, Gradle,
//! `Cargo.toml`.

use crate::model::FactSink;
use crate::model::facts::{Module, Script};
use crate::packs::{Pack, Reader};
use crate::source::{Language, SourceFile};

pub(super) const PACK: Pack = Pack {
    name: "module manifests",
    reader: Reader::Text(read),
};

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let read = match file.name() {
        "go.mod" => Some((Language::Go, go(&file.text))),
        "package.json" => package_json(&file.text).map(|found| (Language::JavaScript, found)),
        "pyproject.toml" => Some((Language::Python, pyproject(&file.text))),
        // A module of a program may be named `setup.py` too.
        "setup.py" if !file.text.contains("setuptools") && !file.text.contains("distutils") => None,
        "requirements.txt" | "setup.py" | "Pipfile" => {
            Some((Language::Python, (None, requirements(&file.text))))
        }
        "pom.xml" | "build.gradle" | "build.gradle.kts" => {
            Some((Language::Java, (None, Vec::new())))
        }
        "Cargo.toml" => cargo(&file.text).map(|found| (Language::Rust, found)),
        "composer.json" => composer(&file.text).map(|found| (Language::Php, found)),
        // A gem is a library.
        "Gemfile" if !file.text.lines().any(|line| line.trim() == "gemspec") => {
            Some((Language::Ruby, (None, gems(&file.text))))
        }
        _ => None,
    };
    if file.name() == "package.json" {
        scripts(&file.text, facts);
    }
    if let Some((language, (name, dependencies))) = read {
        let folder = file.folder().to_owned();
        let name = name.unwrap_or_else(|| folder.rsplit('/').next().unwrap_or_default().to_owned());
        facts.add(
            Module {
                name,
                folder,
                language,
                dependencies,
                development_dependencies: match language {
                    Language::JavaScript => serde_json::from_str(&file.text)
                        .map(|manifest| listed(&manifest, "devDependencies"))
                        .unwrap_or_default(),
                    _ => Vec::new(),
                },
            },
            0..0,
        );
    }
}

/// Adds the entries of `scripts`. The place is the text of the command.
fn scripts(text: &str, facts: &mut FactSink<'_>) {
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(text) else {
        return;
    };
    let entries = manifest
        .get("scripts")
        .and_then(serde_json::Value::as_object);
    for (name, command) in entries.into_iter().flatten() {
        let Some(command) = command.as_str() else {
            continue;
        };
        let at = text.find(&format!("\"{name}\":")).unwrap_or(0);
        let span = at..at + name.len();
        facts.add(
            Script {
                name: name.clone(),
                command: command.to_owned(),
                span: span.clone(),
            },
            span,
        );
    }
}

type Read = (Option<String>, Vec<String>);

fn go(text: &str) -> Read {
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("module "))
        .map(|name| name.trim().to_owned());
    let dependencies = text
        .lines()
        .filter(|line| line.starts_with('\t') && !line.contains("// indirect"))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    (name, dependencies)
}

fn listed(manifest: &serde_json::Value, key: &str) -> Vec<String> {
    manifest
        .get(key)
        .and_then(serde_json::Value::as_object)
        .map(|list| list.keys().cloned().collect())
        .unwrap_or_default()
}

fn package_json(text: &str) -> Option<Read> {
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    let name = manifest
        .get("name")
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned);
    Some((name, listed(&manifest, "dependencies")))
}

/// Returns nothing for a library.
fn composer(text: &str) -> Option<Read> {
    let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
    let kind = manifest.get("type").and_then(serde_json::Value::as_str);
    // The name of a framework's skeleton (`laravel/laravel`) does not name a program.
    (kind != Some("library")).then(|| (None, listed(&manifest, "require")))
}

fn gems(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("gem "))
        .filter_map(|rest| {
            rest.split([',', '\'', '"'])
                .find(|part| !part.trim().is_empty())
        })
        .map(|name| name.trim().to_owned())
        .collect()
}

fn pyproject(text: &str) -> Read {
    let Ok(manifest) = text.parse::<toml_edit::DocumentMut>() else {
        return (None, Vec::new());
    };
    let project = manifest
        .get("project")
        .or_else(|| manifest.get("tool").and_then(|tool| tool.get("poetry")));
    let name = project
        .and_then(|project| project.get("name"))
        .and_then(toml_edit::Item::as_str)
        .map(str::to_owned);
    let listed = project.and_then(|project| project.get("dependencies"));
    let mut dependencies: Vec<String> = Vec::new();
    if let Some(array) = listed.and_then(toml_edit::Item::as_array) {
        dependencies.extend(
            array
                .iter()
                .filter_map(toml_edit::Value::as_str)
                .map(requirement_name),
        );
    } else if let Some(table) = listed.and_then(toml_edit::Item::as_table_like) {
        dependencies.extend(table.iter().map(|(name, _)| name.to_lowercase()));
    }
    (name, dependencies)
}

fn requirements(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        .map(requirement_name)
        .collect()
}

fn requirement_name(requirement: &str) -> String {
    requirement
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

fn cargo(text: &str) -> Option<Read> {
    let manifest = text.parse::<toml_edit::DocumentMut>().ok()?;
    let name = manifest
        .get("package")?
        .get("name")
        .and_then(toml_edit::Item::as_str)
        .map(str::to_owned);
    let dependencies = manifest
        .get("dependencies")
        .and_then(toml_edit::Item::as_table_like);
    Some((
        name,
        dependencies
            .map(|list| list.iter().map(|(name, _)| name.to_owned()).collect())
            .unwrap_or_default(),
    ))
}
