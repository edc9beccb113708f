use serde::{Deserialize, Serialize};

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// `http`, `grpc` or `admin`.
    pub name: String,
    /// The key of its address, such as `server.http.addr`.
    pub setting: String,
    /// The IP address.
    pub ip: String,
    /// The port.
    pub port: u16,
    /// Whether connections use TLS.
    pub tls: bool,
}

/// A probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The name of the listener that responds to it.
    pub listener: String,
    /// The path.
    pub path: String,
}

/// The probes of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// The start is complete.
    pub startup: Probe,
    /// The service accepts traffic.
    pub ready: Probe,
    /// The process responds.
    pub live: Probe,
}

/// The timeouts of a start and a stop, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// How long the start waits for one dependency.
    pub connect_timeout_ms: u64,
    /// How long the service still accepts traffic after the readiness probe fails.
    pub drain_delay_ms: u64,
    /// The time limit of the whole stop, including the drain delay.
    pub total_timeout_ms: u64,
}

/// A server that a setting names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// The key of the address, such as `database.url`.
    pub setting: String,
    /// The scheme of the URL, such as `postgres`. Not known if the address is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The host. Not known if the address is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The port. Not known if the address is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name.
    pub name: String,
    /// Whether its failure makes the service unready.
    pub critical: bool,
}
