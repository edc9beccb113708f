//! Grafana dashboards from the metrics that a service registers.

mod panel;
mod panels;
mod runtime;

use seaworthy_facts::Facts;

use self::panel::Panel;
use crate::{
    Files,
    alert::resolve_with,
    yaml::{Yaml, list, map},
};

/// The version of the format of dashboards that Grafana 10 and later read.
const SCHEMA_VERSION: i64 = 38;
/// Grafana reads the values of a variable again when the time range changes.
const REFRESH_WITH_TIME_RANGE: i64 = 2;
const WIDTH: i64 = 8;
const HEIGHT: i64 = 7;
const COLUMNS: i64 = 24;
/// The selected namespaces, in the selector of each series.
const NAMESPACE: &str = "namespace=~\"$namespace\"";

/// Adds `grafana/NAME.json`.
pub(crate) fn render(facts: &Facts, files: &mut Files) {
    files.insert(format!("grafana/{}.json", facts.name), text(facts));
}

/// Returns the dashboard of a service as JSON.
pub(crate) fn text(facts: &Facts) -> String {
    let has = |panel: &&Panel| {
        panel
            .required_metrics
            .iter()
            .all(|metric| facts.metric(metric).is_some())
    };
    let mut panels = Vec::new();
    let (mut row, mut x, mut y, mut id) = ("", 0, 0, 0);
    for panel in panels::all().filter(has) {
        id += 1;
        if panel.row != row {
            y += if row.is_empty() { 0 } else { HEIGHT };
            panels.push(row_panel(panel.row, id, y));
            (row, x) = (panel.row, 0);
            (y, id) = (y + 1, id + 1);
        } else if x + WIDTH > COLUMNS {
            (x, y) = (0, y + HEIGHT);
        }
        panels.push(graph(panel, facts, id, x, y));
        x += WIDTH;
    }
    document(&facts.name, &panels)
}

/// Returns the variables: the data source, and the namespaces in which the service runs. The value
/// of All also selects series without a namespace, as with Compose.
fn variables(name: &str) -> Yaml {
    let source = map([
        ("name", "datasource".into()),
        ("type", "datasource".into()),
        ("query", "prometheus".into()),
        ("label", "Data source".into()),
    ]);
    let query = format!("label_values(up{{job=\"{name}\"}}, namespace)");
    let current = [("text", "All".into()), ("value", "$__all".into())];
    let namespace = map([
        ("name", "namespace".into()),
        ("type", "query".into()),
        ("datasource", datasource()),
        ("query", query.into()),
        ("refresh", REFRESH_WITH_TIME_RANGE.into()),
        ("label", "Namespace".into()),
        ("multi", true.into()),
        ("includeAll", true.into()),
        ("allValue", ".*".into()),
        ("current", map(current)),
    ]);
    list([source, namespace])
}

fn datasource() -> Yaml {
    map([
        ("type", "prometheus".into()),
        ("uid", "${datasource}".into()),
    ])
}

/// Returns the dashboard with one line per panel.
fn document(name: &str, panels: &[Yaml]) -> String {
    let panels: Vec<_> = panels
        .iter()
        .map(|panel| format!("    {}", panel.json()))
        .collect();
    format!(
        "{{\n  \"uid\": {},\n  \"title\": {},\n  \"tags\": [\"seaworthy\"],\n  \"schemaVersion\": {SCHEMA_VERSION},\n  \"refresh\": \"30s\",\n  \"time\": {{\"from\": \"now-1h\", \"to\": \"now\"}},\n  \"templating\": {{\"list\": {}}},\n  \"panels\": [\n{}\n  ]\n}}\n",
        Yaml::from(format!("seaworthy-{name}")).json(),
        Yaml::from(name).json(),
        variables(name).json(),
        panels.join(",\n")
    )
}

fn row_panel(title: &str, id: i64, y: i64) -> Yaml {
    map([
        ("id", id.into()),
        ("type", "row".into()),
        ("title", title.into()),
        ("collapsed", false.into()),
        ("gridPos", position(0, y, COLUMNS, 1)),
        ("panels", list([])),
    ])
}

fn graph(panel: &Panel, facts: &Facts, id: i64, x: i64, y: i64) -> Yaml {
    let targets = ["A", "B", "C", "D"].into_iter().zip(panel.queries);
    let targets = targets.map(|(reference, (expression, legend))| {
        map([
            ("refId", reference.into()),
            ("datasource", datasource()),
            ("expr", resolve_with(expression, facts, NAMESPACE).into()),
            ("legendFormat", (*legend).into()),
        ])
    });
    let defaults = map([("unit", panel.unit.into())]);
    map([
        ("id", id.into()),
        ("type", "timeseries".into()),
        ("title", panel.title.into()),
        ("datasource", datasource()),
        ("gridPos", position(x, y, WIDTH, HEIGHT)),
        (
            "fieldConfig",
            map([("defaults", defaults), ("overrides", list([]))]),
        ),
        ("targets", list(targets)),
    ])
}

fn position(x: i64, y: i64, width: i64, height: i64) -> Yaml {
    map([
        ("x", x.into()),
        ("y", y.into()),
        ("w", width.into()),
        ("h", height.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert;

    /// Returns the metrics of a query without the suffix of the buckets.
    fn metrics(query: &str) -> impl Iterator<Item = &str> {
        query.split('$').skip(1).map(|rest| {
            let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
            let end = rest.find(|it| !is_name(it)).unwrap_or(rest.len());
            let metric = rest.split_at(end).0;
            metric.strip_suffix("_bucket").unwrap_or(metric)
        })
    }

    /// A panel without one of its metrics would be empty.
    #[test]
    fn panels_need_each_metric_of_their_queries_obs_9() {
        for panel in panels::all() {
            let used = panel.queries.iter().flat_map(|(query, _)| metrics(query));
            // `up` belongs to Prometheus.
            for metric in used.filter(|metric| *metric != "up") {
                assert!(
                    panel.required_metrics.contains(&metric),
                    "{}: {metric}",
                    panel.title
                );
            }
        }
    }

    /// A triage compares values before and during an incident, which a single scrape does not show.
    #[test]
    fn dashboards_have_each_metric_that_a_triage_names_obs_9() {
        let mut named = 0;
        for alert in alert::all() {
            for purpose in alert.triage.iter().map(alert::TriageStep::purpose) {
                let names = purpose.split('`').skip(1).step_by(2);
                for name in names.filter(|name| name.contains('_')) {
                    named += 1;
                    let mut queries = panels::all().flat_map(|panel| panel.queries);
                    let known = queries.any(|(query, _)| metrics(query).any(|it| it == name));
                    assert!(known, "{}: {name}", alert.name);
                }
            }
        }
        assert!(named > 10);
    }
}
