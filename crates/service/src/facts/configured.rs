use std::{collections::BTreeMap, net::SocketAddr};

use seaworthy_config::{EffectiveValue, Loaded, Mark, Origin, Schema};
use seaworthy_core::{ServiceIdentity, host::is_loopback_ip};
use seaworthy_facts::{Dependency, Lifecycle, Listener, Probe, Probes, Setting};
use seaworthy_http::tls::ClientCertificates;
use seaworthy_telemetry::metrics::Metrics;
use serde_json::Value as Json;
use url::Url;

use crate::{config::FrameworkConfig, start_error::StartError};

/// The facts that the settings of a profile give.
pub(crate) struct Configured {
    pub(super) profile: String,
    pub(super) profile_variable: String,
    pub(super) metric_prefix: String,
    pub(super) listeners: Vec<Listener>,
    pub(super) probes: Probes,
    pub(super) lifecycle: Lifecycle,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) values: BTreeMap<String, Json>,
    pub(super) settings: Vec<Setting>,
}

impl Configured {
    /// Reads settings whose secrets need not exist.
    ///
    /// # Errors
    /// A file contains a secret itself, which must not become part of the facts.
    pub(crate) fn new(
        identity: &ServiceIdentity,
        schema: &Schema,
        loaded: &Loaded,
        framework: &FrameworkConfig,
    ) -> Result<Self, StartError> {
        let lifecycle = &framework.lifecycle;
        let milliseconds =
            |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let settings = schema.settings(identity.name()).into_iter();
        let registry = match framework.metrics.service_prefix {
            true => Metrics::with_prefix(identity.name()),
            false => Metrics::new(),
        };
        Ok(Self {
            profile: loaded.profile().name().to_owned(),
            profile_variable: loaded.profile_variable(),
            metric_prefix: registry.prefix().to_owned(),
            listeners: listeners(framework),
            probes: probes(framework),
            lifecycle: Lifecycle {
                connect_timeout_ms: milliseconds(framework.connect.total_timeout.get()),
                drain_delay_ms: milliseconds(lifecycle.drain_delay_in(loaded.profile()).get()),
                total_timeout_ms: milliseconds(lifecycle.total_timeout.get()),
            },
            dependencies: dependencies(loaded),
            values: values(loaded)?,
            settings: settings
                .map(|setting| Setting {
                    key: setting.key,
                    variable: setting.variable,
                    kind: setting.kind,
                    secret: setting.secret,
                    reloadable: setting.reloadable,
                })
                .collect(),
        })
    }
}

fn listeners(framework: &FrameworkConfig) -> Vec<Listener> {
    let server = &framework.server;
    let grpc_tls = server.grpc.as_ref().is_some_and(|grpc| grpc.tls.is_some());
    let tls = [
        server.http.tls.is_some(),
        grpc_tls,
        framework.admin.tls.is_some(),
    ];
    let of = |((setting, address), tls): ((&'static str, SocketAddr), bool)| {
        let name = match setting {
            "server.http.addr" => "http",
            "server.grpc.addr" => "grpc",
            _ => "admin",
        };
        Listener {
            name: name.to_owned(),
            setting: setting.to_owned(),
            ip: address.ip().to_string(),
            port: address.port(),
            tls,
        }
    };
    // The listener of probes has no facts: orchestrators use those of the others.
    framework.listening().into_iter().zip(tls).map(of).collect()
}

/// The readiness probe uses the listener of clients. The other probes prefer the admin listener,
/// which clients cannot fill. No probe can show a client certificate.
fn probes(framework: &FrameworkConfig) -> Probes {
    let http = &framework.server.http;
    let is_closed = http
        .tls
        .as_ref()
        .is_some_and(|tls| tls.client_certificates == ClientCertificates::Required);
    let ready = if is_closed { "admin" } else { "http" };
    let is_local = is_loopback_ip(framework.admin.addr.ip());
    let live = if is_local { ready } else { "admin" };
    let probe = |listener: &str, path: &str| Probe {
        listener: listener.to_owned(),
        path: path.to_owned(),
    };
    Probes {
        startup: probe(live, "/startupz"),
        ready: probe(ready, "/readyz"),
        live: probe(live, "/livez"),
    }
}

fn dependencies(loaded: &Loaded) -> Vec<Dependency> {
    // A default is an address on this machine, which no deployment uses.
    let is_address = |shown: &EffectiveValue| {
        let marks = &shown.marks;
        (marks.has(Mark::Link) || marks.has(Mark::Connects))
            && !marks.has(Mark::BrowserAddress)
            && !is_default(shown)
    };
    let secrets = loaded.secret_references();
    let values = loaded.values().into_iter().filter(is_address);
    values
        .filter_map(|shown| {
            if secrets.contains_key(&shown.key) {
                return Some(Dependency {
                    setting: shown.key,
                    scheme: None,
                    host: None,
                    port: None,
                });
            }
            // A store in the process or in a file has no host.
            let url = Url::parse(shown.value.as_str()?).ok()?;
            let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
            let scheme = url.scheme().to_owned();
            Some(Dependency {
                setting: shown.key,
                port: url.port().or_else(|| default_port(&scheme)),
                scheme: Some(scheme),
                host: Some(host),
            })
        })
        .collect()
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" | "s3" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "amqp" => 5672,
        "amqps" => 5671,
        "nats" | "tls" => 4222,
        "redis" | "rediss" => 6379,
        "smtp" => 587,
        "smtps" => 465,
        _ => return None,
    })
}

fn is_default(shown: &EffectiveValue) -> bool {
    shown.origin == Origin::Default.to_string()
}

/// Returns the values that are not defaults. A secret is its reference.
fn values(loaded: &Loaded) -> Result<BTreeMap<String, Json>, StartError> {
    let mut values = BTreeMap::new();
    let shown = loaded.values().into_iter();
    for shown in shown.filter(|shown| !is_default(shown)) {
        values.insert(shown.key, shown.value);
    }
    for (key, reference) in loaded.secret_references() {
        let Some(reference) = reference else {
            return Err(StartError::new(format!(
                "{key} contains a secret: describe the service with a reference such as file:/run/secrets/{key} (CONF-5)"
            )));
        };
        values.insert(key, Json::String(reference));
    }
    Ok(values)
}
