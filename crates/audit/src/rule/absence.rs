//! Things that are absent in a service as a whole: where such a finding is placed, and which texts
//! decide.

use super::{Breach, Outcome, texts_contain};
use crate::model::facts::{Consumer, Entrypoint, Route, Server};
use crate::model::{Model, Service, ServiceKind};
use crate::repository::Role;
use crate::source::Location;

/// Beginnings of the names of files in which programs start.
const STARTS: &[&str] = &["main.", "server.", "app.", "index.", "program."];

const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "go.mod",
    "pyproject.toml",
    "build.gradle",
    "build.gradle.kts",
];

/// Whether the code of a service was read, and it runs until somebody stops it. A program without
/// a listener counts if an image or a workload starts it.
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

/// Marks of a manifest that takes a library from another folder of the repository.
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

/// Whether a service uses a library of the same repository. Texts of the library are not texts of
/// the service, so nothing is certainly absent.
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

/// Returns the place at which a service starts to work: its server, a route, a consumer, its entry
/// point, or the file that is named after one of them.
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
        service
            .files
            .iter()
            .filter_map(|path| model.files.get(path))
            .filter(|found| found.file.role == Role::Production && found.file.language.is_code())
            .find(|found| {
                STARTS
                    .iter()
                    .any(|start| found.file.name().to_lowercase().starts_with(start))
            })
            .map(|found| found.file.location(0..0, None))
    })
}

/// Returns a finding to review if no text of a running service contains one of the words.
#[must_use]
pub fn absent_in_texts(
    model: &Model,
    service: &Service,
    words: &[&str],
    evidence: &str,
) -> Option<Outcome> {
    if !runs_code(service)
        || has_local_library(model, service)
        || texts_contain(model, service, words)
    {
        return None;
    }
    let at = start_of(model, service)?;
    Some(Breach::review(at, evidence).absence().into())
}
