use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// One trace in a hundred shows where time goes, and costs nothing that can be measured.
const DEFAULT_RATIO: Ratio = Ratio::percent(1);
/// A burst of a few seconds at a thousand recorded spans a second.
const DEFAULT_QUEUE: u32 = 4_096;
/// What collectors take in one request by their own defaults.
const DEFAULT_BATCH: u32 = 512;
/// A person who looks for a trace has not yet opened the page.
const DEFAULT_DELAY: Timeout = Timeout::from_secs(1);
/// The exporter's own standard.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TracingConfig {
    /// The collector's OTLP endpoint over HTTP, such as http://collector:4318. Nothing is recorded where there is none; traces are passed on all the same.
    pub endpoint: Option<String>,
    /// The share of traces that begin here which are recorded; a caller's own decision is followed.
    pub ratio: Ratio,
    /// Spans that may wait for export; more are dropped and counted.
    pub queue: u32,
    /// Spans in one export.
    pub batch: u32,
    /// How long spans may gather before an export.
    pub delay: Timeout,
    /// How long one export may take.
    pub timeout: Timeout,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            ratio: DEFAULT_RATIO,
            queue: DEFAULT_QUEUE,
            batch: DEFAULT_BATCH,
            delay: DEFAULT_DELAY,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl TracingConfig {
    /// Looks whether spans can be sent to the endpoint, without connecting.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] where it is no URL of HTTP.
    pub fn check(&self) -> Result<(), InvalidEndpoint> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(());
        };
        let place = endpoint
            .strip_prefix("https://")
            .or_else(|| endpoint.strip_prefix("http://"))
            .ok_or(InvalidEndpoint)?;
        let host = place.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || place.contains(|sign: char| sign.is_whitespace() || sign.is_control())
        {
            return Err(InvalidEndpoint);
        }
        Ok(())
    }
}

/// The endpoint is not that of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL such as http://collector:4318")]
pub struct InvalidEndpoint;
