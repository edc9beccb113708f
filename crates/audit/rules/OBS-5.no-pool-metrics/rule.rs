//! The metrics do not include the database pool.

use crate::model::facts::{Practice, Signal, Telemetry};
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, observations,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-5.no-pool-metrics",
        title: "The metrics do not include the database pool",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "Go: the service exposes Prometheus metrics and opens a `database/sql` pool, and registers no collector for the pool statistics.",
        why: "An exhausted pool looks like a slow service, and no metric shows it in advance.",
        fix: &[
            (
                "Go",
                "`prometheus.MustRegister(collectors.NewDBStatsCollector(db, \"main\"))`",
            ),
            ("any", "Export open, used, idle and waiting connections."),
        ],
        references: &[
            "https://pkg.go.dev/github.com/prometheus/client_golang/prometheus/collectors#NewDBStatsCollector",
        ],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let telemetry = service.facts.of::<Telemetry>();
    let pools = observations(service, Practice::PoolBounds);
    let (Some(pool), true) = (
        pools.first(),
        telemetry
            .deployed()
            .any(|one| one.signal == Signal::Metrics),
    ) else {
        return Vec::new();
    };
    match telemetry.deployed().find(|one| one.signal == Signal::Pool) {
        Some(collector) => vec![Outcome::passed(
            "the metrics include the pool",
            Some(&collector.at),
        )],
        None => vec![
            Breach::new(
                pool.at.clone(),
                Confidence::Low,
                "the service exposes metrics, and none covers this pool",
            )
            .into(),
        ],
    }
}
