//! A file contains a credential.

use crate::model::Model;
use crate::model::facts::Secret;
use crate::repository::{Role, Tracked};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{SecretClass, names_only_this_machine};
use crate::source::{Language, SourceFile};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-7.secret-in-file",
        title: "A file contains a credential",
        severity: Severity::Critical,
        category: Category::Security,
        meaning: "A value has the format of a provider's credentials, or is the password of a URL to another host. A random value under a secret-like key counts too. Placeholders and files that Git ignores are excluded. Low for a random value in a `.env` file whose hosts are all this machine, unless its name contains `prod`. The auditor never prints or stores the value.",
        why: "Everyone who can read the repository, its history, a fork or an image of it can use the credential until it expires.",
        fix: &[(
            "any",
            "Revoke the credential now, because it remains in the history after you delete the line. Then read it at run time from the environment, a mounted file or a vault, and keep only a placeholder here.",
        )],
        references: &[
            "https://owasp.org/www-project-top-ten/",
            "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model.files.values() {
        let file = &found.file;
        if file.tracked == Tracked::No
            || matches!(file.role, Role::Test | Role::Vendored | Role::Generated)
        {
            continue;
        }
        for secret in found
            .facts
            .of::<Secret>()
            .items
            .iter()
            .filter(|secret| secret.credential.class == SecretClass::Real)
        {
            let shaped = secret.credential.kind != "value of a secret key"
                && secret.credential.kind != "password in a URL";
            let local = ["localhost", "127.0.0.1", "host.docker.internal"]
                .iter()
                .any(|host| secret.subject.starts_with(host));
            // CI starts throw-away services, and names projects by tokens that only write.
            let pipeline = [".github/", ".gitlab", ".circleci/", ".ci/", ".buildkite/"]
                .iter()
                .any(|start| {
                    file.path.starts_with(start) || file.path.contains(&format!("/{start}"))
                });
            let demoted = pipeline
                || is_for_developers(file, secret.at.span.start)
                || is_for_this_machine(file)
                || matches!(
                    file.role,
                    Role::Example | Role::Development | Role::Documentation
                );
            let severity = match (shaped, local || demoted) {
                (true, _) => Severity::Critical,
                (false, false) => Severity::High,
                (false, true) => Severity::Low,
            };
            let confidence = if shaped {
                Confidence::High
            } else {
                Confidence::Medium
            };
            let evidence = if shaped {
                format!(
                    "{} of {} characters",
                    secret.credential.kind, secret.credential.length
                )
            } else {
                format!(
                    "{} `{}`, {} characters",
                    secret.credential.kind, secret.subject, secret.credential.length
                )
            };
            outcomes.push(
                Breach::new(secret.at.clone(), confidence, evidence)
                    .severity(severity)
                    .into(),
            );
        }
    }
    if outcomes.is_empty() {
        outcomes.push(Outcome::passed(
            format!("no credential found in {} files", model.files.len()),
            None,
        ));
    }
    outcomes
}

/// Whether the file is a `.env` file for a process on the machine of a developer.
fn is_for_this_machine(file: &SourceFile) -> bool {
    let name = file.name();
    (name.starts_with(".env") || name.ends_with(".env"))
        && !name.contains("prod")
        && names_only_this_machine(&file.text)
}

/// Whether a place is in a section of a YAML file for development or tests, or in a comment of
/// Ruby.
fn is_for_developers(file: &SourceFile, at: usize) -> bool {
    let before = file.text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let comment = file.language == Language::Ruby && line.trim_start().starts_with('#');
    let section = before
        .lines()
        .rev()
        .find(|line| line.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        .is_some_and(|line| matches!(line.trim_end(), "development:" | "test:"));
    comment || file.language == Language::Yaml && section
}
