//! A repository that nothing builds.

use crate::model::{Model, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-5.no-ci",
        title: "The repository has no CI",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository has services with code and none of the usual files of a CI system. It may be driven from elsewhere: informative.",
        why: "Whether the main branch builds is known when somebody deploys it.",
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
                "no file of a CI system is there",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
