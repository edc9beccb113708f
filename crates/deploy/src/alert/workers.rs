//! Alerts on workers.

use seaworthy_facts::Facts;

use super::{
    Alert, ForDuration, Rendered, Series, Severity, TriageStep,
    expression::{metrics, resolve},
    series::{
        Level::Number,
        Values::{Constant, Interrupted},
    },
};

pub(super) const STALLED: &str = "WorkerStalled";
const LAST_SUCCESS: &str = "worker_last_success_timestamp_seconds";
const STARTED: &str = "worker_started_timestamp_seconds";
/// Tolerance in multiples of the interval: a run is late by its duration and by a restart.
const MAX_GAPS_LATE: u64 = 2;
/// Maximum tolerance in seconds, for workers with a long interval.
const MAX_SECONDS_LATE: u64 = 7_200;
/// The minimum time that counts as stalled, in seconds.
const MIN_SECONDS: u64 = 300;

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: STALLED,
        required_metrics: &[LAST_SUCCESS],
        expression: "",
        threshold: 0.0,
        for_duration: "5m",
        severity: Severity::Ticket,
        summary: "has a worker without a successful run: {{ $labels.worker }}",
        meaning: "A worker has not completed a run for three times its interval, on any replica. For an interval above one hour, the time is the interval plus two hours. Before the first completed run, the time counts from the start of the service. Work such as cleanups and retries is not done.",
        causes: &[
            "Every run fails: the report has the last error.",
            "An operator paused the worker: send `POST /workers/WORKER/resume` with the token and the header `x-admin-request: 1` to each pod.",
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
    },
    Alert {
        name: "WorkerLeaseNotHeld",
        required_metrics: &["worker_lease_held"],
        expression: "max by (namespace, job, worker) ($worker_lease_held) == 0",
        threshold: 0.0,
        for_duration: "5m",
        severity: Severity::Ticket,
        summary: "has a worker whose lease no replica holds: {{ $labels.worker }}",
        meaning: "A worker runs on the replica that holds its lease. No replica has held the lease for five minutes, so the worker does not run.",
        causes: &[
            "The database or the Redis that stores the lease is down: other alerts name it, and the log has the error.",
            "A service in another deployment uses the same store and holds the lease.",
        ],
        triage: &[
            TriageStep::Admin(
                "/workers",
                "whether the worker waits for its lease (standby), and its last run",
            ),
            TriageStep::Open("/readyz", "the health check of the store"),
        ],
        fires: &[
            (
                "$worker_lease_held{instance=\"a\",worker=\"report\"}",
                Constant(Number(0)),
            ),
            (
                "$worker_lease_held{instance=\"b\",worker=\"report\"}",
                Constant(Number(0)),
            ),
            (
                "$worker_lease_held{instance=\"b\",worker=\"payroll\"}",
                Constant(Number(1)),
            ),
        ],
        silent: &[
            &[
                (
                    "$worker_lease_held{instance=\"a\",worker=\"report\"}",
                    Constant(Number(0)),
                ),
                (
                    "$worker_lease_held{instance=\"b\",worker=\"report\"}",
                    Constant(Number(1)),
                ),
            ],
            &[(
                "$worker_lease_held{instance=\"a\",worker=\"report\"}",
                Interrupted(Number(0), Number(1)),
            )],
            &[],
        ],
    },
];

/// Returns the alert for a service with workers that run regularly. Each has its own threshold.
pub(super) fn render(
    alert: &'static Alert,
    facts: &Facts,
    for_duration: &ForDuration,
) -> Option<Rendered> {
    let workers = facts.workers.iter();
    let workers: Vec<_> = workers
        .filter_map(|worker| Some((&worker.name, limit(worker.max_gap_seconds?))))
        .collect();
    let (name, seconds) = workers.first().copied()?;
    facts.metric(LAST_SUCCESS)?;
    let records_start = facts.metric(STARTED).is_some();
    let of = |metric: &str, labels: &str, name: &str| {
        resolve(&format!("${metric}{{{labels}worker=\"{name}\"}}"), facts)
    };
    let late = |(name, seconds): &(&String, u64)| {
        let by = "by (namespace, job, worker)";
        // The last success counts after its replica has ended, because another replica may wait for
        // its turn.
        let last = resolve(
            &format!("${LAST_SUCCESS}{{worker=\"{name}\"}}[{seconds}s]"),
            facts,
        );
        let last = format!("max {by} (max_over_time({last}))");
        let last = if records_start {
            let started = of(STARTED, "", name);
            // The success of a service that was stopped does not count. A replica that starts must
            // not hide a worker that stalled on another replica.
            format!("(({last} and max {by} ({started})) or min {by} ({started}))")
        } else {
            last
        };
        format!("time() - {last} > {seconds}")
    };
    let expression: Vec<_> = workers.iter().map(late).collect();
    let minutes = u32::try_from(seconds / 60)
        .unwrap_or(u32::MAX)
        .saturating_add(for_duration.minutes)
        .saturating_add(5);
    let (stays, rises) = (format!("0x{minutes}"), format!("0+60x{minutes}"));
    // A replica that ends after its last success, which is not late in the minute of the check.
    let age = u32::try_from(seconds / 60).unwrap_or(u32::MAX);
    let ends = format!(
        "0+60x{} stale",
        minutes.saturating_sub(age.saturating_sub(1))
    );
    let series = |metric: &str, instance: &str, values: &str| Series {
        name: of(metric, &format!("instance=\"{instance}\","), name),
        values: values.to_owned(),
    };
    let mut fires = vec![series(LAST_SUCCESS, "a", &stays)];
    let mut silent = vec![vec![series(LAST_SUCCESS, "a", &rises)]];
    if records_start {
        fires.push(series(STARTED, "b", &rises));
        silent.push(vec![series(STARTED, "a", &rises)]);
        silent.push(vec![
            series(LAST_SUCCESS, "a", &ends),
            series(STARTED, "b", &stays),
        ]);
    }
    let expression = expression.join(" or ");
    Some(Rendered {
        alert,
        metrics: metrics(&expression),
        expression,
        for_duration: for_duration.text.clone(),
        severity: alert.severity,
        fires,
        silent,
        minutes,
    })
}

fn limit(gap: u64) -> u64 {
    let late = gap.saturating_mul(MAX_GAPS_LATE).min(MAX_SECONDS_LATE);
    gap.saturating_add(late).max(MIN_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_follows_the_gap_by_two_hours_at_most_obs_9() {
        for (gap, expected) in [
            (60, 300),
            (600, 1_800),
            (3_600, 10_800),
            (10_800, 18_000),
            (86_400, 93_600),
        ] {
            assert_eq!(limit(gap), expected, "{gap}");
        }
    }
}
