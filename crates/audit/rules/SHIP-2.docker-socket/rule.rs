//! A container can control the Docker engine of its host.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.docker-socket",
        title: "A container can control the Docker engine of its host",
        severity: Severity::High,
        category: Category::Operations,
        meaning: "A compose service or a pod mounts `docker.sock`. Severity info for programs that watch or control containers (Traefik, Portainer, log collectors, CI agents).",
        why: "An attacker in the container becomes root on the host, because the socket can start a privileged container.",
        fix: &[(
            "any",
            "Remove the mount. If a program reads container events, use a read-only socket proxy.",
        )],
        references: &["https://docs.docker.com/engine/security/#docker-daemon-attack-surface"],
    },
    check: Check::Service(check),
};

/// Parts of images that need the engine by their purpose.
const WATCHERS: &[&str] = &[
    "traefik",
    "portainer",
    "watchtower",
    "dozzle",
    "promtail",
    "alloy",
    "fluent",
    "vector",
    "datadog",
    "cadvisor",
    "autoheal",
    "nginx-proxy",
    "docker-gen",
    "socket-proxy",
    "telegraf",
    "netdata",
    "otel",
    "runner",
    "jenkins",
    "filebeat",
    "docker",
    "agent",
    "profiler",
    "ebpf",
    "collector",
    "ouroboros",
    "diun",
    "glances",
    "logspout",
    "localstack",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed())
    {
        let image = entry.image.clone().unwrap_or_else(|| entry.name.clone());
        let socket = entry
            .volumes
            .iter()
            .find(|(volume, _)| volume.contains("docker.sock"));
        match socket
            .and_then(|(_, span)| model.location(&entry.at.path, span.clone(), Some(&entry.name)))
        {
            Some(at) => outcomes.push(breach(at, &entry.name, &image)),
            None if !entry.volumes.is_empty() => outcomes.push(Outcome::passed(
                format!(
                    "`{}` does not mount the container engine socket",
                    entry.name
                ),
                Some(&entry.at),
            )),
            None => {}
        }
    }
    for workload in &service.workloads {
        let name = workload.name.known().cloned().unwrap_or_default();
        for (_, span) in workload
            .host_paths
            .iter()
            .filter(|(path, _)| path.ends_with("docker.sock") || path.ends_with("containerd.sock"))
        {
            if let Some(at) = model.location(&workload.at.path, span.clone(), Some(&name)) {
                outcomes.push(breach(at, &name, &name));
            }
        }
    }
    outcomes
}

fn breach(at: Location, name: &str, image: &str) -> Outcome {
    let breach = Breach::new(
        at,
        Confidence::High,
        format!("`{name}` mounts the container engine socket"),
    );
    let watcher = WATCHERS.iter().any(|watcher| {
        image.to_lowercase().contains(watcher) || name.to_lowercase().contains(watcher)
    });
    if watcher {
        breach.severity(Severity::Info).into()
    } else {
        breach.into()
    }
}
