//! A key of the settings file is never read.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::Setting;
use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};
use crate::source::{Language, Located};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.key-never-read",
        title: "A key of the settings file is never read",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "No code of the repository reads a key of a settings file (`config.yaml`, `configs/`, `etc/`), and it reads another key of the same section. Names match in every spelling (`read_timeout`, `ReadTimeout`, `GetReadTimeout`). Files of Kubernetes are excluded. Spring: `application.yml` or `application.properties` has a key in a section from which code reads another key by its whole name (`@Value`), and no code, file or bean of settings reads this one. Sections that code passes to a library as a whole are excluded too. The finding has low confidence.",
        why: "A change of the value, for example a timeout, has no effect.",
        fix: &[(
            "any",
            "Read the key where the code creates the client or server, or delete the key.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = check(model);
        outcomes.extend(of_spring(model));
        outcomes
    }),
};

/// `read_timeout`, `readTimeout` and `GetReadTimeout` are one name.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a file is deployed code or a script.
fn is_read(found: &FileFacts) -> bool {
    found.file.language.is_code() && matches!(found.file.role, Role::Production | Role::Script)
}

/// Collects names after a dot and in string literals. Struct tags only declare a name.
fn names(text: &str, language: Language, into: &mut BTreeSet<String>) {
    let scripts = matches!(
        language,
        Language::JavaScript | Language::TypeScript | Language::Tsx
    );
    for line in text.lines() {
        let line = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let mut before = ' ';
        let mut rest = line.as_str();
        let mut quoted = false;
        while let Some(start) = rest.find(|letter: char| letter.is_alphanumeric() || letter == '_')
        {
            let between = rest.get(..start).unwrap_or_default();
            quoted ^= between.matches(['"', '\'']).count() % 2 == 1;
            before = between.chars().next_back().unwrap_or(before);
            rest = rest.get(start..).unwrap_or_default();
            let end = rest
                .find(|letter: char| {
                    !(letter.is_alphanumeric() || letter == '_' || letter == '-' && quoted)
                })
                .unwrap_or(rest.len());
            if before == '.' || quoted || scripts {
                let name = plain(rest.get(..end).unwrap_or_default());
                if let Some(short) = name.strip_prefix("get") {
                    into.insert(short.to_owned());
                }
                into.insert(name);
            }
            rest = rest.get(end..).unwrap_or_default();
        }
    }
}

fn check(model: &Model) -> Vec<Outcome> {
    let settings: Vec<Located<Setting>> = model
        .files
        .values()
        .filter(|found| found.file.role == Role::Production)
        .filter(|found| found.file.language == Language::Yaml)
        // A container gets the keys of a ConfigMap as variables.
        .filter(|found| !found.file.text.contains("apiVersion:"))
        // Spring reads these files itself.
        .filter(|found| !found.file.name().starts_with("application"))
        .flat_map(|found| found.facts.of::<Setting>().items.clone())
        .filter(|setting| matches!(setting.profile.as_deref(), None | Some("default")))
        .collect();
    if settings.is_empty() {
        return Vec::new();
    }
    let mut read = BTreeSet::new();
    for found in model.files.values().filter(|found| is_read(found)) {
        names(&found.file.text, found.file.language, &mut read);
    }
    let is_named = |key: &str| read.contains(&plain(key));
    let mut outcomes = Vec::new();
    for setting in &settings {
        let Some((section, last)) = setting.key.rsplit_once('.') else {
            continue;
        };
        let name = section.rsplit('.').next().unwrap_or(section);
        let beside = settings.iter().any(|other| {
            other.at.path == setting.at.path
                && other
                    .key
                    .rsplit_once('.')
                    .is_some_and(|(own, key)| own == section && is_named(key))
        });
        if !beside || !is_named(name) {
            continue;
        }
        outcomes.push(if is_named(last) {
            Outcome::passed(format!("`{}` is read", setting.key), None)
        } else {
            let evidence = format!("no code reads `{}`", setting.key);
            Breach::review(setting.at.clone(), evidence).into()
        });
    }
    outcomes
}

/// Spring properties that no code reads, in sections from which code reads other properties.
fn of_spring(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let applications: Vec<&FileFacts> = model
        .files
        .values()
        .filter(|found| found.file.role == Role::Production)
        .filter(|found| found.file.name().starts_with("application"))
        .collect();
    let mut references = BTreeSet::new();
    for found in &applications {
        quoted(&found.file.text, &mut references);
    }
    let mut of_code: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    for found in &applications {
        let root = found
            .file
            .path
            .split("src/main/")
            .next()
            .unwrap_or_default();
        let (named, fields) = of_code.entry(root).or_insert_with(|| {
            let mut named = BTreeSet::new();
            let mut fields = BTreeSet::new();
            for other in model.files.values().filter(|other| is_read(other)) {
                if !other.file.path.starts_with(root) {
                    continue;
                }
                quoted(&other.file.text, &mut named);
                if other.file.text.contains("@ConfigurationProperties") {
                    fields.extend(words(&other.file.text));
                }
            }
            (named, fields)
        });
        for setting in &found.facts.of::<Setting>().items {
            let Some((section, last)) = setting.key.rsplit_once('.') else {
                continue;
            };
            let top = section.split('.').next().unwrap_or_default();
            let start = format!("{top}.");
            let belongs = named.iter().any(|name| name.starts_with(&start));
            if !belongs || LIBRARIES.contains(&top) {
                continue;
            }
            let key = setting.key.as_str();
            let is_read = named.contains(key)
                || references.contains(key)
                || named.contains(section)
                || fields.contains(&plain(last));
            outcomes.push(if is_read {
                Outcome::passed(format!("`{key}` is read"), None)
            } else {
                let evidence = format!("no code reads `{key}`");
                Breach::review(setting.at.clone(), evidence).into()
            });
        }
    }
    outcomes
}

/// The names in quotes or in `${…}` of a text.
fn quoted<'t>(text: &'t str, into: &mut BTreeSet<&'t str>) {
    for (at, start) in text.match_indices("${").chain(text.match_indices('"')) {
        let rest = text.get(at + start.len()..).unwrap_or_default();
        let end = rest
            .find(|letter: char| {
                !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
            })
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.contains('.') {
            into.insert(name);
        }
    }
}

/// The words of a text, normalized.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .map(plain)
}

/// Sections that libraries read.
const LIBRARIES: &[&str] = &[
    "spring",
    "server",
    "management",
    "logging",
    "eureka",
    "feign",
    "resilience4j",
    "springdoc",
    "info",
    "ribbon",
    "hystrix",
    "zuul",
    "opentracing",
    "otel",
    "micrometer",
    "axon",
    "grpc",
    "mybatis",
    "aws",
    "cloud",
    "dapr",
    "kafka",
];
