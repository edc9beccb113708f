//! A settings file contains a secret as plain text.

use std::collections::BTreeMap;

use crate::model::facts::{Secret, Setting};
use crate::model::{FileFacts, Model};
use crate::report::MAX_RELATED;
use crate::repository::Tracked;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{
    SecretClass, document_start, is_for_demonstration, is_secret_name, literal,
    opens_the_same_machine,
};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-in-settings",
        title: "A settings file contains a secret as plain text",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A key of a settings file (`config.yaml`, `application.yml`, `application.properties`, files in `etc` or `configs`) is named like a secret and has a literal value. Placeholders (`${NAME}`), names of settings and development files are excluded. CONF-5 and SEC-7 report default credentials and usable credentials separately. Keys of one file, or of one object of a manifest, with the same value are one finding. Low if the name contains `DEMO`.",
        why: "Everyone with read access to the repository or the image knows the value. Production uses it unless a deployment overrides it.",
        fix: &[(
            "any",
            "Read the value from the environment or a secret file, and keep no default in the file.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut read = 0;
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed() && found.file.tracked != Tracked::No)
    {
        let reported = found.facts.of::<Secret>();
        let settings = found.facts.of::<Setting>();
        let mut breaches: Vec<Breach> = Vec::new();
        let mut known: BTreeMap<(usize, &str, Severity), usize> = BTreeMap::new();
        for setting in &settings.items {
            read += 1;
            let development = matches!(
                setting.profile.as_deref(),
                Some("development" | "dev" | "test" | "local")
            );
            let again = reported.items.iter().any(|secret| {
                secret.at.span.start < setting.at.span.end
                    && setting.at.span.start < secret.at.span.end
            });
            let Some(value) = setting.text.known().filter(|_| !development && !again) else {
                continue;
            };
            if !is_secret_name(&setting.key)
                || !literal(&setting.key, value, true)
                || is_default_credential(found, setting, value)
            {
                continue;
            }
            let severity = if is_for_demonstration(&setting.key) {
                Severity::Low
            } else {
                Severity::Medium
            };
            let start = document_start(&found.file.text, setting.at.span.start);
            let first = known
                .get(&(start, value.as_str(), severity))
                .and_then(|at| breaches.get_mut(*at))
                .filter(|first| first.related.len() < MAX_RELATED);
            if let Some(first) = first {
                first.related.push(setting.at.clone());
                continue;
            }
            known.insert((start, value.as_str(), severity), breaches.len());
            let evidence = format!("`{}` is a literal", setting.key);
            let breach = Breach::new(setting.at.clone(), Confidence::Medium, evidence);
            breaches.push(breach.severity(severity));
        }
        outcomes.extend(breaches.into_iter().map(Outcome::from));
    }
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(
            format!("none of {read} settings is a secret as plain text"),
            None,
        ));
    }
    outcomes
}

/// Whether `CONF-5.default-credential` reports the value in the same document with the severity of
/// this rule, for example in a URL.
fn is_default_credential(found: &FileFacts, setting: &Located<Setting>, value: &str) -> bool {
    let text = &found.file.text;
    let start = document_start(text, setting.at.span.start);
    found.facts.of::<Secret>().items.iter().any(|secret| {
        let local = ["localhost", "127.0.0.1"]
            .iter()
            .any(|host| secret.subject.starts_with(host))
            || opens_the_same_machine(text, secret.at.span.start);
        secret.credential.class == SecretClass::Weak
            && !local
            && document_start(text, secret.at.span.start) == start
            && text.get(secret.at.span.clone()) == Some(value)
    })
}
