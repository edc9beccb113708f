//! The parts of a pod that the Deployment and the migrations share.

use seaworthy_facts::Facts;

use super::{NAME, NETWORK, config, selector};
use crate::{
    Overlay,
    overlay::Usage,
    yaml::{Yaml, list, map},
};

/// The user of the image.
const USER: i64 = 65_532;
/// The mode 0440 in decimal: the group of the pod reads secrets.
const SECRET_MODE: i64 = 288;
/// The requests of a service without measured usage, in millicores and MiB.
const DEFAULT_CPU_MILLICORES: u32 = 100;
const DEFAULT_MEMORY_MIB: u32 = 128;
/// CPU use in percent of the request at which the autoscaler adds pods. The peak stays below.
const CPU_TARGET_PERCENT: u32 = 70;
/// Requests are multiples of this number of millicores.
const CPU_STEP: u32 = 10;
/// The memory request, in percent of the measured memory.
const MEMORY_PERCENT: u32 = 125;
/// Requests are multiples of this number of MiB.
const MEMORY_STEP: u32 = 16;
/// Minimum memory limit in MiB: room for request bodies and caches above the measured peak.
const MIN_MEMORY_LIMIT: u32 = 256;

/// The requests of a container in millicores and MiB, and the limit of its memory in MiB.
struct Resources {
    cpu: u32,
    memory: u32,
    memory_limit: u32,
}

impl Resources {
    fn new(usage: Option<&Usage>) -> Self {
        let share = |value: u32, numerator: u32, denominator: u32, step: u32| {
            let share = value.saturating_mul(numerator).div_ceil(denominator);
            share.div_ceil(step).saturating_mul(step)
        };
        let usage = usage.copied().unwrap_or_default();
        let cpu = |measured| share(measured, 100, CPU_TARGET_PERCENT, CPU_STEP);
        let cpu = usage.cpu_millicores.map_or(DEFAULT_CPU_MILLICORES, cpu);
        let memory = |measured| share(measured, MEMORY_PERCENT, 100, MEMORY_STEP);
        let memory = usage.memory_mib.map_or(DEFAULT_MEMORY_MIB, memory);
        Self {
            cpu,
            memory,
            memory_limit: memory.saturating_mul(2).max(MIN_MEMORY_LIMIT),
        }
    }
}

/// Returns which requests of the service follow a measurement, and which are defaults.
pub(super) fn resources_comment(facts: &Facts, overlay: &Overlay) -> &'static str {
    let usage = overlay.usage.get(&facts.name).copied().unwrap_or_default();
    match (usage.cpu_millicores, usage.memory_mib) {
        (Some(_), Some(_)) => {
            "The requests of CPU and memory follow the measured use in overlay.toml."
        }
        (Some(_), None) => {
            "The CPU request follows the measured use in overlay.toml. The memory request is a default."
        }
        (None, Some(_)) => {
            "The memory request follows the measured use in overlay.toml. The CPU request is a default."
        }
        (None, None) => {
            "The requests of CPU and memory are defaults, because overlay.toml has no measured use."
        }
    }
}

/// Returns the labels of a pod.
pub(super) fn labels(name: &str, facts: &Facts) -> Yaml {
    map([
        (NAME, name.into()),
        (NETWORK, facts.name.as_str().into()),
        ("app.kubernetes.io/version", facts.version.as_str().into()),
    ])
}

/// Returns a container of the image of the service with these arguments.
pub(super) fn container(facts: &Facts, overlay: &Overlay, arguments: &[&str]) -> Yaml {
    let resources = Resources::new(overlay.usage.get(&facts.name));
    let arguments = arguments.iter().copied().map(Yaml::from);
    let config = ["--config".into(), mount(facts).into()];
    let mut variables = vec![map([
        ("name", facts.profile_variable.as_str().into()),
        ("value", facts.profile.as_str().into()),
    ])];
    variables.extend(config::secret_variables(facts).into_iter().map(|name| {
        let key = map([
            ("name", secret(facts).into()),
            ("key", name.as_str().into()),
        ]);
        map([
            ("name", name.into()),
            ("valueFrom", map([("secretKeyRef", key)])),
        ])
    }));
    let volume = |name: &str, path: String| {
        map([
            ("name", name.into()),
            ("mountPath", path.into()),
            ("readOnly", true.into()),
        ])
    };
    let mut mounts = vec![volume("config", mount(facts))];
    if !config::secret_files(facts).is_empty() {
        mounts.push(volume("secrets", config::SECRETS.to_owned()));
    }
    map([
        ("name", facts.name.as_str().into()),
        ("image", format!("{}:{}", facts.name, facts.version).into()),
        ("imagePullPolicy", "IfNotPresent".into()),
        ("args", list(arguments.chain(config))),
        ("env", list(variables)),
        (
            "resources",
            map([
                (
                    "requests",
                    map([
                        ("cpu", format!("{}m", resources.cpu).into()),
                        ("memory", format!("{}Mi", resources.memory).into()),
                        ("ephemeral-storage", "16Mi".into()),
                    ]),
                ),
                (
                    "limits",
                    map([
                        ("memory", format!("{}Mi", resources.memory_limit).into()),
                        ("ephemeral-storage", "64Mi".into()),
                    ]),
                ),
            ]),
        ),
        (
            "securityContext",
            map([
                ("allowPrivilegeEscalation", false.into()),
                ("readOnlyRootFilesystem", true.into()),
                ("runAsNonRoot", true.into()),
                ("capabilities", map([("drop", list(["ALL".into()]))])),
            ]),
        ),
        ("volumeMounts", list(mounts)),
    ])
}

/// Returns the specification of a pod with one container.
pub(super) fn spec(facts: &Facts, container: Yaml) -> Yaml {
    let mut volumes = vec![map([
        ("name", "config".into()),
        ("configMap", map([("name", config::name(facts).into())])),
    ])];
    let files = config::secret_files(facts).into_iter();
    let items: Vec<_> = files
        .map(|name| map([("key", name.as_str().into()), ("path", name.into())]))
        .collect();
    if !items.is_empty() {
        let source = map([
            ("secretName", secret(facts).into()),
            ("defaultMode", SECRET_MODE.into()),
            ("items", list(items)),
        ]);
        volumes.push(map([("name", "secrets".into()), ("secret", source)]));
    }
    map([
        ("serviceAccountName", facts.name.as_str().into()),
        ("automountServiceAccountToken", false.into()),
        ("enableServiceLinks", false.into()),
        (
            "securityContext",
            map([
                ("runAsNonRoot", true.into()),
                ("runAsUser", USER.into()),
                ("runAsGroup", USER.into()),
                ("fsGroup", USER.into()),
                ("seccompProfile", map([("type", "RuntimeDefault".into())])),
            ]),
        ),
        ("containers", list([container])),
        ("volumes", list(volumes)),
    ])
}

/// Returns the constraint that spreads replicas over zones.
pub(super) fn spread(facts: &Facts) -> Yaml {
    list([map([
        ("maxSkew", 1_i64.into()),
        ("topologyKey", "topology.kubernetes.io/zone".into()),
        ("whenUnsatisfiable", "ScheduleAnyway".into()),
        ("labelSelector", replica_selector(facts)),
    ])])
}

/// Returns the preference for the node with the fewest replicas. It does not delay a pod if every
/// node has one.
pub(super) fn affinity(facts: &Facts) -> Yaml {
    let term = map([
        ("topologyKey", "kubernetes.io/hostname".into()),
        ("labelSelector", replica_selector(facts)),
    ]);
    let preference = map([("weight", 100_i64.into()), ("podAffinityTerm", term)]);
    let preferences = (
        "preferredDuringSchedulingIgnoredDuringExecution",
        list([preference]),
    );
    map([("podAntiAffinity", map([preferences]))])
}

/// Returns the selector of the pods of a service.
fn replica_selector(facts: &Facts) -> Yaml {
    map([("matchLabels", selector(&facts.name))])
}

fn secret(facts: &Facts) -> String {
    format!("{}-secrets", facts.name)
}

fn mount(facts: &Facts) -> String {
    format!("/etc/{}", facts.name)
}
