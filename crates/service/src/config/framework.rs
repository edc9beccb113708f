use std::{collections::BTreeMap, net::SocketAddr};

use schemars::JsonSchema;
use seaworthy_client::HttpClientConfig;
use seaworthy_core::{ByteSize, host::is_loopback_ip};
use seaworthy_health::HealthConfig;
use seaworthy_http::{DEFAULT_BODY_BUDGET, HttpConfig, OpenApiConfig, tls::TlsConfig};
use seaworthy_resilience::policies::ResilienceConfig;
use seaworthy_telemetry::{MetricsConfig, logs::LogConfig, tracer::TracingConfig};
use serde::{Deserialize, Serialize};

use super::{
    admin::AdminConfig, grpc::GrpcConfig, grpc_client::GrpcClientConfig, secrets::SecretsConfig,
};
use crate::{ConnectConfig, ErrorTrackingConfig, LifecycleConfig};

/// The settings of every service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FrameworkConfig {
    /// The listeners for clients.
    pub server: ServerConfig,
    /// The OpenAPI document and its page.
    pub api_document: OpenApiConfig,
    /// The admin listener.
    pub admin: AdminConfig,
    /// Secrets in external stores.
    pub secrets: SecretsConfig,
    /// Logs.
    pub log: LogConfig,
    /// Metrics.
    pub metrics: MetricsConfig,
    /// Traces.
    pub tracing: TracingConfig,
    /// External trackers of panics.
    pub error_tracking: ErrorTrackingConfig,
    /// Health checks.
    pub health: HealthConfig,
    /// Timeouts and backoff for connecting dependencies at the start.
    pub connect: ConnectConfig,
    /// HTTP clients by the name of the dependency. Also holds the policies of other dependencies,
    /// such as databases.
    pub clients: BTreeMap<String, HttpClientConfig>,
    /// gRPC clients by the name of the dependency. If `clients` has the same name, its policies
    /// apply, because a dependency has one breaker.
    pub grpc_clients: BTreeMap<String, GrpcClientConfig>,
    /// The drain delay and the timeouts of a stop.
    pub lifecycle: LifecycleConfig,
    /// Whether a proxy in front of the service terminates TLS, so that unencrypted listeners are
    /// intended.
    pub behind_tls_proxy: bool,
    /// Whether production may use stores inside the process or on this machine.
    pub allow_embedded: bool,
}

impl FrameworkConfig {
    /// The addresses of all listeners, with their keys. A gRPC listener without a setting has its
    /// default address. The listener of probes is the last, if there is one.
    pub(crate) fn listening(&self) -> Vec<(&'static str, SocketAddr)> {
        let grpc = self.server.grpc.as_ref().map(|grpc| grpc.addr);
        let probes = self.health.addr.map(|address| ("health.addr", address));
        let listeners = [
            ("server.http.addr", self.server.http.addr),
            (
                "server.grpc.addr",
                grpc.unwrap_or_else(|| GrpcConfig::default().addr),
            ),
            ("admin.addr", self.admin.addr),
        ];
        listeners.into_iter().chain(probes).collect()
    }

    /// Returns the TLS settings of all listeners, with their keys.
    pub(crate) fn tls(&self) -> [(&'static str, Option<&TlsConfig>); 3] {
        let grpc = self.server.grpc.as_ref();
        [
            ("server.http.tls", self.server.http.tls.as_ref()),
            ("server.grpc.tls", grpc.and_then(|grpc| grpc.tls.as_ref())),
            ("admin.tls", self.admin.tls.as_ref()),
        ]
    }

    /// Returns the policies of all dependencies. HTTP clients take precedence over gRPC clients of
    /// the same name.
    pub(crate) fn policies(&self) -> ResilienceConfig {
        let calls = self.grpc_clients.iter();
        let calls = calls.map(|(name, client)| (name.clone(), client.policies.clone()));
        let clients = self.clients.iter();
        let clients = clients.map(|(name, client)| (name.clone(), client.policies.clone()));
        ResilienceConfig {
            dependencies: calls.chain(clients).collect(),
        }
    }

    /// Whether every listener is on a loopback address, so that other machines cannot connect. A
    /// proxy on this machine may still forward requests to the service.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        let all = self.listening();
        all.iter().all(|(_, address)| is_loopback_ip(address.ip()))
    }
}

/// The listeners for clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The public HTTP listener.
    pub http: HttpConfig,
    /// The gRPC listener of a service that has one.
    pub grpc: Option<GrpcConfig>,
    /// Limit on the bytes of request bodies that the process holds at the same time, over all
    /// listeners except the admin listener. A body that exceeds it waits for at most a second, then
    /// the response is 503. During this time the service aborts bodies whose clients do not send.
    /// It also limits the HTTP/2 receive windows above 64 KiB per connection. In production it must
    /// be at most a third of the container's memory limit.
    pub max_body_memory: ByteSize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            http: HttpConfig::default(),
            grpc: None,
            max_body_memory: DEFAULT_BODY_BUDGET,
        }
    }
}
