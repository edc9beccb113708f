//! Compose files and Dockerfiles that only the machine of a developer uses.

use super::{Outcome, Severity};
use crate::model::facts::ComposeService;
use crate::model::{FileFacts, Model};
use crate::repository::Role;
use crate::source::Located;

/// Commands and actions that build images.
const BUILDERS: &[&str] = &[
    "docker build",
    "docker buildx",
    "build-push-action",
    "podman build",
    "buildah",
    "kaniko",
    "skaffold",
    "gcr.io/cloud-builders/docker",
    "docker_build",
];

/// Lowers breaches in Dockerfiles that only a compose file for development builds.
#[must_use]
pub fn low_in_development_images(model: &Model, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Breach(breach) if is_built_for_development(model, &breach.at.path) => {
                Outcome::Breach(breach.severity(Severity::Low))
            }
            other => other,
        })
        .collect()
}

/// Whether a compose file in the folder of a service starts a part of the entries of the compose
/// file at the root, and no other file names it.
#[must_use]
pub fn is_fragment(model: &Model, found: &FileFacts) -> bool {
    let path = &*found.file.path;
    let folder = found.file.folder();
    let own = found.facts.of::<ComposeService>();
    if folder.is_empty() || own.items.is_empty() {
        return false;
    }
    let repeats = model.files.values().any(|root| {
        let entries = root.facts.of::<ComposeService>();
        root.file.folder().is_empty()
            && root.file.role == Role::Production
            && own.items.len() < entries.items.len()
            && entries
                .items
                .iter()
                .any(|entry| entry.context.as_deref() == Some(folder))
            && own
                .items
                .iter()
                .all(|entry| entries.items.iter().any(|other| other.name == entry.name))
    });
    repeats
        && !model
            .files
            .values()
            .any(|other| other.file.role != Role::Documentation && other.file.text.contains(path))
}

/// Whether compose files for development build a Dockerfile, and nothing else does.
#[must_use]
pub fn is_built_for_development(model: &Model, dockerfile: &str) -> bool {
    let mut built = false;
    for found in model.files.values() {
        let entries = found.facts.of::<ComposeService>();
        for entry in entries
            .items
            .iter()
            .filter(|entry| entry.dockerfile.as_deref() == Some(dockerfile))
        {
            if !is_for_development(model, found, entry) {
                return false;
            }
            built = true;
        }
    }
    built && !is_deployed(model, dockerfile) && !is_built_elsewhere(model, dockerfile)
}

/// Whether an entry is in a file for development, or publishes ports for this machine only and
/// mounts sources.
fn is_for_development(model: &Model, found: &FileFacts, entry: &Located<ComposeService>) -> bool {
    if matches!(found.file.role, Role::Development | Role::Test) {
        return true;
    }
    let entries = found.facts.of::<ComposeService>();
    let mut ports = entries
        .items
        .iter()
        .flat_map(|entry| &entry.ports)
        .peekable();
    let emulates = entry
        .dockerfile
        .as_deref()
        .is_some_and(|path| path.contains("emulator"));
    ports.peek().is_some()
        && ports.all(|port| port.is_loopback())
        && (emulates || mounts_sources(model, found.file.folder(), entry))
}

/// Whether an entry mounts a folder of the repository that contains code.
fn mounts_sources(model: &Model, folder: &str, entry: &ComposeService) -> bool {
    entry.volumes.iter().any(|(volume, _)| {
        let Some((source, _)) = volume.split_once(':') else {
            return false;
        };
        let Some(inner) = source.strip_prefix("./") else {
            return source == ".";
        };
        let inner = inner.trim_end_matches('/');
        let start = if folder.is_empty() {
            format!("{inner}/")
        } else {
            format!("{folder}/{inner}/")
        };
        model
            .files
            .values()
            .any(|code| code.file.language.is_code() && code.file.path.starts_with(&start))
    })
}

/// Whether a Kubernetes workload runs the image of a Dockerfile.
fn is_deployed(model: &Model, dockerfile: &str) -> bool {
    model.services.iter().any(|service| {
        !service.workloads.is_empty()
            && service
                .image
                .as_ref()
                .is_some_and(|image| &*image.at.path == dockerfile)
    })
}

/// Whether a script, a pipeline or a manifest builds a Dockerfile.
fn is_built_elsewhere(model: &Model, dockerfile: &str) -> bool {
    let (folder, name) = dockerfile.rsplit_once('/').unwrap_or(("", dockerfile));
    let word = if name == "Dockerfile" { folder } else { name };
    model.files.values().any(|found| {
        found.file.role != Role::Documentation
            && BUILDERS
                .iter()
                .any(|builder| found.file.text.contains(builder))
            && contains_path(&found.file.text, word)
    })
}

/// Whether a text contains a path that does not continue: `docker/app` is not in `docker/app-prod`.
fn contains_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, found)| {
        let after = text
            .get(at + found.len()..)
            .and_then(|rest| rest.chars().next());
        !after.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::contains_path;

    #[test]
    fn longer_name_is_another_path() {
        assert!(contains_path(
            "docker build -f docker/app/Dockerfile .",
            "docker/app"
        ));
        assert!(contains_path("docker build docker/app", "docker/app"));
        assert!(!contains_path("docker build docker/app-prod", "docker/app"));
        assert!(contains_path("docker build .", ""));
    }
}
