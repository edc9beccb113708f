//! The repository has no CI.

use crate::model::{Model, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-5.no-ci",
        title: "The repository has no CI",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository contains services with code and no known CI files. Severity info, because CI may be configured elsewhere.",
        why: "Build errors on the main branch appear only at the next deployment.",
        fix: &[("any", "Build, lint and test on every change.")],
        references: &["https://martinfowler.com/articles/continuousIntegration.html"],
    },
    check: Check::Repository(check),
};

const MARKS: &[&str] = &[
    ".github/workflows/",
    ".gitlab-ci.yml",
    "Jenkinsfile",
    ".circleci/",
    "azure-pipelines",
    ".drone.yml",
    "bitbucket-pipelines",
    ".travis.yml",
    "cloudbuild",
    ".buildkite/",
    ".woodpecker",
    ".ci/",
    ".tekton/",
    "appveyor",
    ".forgejo/",
    ".gitea/",
    "buildspec",
];

fn check(model: &Model) -> Vec<Outcome> {
    let paths = || {
        model
            .paths
            .iter()
            .map(String::as_str)
            .chain(model.files.keys().map(|path| &**path))
    };
    if let Some(path) = paths().find(|path| MARKS.iter().any(|mark| path.contains(mark))) {
        return vec![Outcome::passed(
            format!("`{path}` builds the repository"),
            None,
        )];
    }
    let service = model
        .services
        .iter()
        .find(|service| service.kind == ServiceKind::Server || service.kind == ServiceKind::Worker);
    let first = service
        .and_then(|service| service.files.first())
        .and_then(|path| model.files.get(path));
    first
        .map(|found| {
            Breach::new(
                found.file.location(0..0, None),
                Confidence::Low,
                "the repository has no CI files",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
