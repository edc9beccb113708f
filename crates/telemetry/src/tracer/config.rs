use std::path::PathBuf;

use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `sample_ratio`: shows where time is spent, and adds no measurable load.
const DEFAULT_SAMPLE_RATIO: Ratio = Ratio::percent(1);
/// The default of `max_queue_size`: a burst of 4 s with a thousand spans per second.
const DEFAULT_MAX_QUEUE_SIZE: u32 = 4_096;
/// The default of `max_batch_size`, as in the OpenTelemetry SDK.
const DEFAULT_MAX_BATCH_SIZE: u32 = 512;
/// The default of `schedule_delay`: short for a developer who looks up a trace.
const DEFAULT_SCHEDULE_DELAY: Timeout = Timeout::from_secs(1);
/// The default of `timeout`, as in the OTLP exporter.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);

/// The export of traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracingConfig {
    /// The OTLP endpoint of the collector over HTTP, such as https://collector:4318. Without it no
    /// spans are recorded, and trace contexts are still passed on. Production rejects plain HTTP to
    /// another machine.
    #[schemars(extend("x-connects" = true))]
    pub endpoint: Option<String>,
    /// PEM file with the certificate authorities for the certificate of the collector. Not set:
    /// those of the system.
    pub ca_file: Option<PathBuf>,
    /// The name of the service in traces. Not set: that of the service.
    pub service_name: Option<String>,
    /// The share of new traces that are sampled. The sampling decision of a caller is kept.
    pub sample_ratio: Ratio,
    /// The maximum number of spans that wait for export. Further spans are dropped and counted.
    pub max_queue_size: u32,
    /// The maximum number of spans in one export.
    pub max_batch_size: u32,
    /// How long spans are collected before an export.
    pub schedule_delay: Timeout,
    /// The timeout of one export.
    pub timeout: Timeout,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            ca_file: None,
            service_name: None,
            sample_ratio: DEFAULT_SAMPLE_RATIO,
            max_queue_size: DEFAULT_MAX_QUEUE_SIZE,
            max_batch_size: DEFAULT_MAX_BATCH_SIZE,
            schedule_delay: DEFAULT_SCHEDULE_DELAY,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl TracingConfig {
    /// Checks the syntax of the endpoint, without a connection.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if it is not an HTTP URL.
    pub fn check(&self) -> Result<(), InvalidEndpoint> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(());
        };
        let rest = endpoint
            .strip_prefix("https://")
            .or_else(|| endpoint.strip_prefix("http://"))
            .ok_or(InvalidEndpoint)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_invalid = |sign: char| sign.is_whitespace() || sign.is_control();
        if host.is_empty() || rest.contains(is_invalid) {
            return Err(InvalidEndpoint);
        }
        Ok(())
    }
}

/// An endpoint of the collector that is not an HTTP URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an HTTP URL such as https://collector:4318")]
pub struct InvalidEndpoint;
