//! Values of layered configuration files: `config.yaml` and `config.production.yaml`,
//! `application.yml` and `application-prod.yml`.

use std::ops::Range;

use crate::document::{Yaml, YamlNode};
use crate::model::facts::{Migration, Observation, Practice, Setting, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "layered settings",
    reader: Reader::Yaml(read),
};

/// `application.properties`, `.env`-like lines of Java programs.
pub(super) const PROPERTIES: Pack = Pack {
    name: "properties",
    reader: Reader::Text(properties),
};

fn properties(file: &SourceFile, facts: &mut FactSink<'_>) {
    let name = file.name().to_lowercase();
    let Some(stem) = name.strip_suffix(".properties") else {
        return;
    };
    if !(stem.starts_with("application") || stem.starts_with("config")) {
        return;
    }
    let mut start = 0;
    for line in file.text.split_inclusive('\n').take(MAX_SETTINGS) {
        let begin = start;
        start += line.len();
        if line.trim_start().starts_with(['#', '!']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let setting = Setting {
            key: key.trim().to_owned(),
            text: Resolution::Known(value.trim().to_owned()),
            profile: profile_of(stem),
        };
        facts.add(setting, begin..begin + line.trim_end().len());
    }
}

/// Records settings whose value alone decides: the log level, and changes of the schema.
fn effect(
    key: &str,
    value: &str,
    profile: Option<&str>,
    span: Range<usize>,
    facts: &mut FactSink<'_>,
) {
    if matches!(profile, Some("development" | "dev" | "test" | "local")) {
        return;
    }
    let key = key.to_lowercase();
    let (parent, last) = key.rsplit_once('.').unwrap_or(("", &key));
    let level = last.contains("loglevel")
        || last.contains("log_level")
        || last == "level" && parent.contains("log");
    if level && matches!(value.to_lowercase().as_str(), "debug" | "trace") {
        let observation = Observation {
            practice: Practice::LogLevel,
            elsewhere: "",
            verdict: Verdict::Minor,
            evidence: format!("`{key}` is `{value}` unless a deployment overrides it"),
        };
        facts.add(observation, span);
    } else if value == "true"
        && matches!(
            last.replace(['_', '-'], "").as_str(),
            "automigrate" | "migrateonstart" | "runmigrations" | "automigration"
        )
    {
        let library = "a setting for migrations at start";
        facts.add(
            Migration {
                library,
                versioned: false,
            },
            span,
        );
    } else if value == "true"
        && matches!(
            key.as_str(),
            "spring.flyway.enabled" | "spring.liquibase.enabled"
        )
    {
        let library = "the migration that Spring enables";
        facts.add(
            Migration {
                library,
                versioned: true,
            },
            span,
        );
    }
}

/// `prod` in `application-prod`.
fn profile_of(stem: &str) -> Option<String> {
    stem.rsplit(['.', '-', '_'])
        .next()
        .filter(|profile| PROFILES.contains(profile))
        .map(str::to_owned)
}

/// Deeper settings, and more of them, are not read.
const MAX_DEPTH: usize = 12;
const MAX_SETTINGS: usize = 2_000;
/// Folders of settings.
const FOLDERS: &[&str] = &["etc", "config", "configs", "conf"];
const PROFILES: &[&str] = &[
    "production",
    "prod",
    "staging",
    "development",
    "dev",
    "test",
    "local",
    "default",
];

fn read(file: &SourceFile, yaml: &Yaml, facts: &mut FactSink<'_>) {
    let name = file.name().to_lowercase();
    let Some(stem) = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
    else {
        return;
    };
    let folder = file.folder().rsplit('/').next().unwrap_or_default();
    if !(stem.starts_with("config")
        || stem.starts_with("application")
        || stem.starts_with("settings")
        || FOLDERS.contains(&folder))
    {
        return;
    }
    let profile = profile_of(stem);
    let mut left = MAX_SETTINGS;
    for document in yaml.documents() {
        flatten(
            document,
            String::new(),
            MAX_DEPTH,
            &mut left,
            &mut |key, node| {
                let text = node.text();
                if let Some(value) = text.known() {
                    effect(&key, value, profile.as_deref(), node.span(), facts);
                }
                facts.add(
                    Setting {
                        key,
                        text,
                        profile: profile.clone(),
                    },
                    node.span(),
                );
            },
        );
    }
}

fn flatten<'y>(
    node: YamlNode<'y>,
    key: String,
    depth: usize,
    left: &mut usize,
    add: &mut impl FnMut(String, YamlNode<'y>),
) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    if node.scalar().is_some() {
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            add(key, node);
        }
        return;
    }
    for (name, value) in node.pairs().filter(|_| *left > 0).collect::<Vec<_>>() {
        let inner = if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}.{name}")
        };
        flatten(value, inner, depth, left, add);
    }
}
