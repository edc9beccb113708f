//! The repository has no CI.

use crate::model::{Model, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-5.no-ci",
        title: "The repository has no CI",
        severity: Severity::Info,
        category: Category::Operations,
        meaning: "The repository contains services with code and no known CI files. Severity info, because CI may be configured elsewhere. Low confidence: CI names the folders of some services and not of the others.",
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

/// CI that names the folders of some services, and not of the others.
fn covers_part(model: &Model) -> Option<Outcome> {
    let files: Vec<_> = model
        .files
        .values()
        .filter(|found| MARKS.iter().any(|mark| found.file.path.contains(mark)))
        .collect();
    // Code that decides at run time which folders it builds.
    let dynamic = [
        "matrix.",
        "fromJson",
        "find .",
        "for ",
        "docker compose build",
        "docker-compose build",
        "nx ",
        "turbo",
        "--workspaces",
        "-r ",
        "make",
    ]
    .iter()
    .any(|text| files.iter().any(|found| found.file.text.contains(text)));
    let folders: Vec<&str> = model
        .services
        .iter()
        .filter(|service| matches!(service.kind, ServiceKind::Server | ServiceKind::Worker))
        .filter_map(|service| service.root.as_deref())
        .filter(|root| !root.is_empty())
        .collect();
    let place = |folder: &str| {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        files.iter().find_map(|found| {
            let at = found.file.text.find(name)?;
            Some(found.file.location(at..at + name.len(), None))
        })
    };
    let mut named = folders.iter().filter_map(|folder| place(folder)).peekable();
    let left: Vec<&&str> = folders
        .iter()
        .filter(|folder| place(folder).is_none())
        .collect();
    if dynamic || left.is_empty() {
        return None;
    }
    let first = named.next()?;
    let evidence = format!(
        "CI names {} of {} services, and not `{}`",
        folders.len() - left.len(),
        folders.len(),
        left.first()?
    );
    Some(
        Breach::review(first, evidence)
            .severity(Severity::Low)
            .related(named)
            .into(),
    )
}

fn check(model: &Model) -> Vec<Outcome> {
    let paths = || {
        model
            .paths
            .iter()
            .map(String::as_str)
            .chain(model.files.keys().map(|path| &**path))
    };
    if let Some(path) = paths().find(|path| MARKS.iter().any(|mark| path.contains(mark))) {
        if let Some(part) = covers_part(model) {
            return vec![part];
        }
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
                "the repository has no workflow or pipeline of continuous integration",
            )
            .absence()
            .into()
        })
        .into_iter()
        .collect()
}
