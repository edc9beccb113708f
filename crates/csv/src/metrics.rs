use seaworthy_telemetry::metrics::{Counter, Metrics};

/// The metrics of imports (OBS-5).
#[derive(Debug, Clone)]
pub(crate) struct ImportMetrics {
    pub(crate) created: Counter,
    pub(crate) done: Counter,
    pub(crate) failed: Counter,
    pub(crate) rows_stored: Counter,
    pub(crate) rows_bad: Counter,
}

impl ImportMetrics {
    pub(crate) fn new(metrics: &Metrics, kind: &'static str) -> Self {
        let imports = |status: &str| {
            metrics.counter(
                "csv_imports_total",
                "CSV imports that reached a status.",
                &[("kind", kind), ("status", status)],
            )
        };
        let rows = |outcome: &str| {
            metrics.counter(
                "csv_import_rows_total",
                "Rows of CSV imports by outcome.",
                &[("kind", kind), ("outcome", outcome)],
            )
        };
        Self {
            created: imports("created"),
            done: imports("done"),
            failed: imports("failed"),
            rows_stored: rows("stored"),
            rows_bad: rows("bad"),
        }
    }
}
