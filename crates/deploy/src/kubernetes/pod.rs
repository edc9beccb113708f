//! The parts of a pod that the Deployment and the migrations share.

use seaworthy_facts::Facts;

use super::{NAME, NETWORK, config, selector};
use crate::yaml::{Yaml, list, map};

/// The user of the image.
const USER: i64 = 65_532;
/// 0440: the group of the pod reads secrets.
const SECRET_MODE: i64 = 288;

/// Returns the labels of a pod.
pub(super) fn labels(name: &str, facts: &Facts) -> Yaml {
    map([
        (NAME, name.into()),
        (NETWORK, facts.name.as_str().into()),
        ("app.kubernetes.io/version", facts.version.as_str().into()),
    ])
}

/// Returns a container of the image of the service with these arguments.
pub(super) fn container(facts: &Facts, arguments: &[&str]) -> Yaml {
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
                        ("cpu", "100m".into()),
                        ("memory", "128Mi".into()),
                        ("ephemeral-storage", "16Mi".into()),
                    ]),
                ),
                (
                    "limits",
                    map([
                        ("memory", "256Mi".into()),
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
        ("configMap", map([("name", facts.name.as_str().into())])),
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

/// Returns the constraints that spread replicas over zones and nodes.
pub(super) fn spread(facts: &Facts) -> Yaml {
    let constraint = |key: &str| {
        map([
            ("maxSkew", 1_i64.into()),
            ("topologyKey", key.into()),
            ("whenUnsatisfiable", "ScheduleAnyway".into()),
            (
                "labelSelector",
                map([("matchLabels", selector(&facts.name))]),
            ),
        ])
    };
    list([
        constraint("topology.kubernetes.io/zone"),
        constraint("kubernetes.io/hostname"),
    ])
}

fn secret(facts: &Facts) -> String {
    format!("{}-secrets", facts.name)
}

fn mount(facts: &Facts) -> String {
    format!("/etc/{}", facts.name)
}
