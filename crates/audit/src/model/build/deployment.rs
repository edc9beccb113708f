//! Deployments: Dockerfiles with the compose entries and workloads that run them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::image_unit::{application_of, core, last_part, started_by, unit_of};
use super::unit::{GENERIC, Unit};
use crate::model::Resolution;
use crate::model::facts::{
    ComposeService, EnvironmentVariable, Image, Manifest, Workload, is_store_image,
};
use crate::model::service::FileFacts;
use crate::repository::Role;
use crate::source::Located;

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

fn collect<T: crate::model::Fact>(files: &BTreeMap<Arc<str>, FileFacts>) -> Vec<Located<T>> {
    files
        .values()
        .filter(|found| matches!(found.file.role, Role::Production))
        .flat_map(|found| found.facts.of::<T>().items.clone())
        .collect()
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
