//! A Kubernetes object of any kind, or a file of alert rules.

use crate::model::{Fact, Resolution};

/// The kinds of objects that a repository deploys.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The text of `kind:`. Also `PrometheusRule` for a plain file of Prometheus rules.
    pub kind: String,
    /// `metadata.name`.
    pub name: Resolution<String>,
    /// The name of the workload that an autoscaler scales.
    pub scales: Option<String>,
    /// The keys of `data` and `stringData`.
    pub keys: Vec<String>,
}

impl Fact for Manifest {
    const KIND: &'static str = "manifests";
}
