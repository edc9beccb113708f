//! Kubernetes manifests as a Kustomize base.

mod availability;
mod config;
mod deployment;
mod migrate;
mod monitor;
mod network;
mod platform;
mod pod;

use seaworthy_facts::Facts;

pub(crate) use self::platform::{OVERLAY, render_platform};
use crate::{
    Files, HEADER, Overlay, RenderError,
    yaml::{Yaml, list, map},
};

/// The label that selects the pods of a service.
const NAME: &str = "app.kubernetes.io/name";
/// The label of all pods that have the network access of a service: also its migrations.
const NETWORK: &str = "seaworthy.dev/network";
/// The name of the listener for gRPC clients.
const GRPC: &str = "grpc";
/// The annotation of Argo CD with the wave of an object.
const WAVE: &str = "argocd.argoproj.io/sync-wave";
/// The waves of the objects that migrations need, and of the migrations. All others follow.
const FIRST: &str = "-2";
const SECOND: &str = "-1";
/// The names of objects have at most 63 letters, and some get a suffix.
const MAX_NAME: usize = 40;

/// Adds `kubernetes/base/NAME`.
pub(crate) fn render(
    facts: &Facts,
    services: &[Facts],
    overlay: &Overlay,
    files: &mut Files,
) -> Result<(), RenderError> {
    check(facts)?;
    let name = &facts.name;
    let mut resources = Vec::new();
    let mut add = |file: &str, comment: &str, objects: Vec<Yaml>| {
        let objects: Vec<_> = objects.iter().map(|object| object.document("")).collect();
        let header = comment.lines().map(|line| format!("# {line}\n"));
        let header: String = [format!("# {HEADER}\n")]
            .into_iter()
            .chain(header)
            .collect();
        let path = format!("kubernetes/base/{name}/{file}");
        files.insert(path, format!("{header}{}", objects.join("---\n")));
        resources.push(file.to_owned().into());
    };
    add(
        "prerequisites.yaml",
        deployment::SETTINGS_COMMENT,
        deployment::settings(facts),
    );
    add(
        "deployment.yaml",
        &deployment::comment(facts, overlay),
        deployment::objects(facts, overlay),
    );
    add(
        "availability.yaml",
        &availability::comment(facts),
        availability::objects(facts),
    );
    let network = network::objects(facts, services, overlay)?;
    add("network.yaml", network::COMMENT, network);
    add("monitor.yaml", monitor::COMMENT, monitor::objects(facts));
    add(
        "rules.yaml",
        monitor::RULES_COMMENT,
        monitor::rules(facts, overlay),
    );
    add(
        "dashboard.yaml",
        monitor::DASHBOARD_COMMENT,
        monitor::dashboard(facts),
    );
    if facts.has_command("migrate") {
        let migrate = migrate::objects(facts, overlay);
        add("migrate.yaml", migrate::COMMENT, migrate);
    }
    let kustomization = map([
        ("apiVersion", "kustomize.config.k8s.io/v1beta1".into()),
        ("kind", "Kustomization".into()),
        ("resources", list(resources)),
    ]);
    files.insert(
        format!("kubernetes/base/{name}/kustomization.yaml"),
        kustomization.document(HEADER),
    );
    Ok(())
}

/// Rejects facts of a service that Kubernetes cannot run or reach.
fn check(facts: &Facts) -> Result<(), RenderError> {
    let name = &facts.name;
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_name = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.ends_with(is_letter)
        && name
            .chars()
            .all(|letter| is_letter(letter) || letter == '-')
        && name.len() <= MAX_NAME;
    if !is_name {
        return Err(RenderError::new(format!(
            "{name:?} cannot be the name of a Kubernetes object: use 1 to {MAX_NAME} lower-case letters, digits and '-'"
        )));
    }
    let is_local = |ip: &str| ip.starts_with("127.") || ip == "::1";
    if let Some(local) = facts
        .listeners
        .iter()
        .find(|listener| is_local(&listener.ip))
    {
        return Err(RenderError::new(format!(
            "{} of {name} is {}:{}, unreachable for other pods: run `describe` with {}=0.0.0.0:{}",
            local.setting, local.ip, local.port, local.setting, local.port
        )));
    }
    Ok(())
}

/// Returns an object with its kind, its name and the label of the service.
fn object(api: &str, kind: &str, name: &str, service: &str, rest: Vec<(&str, Yaml)>) -> Yaml {
    let mut object = map([
        ("apiVersion", api.into()),
        ("kind", kind.into()),
        (
            "metadata",
            map([("name", name.into()), ("labels", selector(service))]),
        ),
    ]);
    for (key, value) in rest {
        object.push(key, value);
    }
    object
}

/// Sets when Argo CD applies an object: before the objects with a higher number.
fn in_wave(object: Yaml, wave: &str) -> Yaml {
    annotated(object, [(WAVE, wave.into())])
}

/// Sets the annotations of an object.
fn annotated<const N: usize>(mut object: Yaml, annotations: [(&str, Yaml); N]) -> Yaml {
    if let Yaml::Map(entries) = &mut object
        && let Some((_, metadata)) = entries.iter_mut().find(|(key, _)| key == "metadata")
    {
        metadata.push("annotations", map(annotations));
    }
    object
}

/// Returns the label that selects the pods of a service.
fn selector(service: &str) -> Yaml {
    map([(NAME, service.into())])
}

/// Returns the name of the headless Service for gRPC clients.
fn grpc_name(facts: &Facts) -> String {
    format!("{}-{GRPC}", facts.name)
}

/// Rounds milliseconds up to seconds.
fn seconds(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds.div_ceil(1_000)).unwrap_or(i64::MAX)
}
