//! The facts of a service, from which deployments, alert rules and dashboards are generated.
//!
//! The command `describe` of a service prints them as JSON, and `seaworthy deploy render` reads
//! them. The crate has no dependency on the framework, because both sides share it.

mod metric;
mod network;
mod setting;
mod text;
mod work;

pub use metric::{Metric, MetricKind};
pub use network::{Check, Dependency, Lifecycle, Listener, Probe, Probes};
pub use setting::Setting;
pub use text::InvalidFacts;
pub use work::{Migrations, Subscription, Worker};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The version of the document. A reader rejects every other version.
pub const FORMAT: u32 = 1;

/// The facts of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The version of the document: [`FORMAT`].
    pub format: u32,
    /// The name of the service, such as `orders`.
    pub name: String,
    /// The version of the service.
    pub version: String,
    /// The profile whose settings the facts describe, such as `production`.
    pub profile: String,
    /// The environment variable that selects the profile, such as `ORDERS__PROFILE`.
    pub profile_variable: String,
    /// The prefix of every metric, such as `orders_`. Often empty.
    pub metric_prefix: String,
    /// The listeners, the public one first.
    pub listeners: Vec<Listener>,
    /// The probes.
    pub probes: Probes,
    /// The timeouts of a start and a stop.
    pub lifecycle: Lifecycle,
    /// The servers that the settings name.
    pub dependencies: Vec<Dependency>,
    /// The health checks of the assembly.
    pub checks: Vec<Check>,
    /// The names of circuit breakers.
    pub breakers: Vec<String>,
    /// The workers of the assembly.
    pub workers: Vec<Worker>,
    /// The topics that the service publishes.
    pub published_topics: Vec<String>,
    /// The consumer groups of the service.
    pub subscriptions: Vec<Subscription>,
    /// The migrations of each database.
    pub migrations: Vec<Migrations>,
    /// The commands of the program in addition to those of every service.
    pub commands: Vec<String>,
    /// The registered metrics, by name.
    pub metrics: Vec<Metric>,
    /// The values that a file, a variable or the command line sets. A secret is its reference.
    pub values: BTreeMap<String, Json>,
    /// Every setting, by key.
    pub settings: Vec<Setting>,
}

impl Facts {
    /// Returns the listener with this name: `http`, `grpc` or `admin`.
    #[must_use]
    pub fn listener(&self, name: &str) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.name == name)
    }

    /// Returns a metric by its name without the prefix of the service.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        let mut metrics = self.metrics.iter();
        metrics.find(|metric| metric.name.strip_prefix(&self.metric_prefix) == Some(name))
    }

    /// Whether the program has a command, such as `migrate`.
    #[must_use]
    pub fn has_command(&self, name: &str) -> bool {
        self.commands.iter().any(|command| command == name)
    }
}

/// The example of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
