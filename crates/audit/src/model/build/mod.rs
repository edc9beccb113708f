//! Joins files into services: source units, Dockerfiles, compose entries, Kubernetes workloads.
//!
//! The model leaves out a join that is not certain. The service then has no sources, and its rules
//! return *unknown*.

mod deployment;
mod image_unit;
mod text_code;
mod unaudited;
mod unit;
mod workspace;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fact_store::Gap;
use super::facts::{Consumer, Route, RouteCall, RouteFunction, Server};
use super::mention::Mentions;
use super::service::{FileFacts, Model, Service, ServiceKind};
use crate::repository::Role;
use deployment::{Deployment, deployments};
use unit::{Unit, pages, units};

/// Builds the model from the facts of files.
#[must_use]
pub fn build(
    name: String,
    files: BTreeMap<Arc<str>, FileFacts>,
    paths: std::collections::BTreeSet<String>,
) -> Model {
    let mut units = units(&files);
    // A single service in the root has the name of the repository, and so has its workload.
    for unit in units.iter_mut().filter(|unit| unit.name.is_empty()) {
        unit.name.clone_from(&name);
    }
    let deployments = deployments(&files, &units);
    let mut services = Vec::new();
    let mut used = vec![false; units.len()];
    for deployment in deployments {
        if let Some(flag) = deployment.unit.and_then(|at| used.get_mut(at)) {
            *flag = true;
        }
        services.push(service(
            deployment.unit.and_then(|at| units.get(at)),
            Some(deployment),
            &files,
        ));
    }
    for (unit, _) in units.iter().zip(used).filter(|(_, used)| !used) {
        let candidate = service(Some(unit), None, &files);
        if candidate.kind != ServiceKind::Unknown {
            services.push(candidate);
        }
    }
    for service in services
        .iter_mut()
        .filter(|service| service.name.is_empty())
    {
        service.name.clone_from(&name);
    }
    make_names_unique(&mut services);
    services.sort_by(|left, right| left.name.cmp(&right.name));
    let not_audited = unaudited::unaudited(&services, &files, &paths);
    text_code::add(&mut services, &not_audited, &files);
    make_names_unique(&mut services);
    services.sort_by(|left, right| left.name.cmp(&right.name));
    let unowned = unowned(&services, &files);
    let pages = pages(&files);
    Model {
        services,
        pages,
        unowned,
        not_audited,
        files,
        paths,
        name,
        mentions: Mentions::default(),
    }
}

/// Suffixes of files of libraries and programs that the reports of services cannot contain.
const SHARED: &[&str] = &[".go", ".cs", ".java", ".kt", ".py", ".rs"];
/// Folders of pages.
const PAGES: &[&str] = &[
    "frontend",
    "client",
    "web",
    "webapp",
    "ui",
    "public",
    "static",
    "assets",
    "www",
    "pages",
    "components",
    "mobile",
];
/// Text of scripts that run in a browser.
const BROWSER: &[&str] = &[
    "react",
    "vue",
    "svelte",
    "@angular",
    "jquery",
    "document.",
    "window.",
    "localStorage",
];

/// Whether a script is shared code of services and not of pages.
fn is_shared_script(path: &str, text: &str) -> bool {
    [".ts", ".js", ".mjs", ".cjs"]
        .iter()
        .any(|end| path.ends_with(end))
        && !path.split('/').any(|part| PAGES.contains(&part))
        && !BROWSER.iter().any(|word| text.contains(word))
}

/// The deployed files of no service.
fn unowned(services: &[Service], files: &BTreeMap<Arc<str>, FileFacts>) -> Service {
    let mut service = service(None, None, files);
    let owned: std::collections::BTreeSet<_> =
        services.iter().flat_map(|service| &service.files).collect();
    for (path, found) in files {
        let read = found.file.role == Role::Production
            && (SHARED.iter().any(|end| path.ends_with(end))
                || is_shared_script(path, &found.file.text))
            && !owned.contains(path);
        if read {
            service.facts.absorb(&found.facts);
            service.files.insert(path.clone());
        } else if found.file.role == Role::Production
            && !found.file.language.is_code()
            && !owned.contains(path)
        {
            service.facts.absorb(&text_code::observations(found));
            service.files.insert(path.clone());
        }
    }
    service
}

fn service(
    unit: Option<&Unit>,
    deployment: Option<Deployment>,
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> Service {
    let deployment = deployment.unwrap_or_default();
    let mut service = Service {
        name: deployment
            .name
            .clone()
            .or_else(|| unit.map(|unit| unit.name.clone()))
            .unwrap_or_default(),
        kind: ServiceKind::Unknown,
        root: unit.map(|unit| unit.folder.clone()),
        languages: unit
            .map(|unit| std::iter::once(unit.language.name()).collect())
            .unwrap_or_default(),
        image: deployment.image,
        target: deployment.target,
        compose: deployment.compose,
        workloads: deployment.workloads,
        facts: super::FactStore::default(),
        files: unit.map(|unit| unit.files.clone()).unwrap_or_default(),
    };
    if unit.is_none() {
        service.files = sources_without_grammar(&service, files);
    }
    for path in &service.files {
        if let Some(found) = files.get(path).filter(|found| {
            !matches!(
                found.file.role,
                Role::Test | Role::Example | Role::Documentation
            )
        }) {
            service.facts.absorb(&found.facts);
        }
    }
    note_unread_routes(&mut service.facts);
    service.kind = kind(&service);
    service
}

/// Sources of a language without a grammar, in the folder of the Dockerfile. Their signs belong to
/// the service, which the report lists as not audited.
fn sources_without_grammar(
    service: &Service,
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> std::collections::BTreeSet<Arc<str>> {
    let folder = service.image.as_ref().map(|image| {
        image
            .at
            .path
            .rsplit_once('/')
            .map_or(String::new(), |(folder, _)| format!("{folder}/"))
    });
    let Some(folder) = folder.filter(|folder| !folder.is_empty()) else {
        return std::collections::BTreeSet::new();
    };
    files
        .range::<str, _>((
            std::ops::Bound::Included(folder.as_str()),
            std::ops::Bound::Unbounded,
        ))
        .take_while(|(path, _)| path.starts_with(&folder))
        .filter(|(path, _)| [".cs", ".php", ".rb"].iter().any(|end| path.ends_with(end)))
        .map(|(path, _)| path.clone())
        .collect()
}

/// The packs read routes in the function that registers them. If no file contains that function,
/// its routes are missing.
fn note_unread_routes(facts: &mut super::FactStore) {
    let missing: Vec<Gap> = {
        let written = facts.of::<RouteFunction>();
        facts
            .of::<RouteCall>()
            .items
            .iter()
            .filter(|call| {
                !written
                    .items
                    .iter()
                    .any(|function| function.name == call.name)
            })
            .map(|call| Gap {
                reason: format!("the routes of `{}` were not read", call.name),
                at: call.at.clone(),
            })
            .collect()
    };
    if let Some(routes) = facts.of_mut::<Route>() {
        routes.gaps.extend(missing);
    }
}

fn kind(service: &Service) -> ServiceKind {
    let serves = service.facts.of::<Server>().deployed().next().is_some()
        || service.facts.of::<Route>().deployed().next().is_some();
    let jobs = !service.workloads.is_empty()
        && service
            .workloads
            .iter()
            .all(|workload| matches!(workload.kind.as_str(), "Job" | "CronJob"));
    if jobs {
        ServiceKind::Job
    } else if serves {
        ServiceKind::Server
    } else if service.facts.of::<Consumer>().deployed().next().is_some() {
        ServiceKind::Worker
    } else if service.image.is_none() && service.root.is_none() && !service.compose.is_empty() {
        ServiceKind::Infrastructure
    } else {
        ServiceKind::Unknown
    }
}

fn make_names_unique(services: &mut [Service]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for service in services {
        let count = seen.entry(service.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            service.name = format!("{}-{count}", service.name);
        }
    }
}

#[cfg(test)]
mod tests;
