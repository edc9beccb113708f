//! Deployments: Dockerfiles with the compose entries and workloads that run them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::unit::{GENERIC, Unit};
use super::workspace;
use crate::model::Resolution;
use crate::model::facts::{
    ComposeService, EnvironmentVariable, Image, Manifest, Workload, is_store_image,
};
use crate::model::service::FileFacts;
use crate::repository::Role;
use crate::source::{Language, Located};

/// One image, or one entry that runs an external image.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    pub(super) name: Option<String>,
    pub(super) unit: Option<usize>,
    pub(super) image: Option<Located<Image>>,
    pub(super) target: Option<String>,
    pub(super) compose: Vec<Located<ComposeService>>,
    pub(super) workloads: Vec<Located<Workload>>,
}

/// The package that a Go build names.
static GO_BUILD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"go (?:build|install)\s[^&|;\n]*?(\./[A-Za-z0-9_./\-]*|[A-Za-z0-9_\-]+/[A-Za-z0-9_./\-]+)\s*(?:&&|\||;|\n|$)").ok()
});

pub(super) fn deployments(
    files: &BTreeMap<Arc<str>, FileFacts>,
    units: &[Unit],
) -> Vec<Deployment> {
    let mut list: Vec<Deployment> = Vec::new();
    let compose = collect::<ComposeService>(files);
    let images = collect::<Image>(files);
    for image in images {
        let users: Vec<Located<ComposeService>> = compose
            .iter()
            .filter(|entry| entry.dockerfile.as_deref() == Some(&*image.at.path))
            .cloned()
            .collect();
        let folder = image
            .at
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let context = users
            .first()
            .and_then(|entry| entry.context.clone())
            .unwrap_or_else(|| folder.clone());
        let started: Vec<usize> = users
            .iter()
            .filter_map(|user| application_of(&user.command.join(" "), &user.name, units))
            .collect();
        if users.len() > 1 && started.len() == users.len() {
            list.extend(
                users
                    .into_iter()
                    .zip(started)
                    .map(|(user, unit)| Deployment {
                        name: Some(user.name.clone()),
                        unit: Some(unit),
                        image: Some(image.clone()),
                        target: user.target.clone(),
                        compose: vec![user],
                        workloads: Vec::new(),
                    }),
            );
            continue;
        }
        let unit = started_by(&image, &folder, units, files)
            .filter(|_| users.len() < 2)
            .or_else(|| unit_of(&image, &folder, &context, units));
        let name = match users.as_slice() {
            [only] => Some(only.name.clone()),
            _ => unit
                .and_then(|at| units.get(at))
                .map(|unit| unit.name.clone())
                .or_else(|| Some(image_name(&image.at.path))),
        };
        let target = users.first().and_then(|entry| entry.target.clone());
        list.push(Deployment {
            name,
            unit,
            image: Some(image),
            target,
            compose: users,
            workloads: Vec::new(),
        });
    }
    for entry in compose.iter().filter(|entry| entry.dockerfile.is_none()) {
        match list.iter_mut().find(|deployment| {
            deployment
                .compose
                .first()
                .is_some_and(|first| first.name == entry.name)
        }) {
            Some(deployment) => deployment.compose.push(entry.clone()),
            None => list.push(Deployment {
                name: Some(entry.name.clone()),
                compose: vec![entry.clone()],
                ..Deployment::default()
            }),
        }
    }
    let manifests = collect::<Manifest>(files);
    for mut workload in collect::<Workload>(files) {
        add_referenced_variables(&mut workload.value, &manifests);
        let names = workload_names(&workload);
        let found = list.iter_mut().find(|deployment| {
            deployment
                .name
                .as_ref()
                .is_some_and(|name| names.contains(name))
                || deployment
                    .unit
                    .and_then(|at| units.get(at))
                    .is_some_and(|unit| names.contains(&unit.name))
                || deployment
                    .compose
                    .iter()
                    .filter_map(|entry| entry.image.as_deref())
                    // Two databases of one kind are two services.
                    .filter(|image| !is_store_image(image))
                    .any(|image| names.contains(&last_part(image)))
        });
        match found {
            Some(deployment) => deployment.workloads.push(workload),
            None => {
                let unit = units.iter().position(|unit| names.contains(&unit.name));
                let name = workload.name.known().cloned().or_else(|| {
                    workload
                        .containers
                        .first()
                        .map(|container| container.name.clone())
                });
                list.push(Deployment {
                    name,
                    unit,
                    workloads: vec![workload],
                    ..Deployment::default()
                });
            }
        }
    }
    join_by_name(&mut list, units);
    list
}

/// Adds the keys of config maps and secrets of the repository that a container reads by `envFrom`.
fn add_referenced_variables(workload: &mut Workload, manifests: &[Located<Manifest>]) {
    for container in &mut workload.containers {
        for name in std::mem::take(&mut container.environment_from) {
            let mut objects = manifests
                .iter()
                .filter(|manifest| matches!(manifest.kind.as_str(), "ConfigMap" | "Secret"))
                .filter(|manifest| manifest.name.known() == Some(&name))
                .peekable();
            if objects.peek().is_none() {
                container.more_environment = true;
            }
            let span = container.span.clone();
            container
                .environment
                .extend(
                    objects
                        .flat_map(|object| &object.keys)
                        .map(|key| EnvironmentVariable {
                            name: key.clone(),
                            value: Resolution::Absent,
                            span: span.clone(),
                        }),
                );
        }
    }
}

/// Joins a deployment, whose image is built elsewhere, with the only free unit of the same name.
/// Words such as `service` do not count: `user-service` runs `app/user/service`.
fn join_by_name(list: &mut [Deployment], units: &[Unit]) {
    let taken: Vec<usize> = list.iter().filter_map(|entry| entry.unit).collect();
    for deployment in list
        .iter_mut()
        .filter(|entry| entry.unit.is_none() && entry.image.is_none())
    {
        let images = deployment
            .compose
            .iter()
            .filter_map(|entry| entry.image.clone())
            .chain(deployment.workloads.iter().flat_map(|workload| {
                workload
                    .containers
                    .iter()
                    .filter_map(|container| container.image.known().cloned())
            }));
        if images.into_iter().any(|image| is_store_image(&image)) {
            continue;
        }
        let Some(name) = deployment.name.as_deref().map(core) else {
            continue;
        };
        let fitting: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(at, unit)| !taken.contains(at) && core(&unit.name) == name)
            .map(|(at, _)| at)
            .collect();
        if let [only] = fitting.as_slice() {
            deployment.unit = Some(*only);
        }
    }
}

/// A name without the words that every service has.
fn core(name: &str) -> String {
    let lower = name.to_lowercase().replace('_', "-");
    ["-service", "-svc", "-server", "service"]
        .iter()
        .find_map(|end| lower.strip_suffix(end))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&lower)
        .to_owned()
}

fn collect<T: crate::model::Fact>(files: &BTreeMap<Arc<str>, FileFacts>) -> Vec<Located<T>> {
    files
        .values()
        .filter(|found| matches!(found.file.role, Role::Production))
        .flat_map(|found| found.facts.of::<T>().items.clone())
        .collect()
}

fn unit_of(image: &Image, folder: &str, context: &str, units: &[Unit]) -> Option<usize> {
    let built: Vec<String> = image
        .stages
        .iter()
        .flat_map(|stage| &stage.runs)
        .flat_map(|run| {
            GO_BUILD
                .as_ref()
                .into_iter()
                .flat_map(move |regex| regex.captures_iter(run))
        })
        .filter_map(|captures| {
            captures.get(1).map(|path| {
                path.as_str()
                    .trim_start_matches("./")
                    .trim_matches('/')
                    .to_owned()
            })
        })
        .collect();
    let inside = |unit: &Unit, folder: &str| {
        folder.is_empty() || unit.folder == folder || unit.folder.starts_with(&format!("{folder}/"))
    };
    for path in built
        .iter()
        .filter(|path| !path.is_empty() && *path != "." && !path.contains("..."))
    {
        let fitting: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| {
                (unit.folder == *path || unit.folder.ends_with(&format!("/{path}")))
                    && (inside(unit, context) || inside(unit, folder))
            })
            .map(|(at, _)| at)
            .collect();
        if let [only] = fitting.as_slice() {
            return Some(*only);
        }
    }
    for place in [folder, context] {
        let exact = units.iter().position(|unit| unit.folder == place);
        let within: Vec<usize> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| inside(unit, place))
            .map(|(at, _)| at)
            .collect();
        match (exact, within.as_slice()) {
            (_, [only]) => return Some(*only),
            (Some(exact), _) => return Some(exact),
            _ => {}
        }
    }
    // A Dockerfile under `deploy/api/` or `cmd/api/` names its program by its folder.
    let last = last_part(folder);
    let named: Vec<usize> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.name == last || last_part(&unit.module_folder) == last)
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => beside(folder, &built, units),
    }
}

/// Whether a unit is one of several applications of a `package.json`.
fn is_application(unit: &Unit) -> bool {
    unit.language == Language::JavaScript && unit.folder != unit.module_folder
}

/// The application that a compose entry starts, by its command or its name.
fn application_of(command: &str, name: &str, units: &[Unit]) -> Option<usize> {
    let applications = || {
        units
            .iter()
            .enumerate()
            .filter(|(_, unit)| is_application(unit))
    };
    let named: Vec<usize> = applications()
        .filter(|(_, unit)| names_application(command, unit))
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => applications()
            .find(|(_, unit)| core(&unit.name) == core(name))
            .map(|(at, _)| at),
    }
}

/// `node dist/apps/orders/main` and `npm run start:orders` name `apps/orders`.
fn names_application(command: &str, unit: &Unit) -> bool {
    command
        .split(|letter: char| !(letter.is_alphanumeric() || "-_.".contains(letter)))
        .any(|word| word == unit.name)
}

/// The application that the shipped stage of a Dockerfile in the folder of `package.json` starts.
fn started_by(
    image: &Image,
    folder: &str,
    units: &[Unit],
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> Option<usize> {
    let stage = image.final_stage(None)?;
    let command = format!("{} {}", stage.entrypoint.join(" "), stage.command.join(" "));
    let named: Vec<usize> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| is_application(unit) && names_application(&command, unit))
        .map(|(at, _)| at)
        .collect();
    match named.as_slice() {
        [only] => Some(*only),
        _ => units.iter().position(|unit| {
            is_application(unit)
                && unit.module_folder == folder
                && workspace::is_default(unit, files)
        }),
    }
}

/// Names of folders that hold Dockerfiles and no program.
const PACKAGING: &[&str] = &[
    "docker",
    ".docker",
    "build",
    "package",
    "deploy",
    "deployment",
    "deployments",
    "infra",
    "ops",
    "container",
    "containers",
];

/// The program of a Dockerfile in a folder for packaging: the one that it builds, else the only one
/// beside the folder.
fn beside(folder: &str, built: &[String], units: &[Unit]) -> Option<usize> {
    let mut parent = folder;
    while let Some((outer, last)) = parent.rsplit_once('/').or(if parent.is_empty() {
        None
    } else {
        Some(("", parent))
    }) {
        if !PACKAGING.contains(&last) {
            break;
        }
        parent = outer;
    }
    if parent == folder {
        return None;
    }
    let inside: Vec<(usize, &Unit)> = units
        .iter()
        .enumerate()
        .filter(|(_, unit)| {
            parent.is_empty()
                || unit.folder == parent
                || unit.folder.starts_with(&format!("{parent}/"))
        })
        .collect();
    let named: Vec<usize> = inside
        .iter()
        .filter(|(_, unit)| {
            built.iter().any(|path| {
                !path.is_empty()
                    && (unit.folder == *path || unit.folder.ends_with(&format!("/{path}")))
            })
        })
        .map(|(at, _)| *at)
        .collect();
    match (named.as_slice(), inside.as_slice()) {
        ([only], _) => Some(*only),
        ([], [(only, _)]) => Some(*only),
        _ => None,
    }
}

fn image_name(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let suffix = file
        .strip_prefix("Dockerfile.")
        .or_else(|| file.strip_suffix(".Dockerfile"));
    suffix
        .or_else(|| parts.find(|part| !GENERIC.contains(part)))
        .unwrap_or("root")
        .to_owned()
}

fn workload_names(workload: &Workload) -> Vec<String> {
    let mut names: Vec<String> = workload
        .containers
        .iter()
        .filter_map(|container| container.image.known())
        .filter(|image| !is_store_image(image) || workload.name.known().is_none())
        .map(|image| last_part(image))
        .collect();
    if let Some(name) = workload.name.known() {
        // `orders-deployment` runs `orders`.
        let program = ["-deployment", "-deploy", "-depl"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        names.extend(program.map(str::to_owned));
        names.push(name.clone());
    }
    names
}

/// `registry/team/api:1.2` is `api`.
fn last_part(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(['@', ':']).next().unwrap_or(last).to_owned()
}
