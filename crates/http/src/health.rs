//! The probes on the public listener (HLTH-1, HLTH-5), which do not pass the other steps.

use std::sync::Arc;

use axum::body::Body;
use http::{HeaderValue, Method, Response, StatusCode, header};
use seaworthy_health::Health;

/// The source of the probes' results. Every method must respond from memory.
pub trait HealthSource: Send + Sync + 'static {
    /// Returns whether the process works. Checks no dependency (HLTH-2).
    fn is_alive(&self) -> bool {
        true
    }
    /// Returns whether the service accepts traffic.
    fn is_ready(&self) -> bool;
    /// Returns whether the start is complete.
    fn has_started(&self) -> bool;
    /// Returns the JSON document of the readiness probe, without private details.
    fn report(&self) -> String;
}

impl HealthSource for Health {
    fn is_ready(&self) -> bool {
        self.readiness().accepts_traffic()
    }

    fn has_started(&self) -> bool {
        Self::has_started(self)
    }

    fn report(&self) -> String {
        serde_json::to_string(&Self::report(self).without_details()).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Alive,
    Ready,
    Started,
}

/// The paths of the probes: the fixed ones, and `/{service}/v1/health`, which is like `/healthz`.
pub(crate) struct HealthPaths {
    source: Arc<dyn HealthSource>,
    paths: Vec<(String, Probe)>,
}

const FIXED: [(&str, Probe); 6] = [
    ("/livez", Probe::Alive),
    ("/readyz", Probe::Ready),
    ("/startupz", Probe::Started),
    ("/health", Probe::Alive),
    ("/healthz", Probe::Alive),
    ("/ready", Probe::Ready),
];

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl HealthPaths {
    /// Creates the paths. A route of the service at one of them replaces the probe.
    pub(crate) fn new(
        service: &str,
        source: Arc<dyn HealthSource>,
        is_replaced: impl Fn(&str) -> bool,
    ) -> Self {
        let short = service.strip_suffix("-service").unwrap_or(service);
        let fixed = FIXED.map(|(path, probe)| (path.to_owned(), probe));
        let own = [service, short].map(|name| (format!("/{name}/v1/health"), Probe::Alive));
        let paths = fixed.into_iter().chain(own);
        Self {
            source,
            paths: paths.filter(|(path, _)| !is_replaced(path)).collect(),
        }
    }

    fn probe_of(&self, path: &str) -> Option<Probe> {
        let (_, probe) = self.paths.iter().find(|(probe, _)| probe == path)?;
        Some(*probe)
    }

    /// Returns the response to a probe, if the request is one.
    pub(crate) fn respond(&self, method: &Method, path: &str) -> Option<Response<Body>> {
        let probe = self.probe_of(path)?;
        if *method != Method::GET && *method != Method::HEAD {
            return None;
        }
        let (is_healthy, body) = match probe {
            Probe::Alive => {
                let alive = self.source.is_alive();
                (
                    alive,
                    format!(
                        "{{\"status\":\"{}\"}}",
                        if alive { "alive" } else { "dead" }
                    ),
                )
            }
            Probe::Ready => (self.source.is_ready(), self.source.report()),
            Probe::Started => {
                let started = self.source.has_started();
                (
                    started,
                    format!(
                        "{{\"status\":\"{}\"}}",
                        if started { "started" } else { "starting" }
                    ),
                )
            }
        };
        let mut response = Response::new(Body::empty());
        if !is_healthy {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        if *method == Method::GET {
            *response.body_mut() = Body::from(body);
        }
        Some(response)
    }
}

impl std::fmt::Debug for HealthPaths {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HealthPaths")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}
