use std::{collections::BTreeMap, net::SocketAddr};

use seaworthy_config::{EffectiveValue, Loaded, Mark, Origin, Schema};
use seaworthy_core::{
    ServiceIdentity,
    host::{is_loopback, is_loopback_ip},
};
use seaworthy_facts::{Dependency, Lifecycle, Listener, Probe, Probes, Setting};
use seaworthy_http::tls::ClientCertificates;
use seaworthy_telemetry::metrics::Metrics;
use serde_json::Value as Json;

use crate::{config::FrameworkConfig, start_error::StartError};

/// The facts from the settings of a profile.
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
    let is_address = |shown: &EffectiveValue| {
        let marks = &shown.marks;
        (marks.has(Mark::Link) || marks.has(Mark::Connects)) && !marks.has(Mark::BrowserAddress)
    };
    let secrets = loaded.secret_references();
    let values = loaded.values().into_iter().filter(is_address);
    values
        .flat_map(|shown| {
            if secrets.contains_key(&shown.key) {
                return vec![Dependency {
                    setting: shown.key,
                    scheme: None,
                    host: None,
                    port: None,
                }];
            }
            let mut servers = servers(&shown.key, shown.value.as_str().unwrap_or_default());
            // Omit a default on this machine, which is for development. Keep other defaults, such
            // as the address of a provider.
            if is_default(&shown) {
                servers.retain(|server| !server.host.as_deref().is_none_or(is_loopback));
            }
            servers
        })
        .collect()
}

/// Returns the servers of an address, which is a URL or `host:port`. A URL may have several hosts.
/// A store in the process or in a file, and a Unix socket, have none.
fn servers(setting: &str, address: &str) -> Vec<Dependency> {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if scheme.is_none() && !path.is_empty() {
        return Vec::new();
    }
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let hosts = hosts.split(',').filter_map(|host| {
        let (name, port) = host_and_port(host)?;
        let port = port.or_else(|| default_port(scheme?));
        // Without a scheme, only `host:port` is an address.
        (scheme.is_some() || port.is_some()).then(|| Dependency {
            setting: setting.to_owned(),
            scheme: scheme.map(str::to_owned),
            host: Some(name.to_owned()),
            port,
        })
    });
    hosts.collect()
}

/// Returns the host, without the brackets of an IPv6 address, and its port.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    (!host.is_empty()).then_some((host, port))
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" | "s3" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "amqp" => 5672,
        "amqps" => 5671,
        "kafka" => 9092,
        "kafkas" => 9093,
        "nats" | "tls" => 4222,
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => 6379,
        "redis+sentinel" | "rediss+sentinel" => 26379,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(address: &str) -> Vec<(Option<String>, String, Option<u16>)> {
        servers("x", address)
            .into_iter()
            .map(|it| (it.scheme, it.host.unwrap(), it.port))
            .collect()
    }

    #[test]
    fn address_without_scheme_is_a_dependency_ship_3() {
        let clamd = (None, "clamd.internal".to_owned(), Some(3310));
        assert_eq!(parsed("clamd.internal:3310"), [clamd]);
        let local = (None, "::1".to_owned(), Some(3310));
        assert_eq!(parsed("[::1]:3310"), [local]);
        for none in [
            "unix:/run/clamd.sock",
            "memory:",
            "sqlite::memory:",
            "sqlite:data/a.db",
            "/var/lib/a",
            "text",
            "",
        ] {
            assert!(parsed(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn each_host_of_a_url_is_a_dependency_ship_3() {
        let url =
            |scheme: &str, host: &str, port| (Some(scheme.to_owned()), host.to_owned(), Some(port));
        assert_eq!(
            parsed("kafkas://orders@a.internal:9193,b.internal?x=y"),
            [
                url("kafkas", "a.internal", 9193),
                url("kafkas", "b.internal", 9093)
            ]
        );
        assert_eq!(
            parsed("postgres://orders@db.internal/orders?sslmode=verify-full"),
            [url("postgres", "db.internal", 5432)]
        );
        assert_eq!(
            parsed("https://control.msg91.com"),
            [url("https", "control.msg91.com", 443)]
        );
        assert!(parsed("sqlite:///data/a.db").is_empty());
    }
}
