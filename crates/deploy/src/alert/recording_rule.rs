//! The recorded length of the queues of a service, which the autoscaler reads.

use seaworthy_facts::Facts;

use super::expression::resolve;
use crate::{
    Files, HEADER,
    yaml::{Yaml, list, map},
};

/// The recorded metric. Its name is the same for all services, so that one rule of the adapter
/// serves all of them. The label `job` has the name of the service.
pub(crate) const METRIC: &str = "seaworthy_consumer_lag";

/// Each replica reports the lag of the whole group, so the replicas of a namespace count once.
const EXPRESSION: &str = "sum by (namespace) (max by (namespace, group) ($consumer_lag))";

/// Whether the service consumes messages.
pub(crate) fn is_recorded(facts: &Facts) -> bool {
    facts.metric("consumer_lag").is_some()
}

/// Returns the recording rule of a service that consumes messages.
pub(super) fn recording(facts: &Facts) -> Option<Yaml> {
    let labels = map([("job", facts.name.as_str().into())]);
    is_recorded(facts).then(|| {
        map([
            ("record", METRIC.into()),
            ("expr", resolve(EXPRESSION, facts).into()),
            ("labels", labels),
        ])
    })
}

/// Returns the unit test of the recording rule: two replicas report one group, one reports another,
/// and one runs in another namespace.
pub(super) fn unit_test(facts: &Facts) -> Option<Yaml> {
    let series = |labels: &str, value: &str| {
        let name = resolve(&format!("$consumer_lag{{{labels}}}"), facts);
        map([("series", name.into()), ("values", value.into())])
    };
    let series = [
        series("namespace=\"a\",instance=\"a\",group=\"one\"", "300x5"),
        series("namespace=\"a\",instance=\"b\",group=\"one\"", "290x5"),
        series("namespace=\"a\",instance=\"a\",group=\"two\"", "20x5"),
        series("namespace=\"b\",instance=\"c\",group=\"one\"", "7x5"),
    ];
    let sample = |namespace: &str, value: i64| {
        let labels = format!(
            "{METRIC}{{job=\"{}\",namespace=\"{namespace}\"}}",
            facts.name
        );
        map([("labels", labels.into()), ("value", value.into())])
    };
    let samples = [sample("a", 320), sample("b", 7)];
    is_recorded(facts).then(|| {
        map([
            ("name", "the replicas of a namespace count once".into()),
            ("interval", "1m".into()),
            ("input_series", list(series)),
            (
                "promql_expr_test",
                list([map([
                    ("expr", METRIC.into()),
                    ("eval_time", "2m".into()),
                    ("exp_samples", list(samples)),
                ])]),
            ),
        ])
    })
}

/// Adds `prometheus/adapter.yaml`, the rule with which the Prometheus adapter offers the recorded
/// metric to the autoscaler.
pub(crate) fn render_adapter(services: &[Facts], files: &mut Files) {
    if !services.iter().any(is_recorded) {
        return;
    }
    // An autoscaler reads only the metric of its own namespace.
    let namespace = map([("resource", "namespace".into())]);
    let overrides = map([("namespace", namespace)]);
    let rule = map([
        (
            "seriesQuery",
            format!("{METRIC}{{namespace!=\"\",job!=\"\"}}").into(),
        ),
        ("resources", map([("overrides", overrides)])),
        (
            "metricsQuery",
            "max by (job) (<<.Series>>{<<.LabelMatchers>>})".into(),
        ),
    ]);
    let values = map([("rules", map([("external", list([rule]))]))]);
    files.insert(
        "prometheus/adapter.yaml".to_owned(),
        values.document(HEADER),
    );
}
