//! Alerts on workers.

use seaworthy_facts::Facts;

use super::{Alert, Rendered, Series, Severity, TriageStep, expression::resolve};

pub(super) const STALLED: &str = "WorkerStalled";
/// A run may be late by its duration and by a restart.
const GAPS: u64 = 3;
/// The minimum time that counts as stalled, in seconds.
const MIN_SECONDS: u64 = 300;

pub(super) const ALERTS: &[Alert] = &[Alert {
    name: STALLED,
    needs: &["worker_last_success_timestamp_seconds"],
    expression: "",
    threshold: 0.0,
    wait: "5m",
    severity: Severity::Ticket,
    summary: "has a worker without a successful run: {{ $labels.worker }}",
    meaning: "A worker has not completed a run for three times its interval, on any replica. Work such as cleanups and retries is not done.",
    causes: &[
        "Every run fails: the report has the last error.",
        "An operator paused the worker.",
        "No replica holds the lease of the worker, or its holder hangs.",
    ],
    triage: &[
        TriageStep::Admin(
            "/workers",
            "the last run, the last error and the next run of each worker",
        ),
        TriageStep::Open("/readyz", "the health check of the worker"),
    ],
    fires: &[],
    silent: &[],
    minutes: 0,
}];

/// Returns the alert for a service with workers that run regularly. Each has its own threshold.
pub(super) fn render(alert: &'static Alert, facts: &Facts) -> Option<Rendered> {
    let workers = facts.workers.iter();
    let workers: Vec<_> = workers
        .filter_map(|worker| Some((&worker.name, limit(worker.max_gap_seconds?))))
        .collect();
    let (name, seconds) = workers.first().copied()?;
    facts.metric("worker_last_success_timestamp_seconds")?;
    let late = |(name, seconds): &(&String, u64)| {
        let last = format!("$worker_last_success_timestamp_seconds{{worker=\"{name}\"}}");
        let last = resolve(&last, facts);
        format!("time() - max by (job, worker) ({last}) > {seconds}")
    };
    let expression: Vec<_> = workers.iter().map(late).collect();
    let minutes = u32::try_from(seconds / 60)
        .unwrap_or(u32::MAX)
        .saturating_add(10);
    let series = |values: String| {
        let name =
            format!("$worker_last_success_timestamp_seconds{{instance=\"a\",worker=\"{name}\"}}");
        vec![Series {
            name: resolve(&name, facts),
            values,
        }]
    };
    Some(Rendered {
        alert,
        expression: expression.join(" or "),
        wait: alert.wait.to_owned(),
        severity: alert.severity,
        fires: series(format!("0x{minutes}")),
        silent: vec![series(format!("0+60x{minutes}"))],
        minutes,
    })
}

fn limit(gap: u64) -> u64 {
    (gap * GAPS).max(MIN_SECONDS)
}
