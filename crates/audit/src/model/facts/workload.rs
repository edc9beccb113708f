//! A Kubernetes workload.

use std::ops::Range;

use super::EnvironmentVariable;
use crate::model::{Fact, Resolution};

/// The kind of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// `livenessProbe`.
    Liveness,
    /// `readinessProbe`.
    Readiness,
    /// `startupProbe`.
    Startup,
}

/// The action of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAction {
    /// `httpGet`.
    Http {
        /// The path.
        path: Resolution<String>,
        /// Port, by number or name.
        port: Resolution<String>,
    },
    /// `tcpSocket`.
    Tcp,
    /// `grpc`.
    Grpc,
    /// `exec`.
    Command(Vec<String>),
    /// The action is unknown, for example because a template prints it.
    Unknown,
}

/// One probe of a container.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The kind of the probe.
    pub kind: ProbeKind,
    /// The kind of action.
    pub action: ProbeAction,
    /// Whether a template condition encloses it, so the values may omit it.
    pub conditional: bool,
    /// Its location.
    pub span: Range<usize>,
}

/// A `ports:` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerPort {
    /// Number, when literal.
    pub number: Option<u16>,
    /// Name, when given.
    pub name: Option<String>,
}

/// A container of a pod.
#[derive(Debug, Clone)]
pub struct Container {
    /// The name.
    pub name: String,
    /// The image.
    pub image: Resolution<String>,
    /// The location of the image.
    pub image_span: Option<Range<usize>>,
    /// `containerPort`s.
    pub ports: Vec<ContainerPort>,
    /// The probes. Unknown if a template may add some.
    pub probes: Resolution<Vec<Probe>>,
    /// `runAsNonRoot` or a `runAsUser` other than 0, of container or pod.
    pub runs_as_non_root: Resolution<bool>,
    /// The variables of `env`. The value is absent for references.
    pub environment: Vec<EnvironmentVariable>,
    /// Names of config maps and secrets of `envFrom` without a prefix. The model adds their keys to
    /// the variables.
    pub environment_from: Vec<String>,
    /// Whether a template, or an object that the repository does not contain, brings more
    /// variables.
    pub more_environment: bool,
    /// Whether memory is limited.
    pub limits_memory: Resolution<bool>,
    /// `resources.limits.memory` as written.
    pub memory: Resolution<String>,
    /// `readOnlyRootFilesystem`.
    pub read_only_root: Resolution<bool>,
    /// `command` and `args`.
    pub command: Vec<String>,
    /// The span of the container's name.
    pub span: Range<usize>,
    /// The span of the whole container.
    pub whole: Range<usize>,
}

/// A Deployment, StatefulSet, DaemonSet, Job or CronJob.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Kind as written.
    pub kind: String,
    /// `metadata.name`.
    pub name: Resolution<String>,
    /// Containers without init containers.
    pub containers: Vec<Container>,
    /// `terminationGracePeriodSeconds`.
    pub grace_period_seconds: Resolution<u64>,
    /// `spec.replicas`.
    pub replicas: Resolution<u64>,
    /// Whether the pod keeps data in an `emptyDir`, and in nothing that lasts.
    pub ephemeral: Resolution<bool>,
    /// `emptyDir` volumes.
    pub scratch: Vec<Range<usize>>,
    /// `hostPath` volumes.
    pub host_paths: Vec<(String, Range<usize>)>,
}

impl Fact for Workload {
    const KIND: &'static str = "workloads";
}
