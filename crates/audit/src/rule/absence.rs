//! Findings about something that is absent from a whole service: their location and their evidence.

use super::{Breach, Outcome, repository_contains, texts_contain};
use crate::model::facts::{Consumer, Entrypoint, Route, Server};
use crate::model::{Model, Service, ServiceKind};
use crate::repository::Role;
use crate::source::Location;

/// Prefixes of the names of files in which programs start.
const PREFIXES: &[&str] = &["main.", "server.", "app.", "index.", "program."];

const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "go.mod",
    "pyproject.toml",
    "build.gradle",
    "build.gradle.kts",
];

/// Whether the auditor read the code of a service, and the service runs until it is stopped. A
/// program without a listener counts if an image or a workload starts it.
#[must_use]
pub fn runs_code(service: &Service) -> bool {
    let started = service.image.is_some() || !service.workloads.is_empty();
    let kind = match service.kind {
        ServiceKind::Server | ServiceKind::Worker => true,
        ServiceKind::Unknown => started,
        ServiceKind::Job | ServiceKind::Infrastructure => false,
    };
    kind && !service.languages.is_empty() && !service.files.is_empty()
}

/// Parts of a manifest that show a library from another folder of the repository.
const LOCAL: &[&str] = &[
    "path = \"../",
    ".workspace = true",
    "workspace = true,",
    "\"workspace:",
    "\"file:",
    "\"link:",
    "=> ../",
    "=> ./",
    "ProjectReference",
    "project(\":",
    "project(':",
];

/// Whether a service uses a library of the same repository.
fn has_local_library(model: &Model, service: &Service) -> bool {
    let root = service.root.as_deref().unwrap_or_default();
    model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| MANIFESTS.contains(&file.name()))
        .filter(|file| file.path.rsplit_once('/').map_or("", |(folder, _)| folder) == root)
        .any(|file| LOCAL.iter().any(|mark| file.text.contains(mark)))
}

/// Returns the location at which a service starts: its server, a route, a consumer, its entry
/// point, or a file with the name of one of them.
#[must_use]
pub fn start_of(model: &Model, service: &Service) -> Option<Location> {
    let facts = &service.facts;
    let known = facts
        .of::<Server>()
        .deployed()
        .map(|server| server.at.clone())
        .chain(facts.of::<Route>().deployed().map(|route| route.at.clone()))
        .chain(facts.of::<Consumer>().deployed().map(|one| one.at.clone()))
        .chain(
            facts
                .of::<Entrypoint>()
                .deployed()
                .map(|one| one.at.clone()),
        )
        .next();
    known.or_else(|| {
        model
            .files_of(service)
            .filter(|found| {
                let language = found.file.language;
                found.file.role == Role::Production
                    && (language.is_code() || language.is_text_code())
            })
            .find(|found| {
                PREFIXES
                    .iter()
                    .any(|start| found.file.name().to_lowercase().starts_with(start))
            })
            .map(|found| found.file.location(0..0, None))
    })
}

/// Returns a finding to review if no file of a running service contains one of the words.
#[must_use]
pub fn absent_in_texts(
    model: &Model,
    service: &Service,
    words: &[&str],
    evidence: &str,
) -> Option<Outcome> {
    if !runs_code(service) || texts_contain(model, service, words) {
        return None;
    }
    // A library of the repository may contain what the files of the service lack.
    if has_local_library(model, service) && repository_contains(model, words) {
        return None;
    }
    let at = start_of(model, service)?;
    Some(Breach::review(at, evidence).absence().into())
}
