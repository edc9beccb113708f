//! The configuration contains a default credential.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::facts::{ComposeService, Secret, Setting, runs_stores_only};
use crate::model::{FileFacts, Model};
use crate::report::MAX_RELATED;
use crate::repository::{Role, Tracked};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{
    KEYED, SecretClass, document_start, is_for_demonstration, is_secret_name,
    opens_the_same_machine,
};
use crate::source::{Language, Located, Location};

/// The kind of a credential in a URL.
const IN_URL: &str = "password in a URL";

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.default-credential",
        title: "The configuration contains a default credential",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A configuration file sets a secret key or the password of a URL to a well-known value (`postgres`, `guest`, `secret`). Development files are excluded. Low if the compose file starts only databases and brokers for local development, if nearby settings name this machine (`host: 127.0.0.1`), or if the name contains `DEMO`. Low for a compose file that repeats the URL of a settings file, which has its own finding. Places of one file, or of one object of a manifest, with the same value are one finding.",
        why: "Default credentials reach production unchanged, and attackers try them first.",
        fix: &[(
            "any",
            "Take the value from the environment without a default (`${DB_PASSWORD:?}` in compose), from a secret file, or from a vault. Keep defaults only in the development override.",
        )],
        references: &[
            "https://cwe.mitre.org/data/definitions/1392.html",
            "https://docs.docker.com/compose/how-tos/use-secrets/",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let files: Vec<&FileFacts> = model
        .files
        .values()
        .filter(|found| {
            found.file.tracked != Tracked::No
                && found.file.role == Role::Production
                && found.file.language.is_configuration()
        })
        .collect();
    let read = files.len();
    let urls: BTreeSet<(String, &str)> = files
        .iter()
        .filter(|found| !is_compose(found))
        .flat_map(|found| weak_urls(found))
        .collect();
    let mut outcomes: Vec<Outcome> = files
        .iter()
        .flat_map(|found| credentials(found, &urls))
        .map(Outcome::from)
        .collect();
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(
            format!("no default credential found in {read} configuration files"),
            None,
        ));
    }
    outcomes
}

fn is_compose(found: &FileFacts) -> bool {
    !found.facts.of::<ComposeService>().items.is_empty()
}

/// The hosts and default passwords of the URLs of a file.
fn weak_urls(found: &FileFacts) -> Vec<(String, &str)> {
    let secrets = found.facts.of::<Secret>();
    secrets
        .items
        .iter()
        .filter(|secret| {
            secret.credential.class == SecretClass::Weak && secret.credential.kind == IN_URL
        })
        .filter_map(|secret| {
            let password = found.file.text.get(secret.at.span.clone())?;
            Some((secret.subject.clone(), password))
        })
        .collect()
}

/// One breach for each value in each document of a file, with its other places. `urls` are the
/// hosts and default passwords of all settings files.
fn credentials(found: &FileFacts, urls: &BTreeSet<(String, &str)>) -> Vec<Breach> {
    let file = &found.file;
    let repeated: BTreeSet<&str> = weak_urls(found)
        .into_iter()
        .filter(|url| is_compose(found) && urls.contains(url))
        .map(|(_, password)| password)
        .collect();
    let confidence = if file.language == Language::Yaml {
        Confidence::High
    } else {
        Confidence::Medium
    };
    let mut breaches: Vec<Breach> = Vec::new();
    let mut known: BTreeMap<(usize, &str, Severity), usize> = BTreeMap::new();
    for secret in found
        .facts
        .of::<Secret>()
        .items
        .iter()
        .filter(|secret| secret.credential.class == SecretClass::Weak)
    {
        let start = document_start(&file.text, secret.at.span.start);
        let value = file.text.get(secret.at.span.clone()).unwrap_or_default();
        let severity = match severity(found, secret) {
            Severity::Medium if repeated.contains(value) => Severity::Low,
            severity => severity,
        };
        let first = known
            .get(&(start, value, severity))
            .and_then(|at| breaches.get_mut(*at))
            .filter(|first| first.related.len() < MAX_RELATED);
        if let Some(first) = first {
            first.related.push(secret.at.clone());
            continue;
        }
        known.insert((start, value, severity), breaches.len());
        let evidence = format!(
            "{} `{}` is a dictionary word or a well-known default",
            secret.credential.kind, secret.subject
        );
        breaches.push(
            Breach::new(secret.at.clone(), confidence, evidence)
                .severity(severity)
                .related(settings(found, start, value)),
        );
    }
    breaches
}

fn severity(found: &FileFacts, secret: &Located<Secret>) -> Severity {
    let file = &found.file;
    let local = ["localhost", "127.0.0.1"]
        .iter()
        .any(|host| secret.subject.starts_with(host));
    // A CI file starts throw-away databases of its own.
    if local || file.path.starts_with(".github/") || file.name().starts_with(".gitlab") {
        Severity::Info
    } else if runs_stores_only(found)
        || opens_the_same_machine(&file.text, secret.at.span.start)
        || secret.credential.kind == KEYED && is_for_demonstration(&secret.subject)
    {
        Severity::Low
    } else {
        Severity::Medium
    }
}

/// Settings of the document that are named like a secret and have the value. The rule
/// `CONF-5.secret-in-settings` leaves them out.
fn settings(found: &FileFacts, start: usize, value: &str) -> Vec<Location> {
    let secrets = found.facts.of::<Secret>();
    found
        .facts
        .of::<Setting>()
        .items
        .iter()
        .filter(|setting| {
            is_secret_name(&setting.key)
                && setting.text.known().is_some_and(|text| text == value)
                && document_start(&found.file.text, setting.at.span.start) == start
                && !secrets.items.iter().any(|secret| {
                    secret.at.span.start < setting.at.span.end
                        && setting.at.span.start < secret.at.span.end
                })
        })
        .map(|setting| setting.at.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::RULE;
    use crate::rule::Severity;
    use crate::{AuditConfig, audit};

    #[test]
    fn url_of_settings_file_is_reported_once_as_medium() {
        let folder = tempfile::tempdir().unwrap();
        let word = "postgres";
        let url = format!("postgresql://{word}:{word}@database/shop");
        let settings = format!("db_url = \"{url}\"\n");
        let compose = format!(
            "services:\n  shop:\n    build: .\n    environment:\n      DB_URL: \"{url}\"\n"
        );
        fs::write(folder.path().join("shop.toml"), settings).unwrap();
        fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let report = audit(folder.path(), &AuditConfig::default()).unwrap();
        let mut found: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.id == RULE.metadata.id)
            .map(|finding| (finding.path.as_str(), finding.severity))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("compose.yaml", Severity::Low),
                ("shop.toml", Severity::Medium)
            ]
        );
    }
}
