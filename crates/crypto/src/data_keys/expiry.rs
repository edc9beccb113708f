use std::sync::{Arc, OnceLock};

use seaworthy_telemetry::metrics::{Gauge, Kind, Metrics};

const NAME: &str = "data_key_expiry_timestamp_seconds";
const HELP: &str =
    "Unix time at which the active data key expires, as of the last read of the table.";

/// The recorded expiry of the active key. A scrape does not show it until the first read of an
/// active key, because 0 would be an expired key for alerts.
#[derive(Clone, Default)]
pub(super) struct Expiry {
    metrics: Metrics,
    gauge: Arc<OnceLock<Gauge>>,
}

impl Expiry {
    pub(super) fn new(metrics: &Metrics) -> Self {
        metrics.declare(Kind::Gauge, NAME, HELP, &[]);
        Self {
            metrics: metrics.clone(),
            gauge: Arc::default(),
        }
    }

    /// Records the expiry of the active key in Unix seconds, or 0 after the last active key.
    pub(super) fn record(&self, expiry: Option<i64>) {
        match (expiry, self.gauge.get()) {
            (Some(expiry), _) => {
                let gauge = || self.metrics.gauge(NAME, HELP, &[]);
                self.gauge.get_or_init(gauge).set(expiry);
            }
            (None, Some(gauge)) => gauge.set(0),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_telemetry::metrics::Format;

    use super::*;

    #[test]
    fn expiry_is_absent_until_the_first_active_key_obs_9() {
        let metrics = Metrics::new();
        let expiry = Expiry::new(&metrics);
        let shown = || metrics.render(Format::PrometheusText);
        expiry.record(None);
        assert!(!shown().contains(NAME), "{}", shown());
        let declared = metrics.descriptors();
        assert!(declared.iter().any(|metric| metric.name == NAME));
        for (recorded, value) in [(Some(4_000_000_000), "4000000000"), (None, "0")] {
            expiry.record(recorded);
            let line = format!("\n{NAME} {value}\n");
            assert!(shown().contains(&line), "{}", shown());
        }
        assert!(metrics.conflicts().is_empty());
    }
}
