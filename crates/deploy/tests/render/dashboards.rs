//! The queries of the dashboards: promtool parses them, and the facts have their metrics and
//! labels.

use std::{collections::BTreeSet, process::Command};

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::{Facts, MetricKind};
use seaworthy_testkit::requirement::required;
use serde_json::{Value, json};

use crate::sample::{complete, facts, overlay, platforms};

/// Labels that Prometheus adds to each series.
const TARGET_LABELS: [&str; 3] = ["namespace", "job", "instance"];
/// The selected namespaces, in the selector of each series.
const NAMESPACE: &str = "namespace=~\"$namespace\"";

fn dashboard(files: &Files, facts: &Facts) -> Value {
    serde_json::from_str(&files[&format!("grafana/{}.json", facts.name)]).unwrap()
}

/// Returns the expressions of a dashboard and their legends.
fn queries(files: &Files, facts: &Facts) -> Vec<(String, String)> {
    let dashboard = dashboard(files, facts);
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array());
    let queries: Vec<_> = targets
        .flatten()
        .map(|target| {
            let text = |key: &str| target[key].as_str().unwrap().to_owned();
            (text("expr"), text("legendFormat"))
        })
        .collect();
    assert!(queries.len() > 5, "{queries:?}");
    queries
}

/// Returns the texts between two marks.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    let parts = text.split(start).skip(1);
    parts.map(move |part| part.split_once(end).unwrap().0)
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// Returns what a query names and no metric of the service has.
fn problems(facts: &Facts, rules: &str, expression: &str, legend: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut labels: BTreeSet<&str> = TARGET_LABELS.into();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
    let words = expression.split(|letter| !is_name(letter));
    for recorded in words.filter(|word| word.contains(':')) {
        if rules.contains(&format!("record: {recorded}\n")) {
            labels.insert("slo");
        } else {
            problems.push(recorded.to_owned());
        }
    }
    let own = format!("{{job=\"{}\", {NAMESPACE}", facts.name);
    let mut selectors = Vec::new();
    let mut rest = expression;
    while let Some((before, after)) = rest.split_once('{') {
        let name = before.rsplit(|letter| !is_name(letter)).next().unwrap();
        let (selector, after) = after.split_once('}').unwrap();
        let of_histogram = ["_bucket", "_count", "_sum"]
            .into_iter()
            .find_map(|suffix| name.strip_suffix(suffix));
        let is = |metric: &&seaworthy_facts::Metric| match metric.kind {
            MetricKind::Histogram => Some(metric.name.as_str()) == of_histogram,
            _ => metric.name == name,
        };
        match facts.metrics.iter().find(is) {
            Some(metric) => {
                labels.extend(metric.labels.iter().map(String::as_str));
                labels.extend(name.ends_with("_bucket").then_some("le"));
            }
            None if name == "up" => {}
            None => problems.push(name.to_owned()),
        }
        if !format!("{{{selector}").starts_with(&own) {
            problems.push(selector.to_owned());
        }
        selectors.extend(list(selector).map(|pair| pair.split(['=', '!']).next().unwrap()));
        rest = after;
    }
    let grouped: Vec<_> = between(expression, "by (", ")")
        .chain(between(expression, "on (", ")"))
        .flat_map(list)
        .collect();
    let shown: Vec<_> = between(legend, "{{", "}}").collect();
    let is_aggregated = expression.contains("by (");
    for label in selectors.iter().chain(&grouped).chain(&shown) {
        if !labels.contains(label) {
            problems.push((*label).to_owned());
        }
    }
    let lost = shown
        .iter()
        .filter(|label| is_aggregated && !grouped.contains(label));
    problems.extend(lost.map(|label| format!("{label} of the legend")));
    problems
}

/// Calls a function with the facts and the files of each service of each platform, and of a
/// service with all panels.
fn for_each_service(mut check: impl FnMut(&Facts, &Files)) {
    for deploy in platforms() {
        let facts = facts(&deploy);
        let files = render(&facts, &overlay(&deploy)).unwrap();
        facts.iter().for_each(|facts| check(facts, &files));
    }
    let facts = complete();
    let files = render(std::slice::from_ref(&facts), &Overlay::default()).unwrap();
    check(&facts, &files);
}

#[test]
fn promtool_parses_each_query_of_the_dashboards_obs_9() {
    let Some(program) = required("SEAWORTHY_TEST_PROMTOOL") else {
        return;
    };
    let mut expressions = BTreeSet::new();
    for_each_service(|facts, files| {
        expressions.extend(queries(files, facts).into_iter().map(|(query, _)| query));
    });
    // Each expression is a recording rule. YAML contains JSON.
    let rules = expressions.iter().enumerate().map(|(number, expression)| {
        json!({"record": format!("dashboard:query_{number}"), "expr": expression})
    });
    let document = json!({"groups": [{"name": "dashboards", "rules": rules.collect::<Vec<_>>()}]});
    let folder = tempfile::tempdir().unwrap();
    let check = |document: &Value| {
        let file = folder.path().join("dashboards.yaml");
        std::fs::write(&file, document.to_string()).unwrap();
        let output = Command::new(&program)
            .args(["check", "rules"])
            .arg(&file)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    let (is_valid, text) = check(&document);
    assert!(is_valid, "{text}");
    let mut invalid = document;
    invalid["groups"][0]["rules"][0]["expr"] = "sum by (le (up)".into();
    assert!(!check(&invalid).0);
}

#[test]
fn facts_have_each_metric_and_label_of_the_dashboards_obs_9() {
    for_each_service(|facts, files| {
        let rules = &files[&format!("prometheus/{}.rules.yaml", facts.name)];
        for (expression, legend) in queries(files, facts) {
            let problems = problems(facts, rules, &expression, &legend);
            assert!(problems.is_empty(), "{expression}: {problems:?}");
        }
    });
}

/// Compose has no namespaces. The value of All also selects series without the label.
#[test]
fn dashboards_select_the_namespaces_of_their_service_obs_9() {
    for_each_service(|facts, files| {
        let dashboard = dashboard(files, facts);
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        let variable = variables.iter().find(|it| it["name"] == "namespace");
        let variable = variable.unwrap();
        let query = format!("label_values(up{{job=\"{}\"}}, namespace)", facts.name);
        assert_eq!(variable["query"], query);
        assert_eq!(variable["datasource"]["uid"], "${datasource}");
        assert_eq!(variable["allValue"], ".*");
        assert_eq!(variable["current"]["value"], "$__all");
    });
}

#[test]
fn misspelled_metrics_and_labels_are_found_obs_9() {
    let facts = complete();
    let prefix = &facts.metric_prefix;
    let own = format!("job=\"join-service\", {NAMESPACE}");
    let metric = format!("{prefix}outbox_pending_messages{{{own}}}");
    let topics = format!("{prefix}messages_published_total{{{own}}}");
    let failed = format!("{prefix}http_requests_total{{{own}, statuss=\"500\"}}");
    for (expression, legend, problem) in [
        (format!("sum({metric})"), "pending", None),
        (format!("sum by (topic) ({topics})"), "{{topic}}", None),
        (
            format!("sum(x{metric})"),
            "pending",
            Some(format!("x{prefix}outbox_pending_messages")),
        ),
        (
            format!("sum by (grop) ({topics})"),
            "all",
            Some("grop".to_owned()),
        ),
        (
            format!("sum by (job) ({topics})"),
            "{{topic}}",
            Some("topic of the legend".to_owned()),
        ),
        (metric.clone(), "{{topic}}", Some("topic".to_owned())),
        (failed, "failed", Some("statuss".to_owned())),
        (
            "sum(up{job=\"join-service\"})".to_owned(),
            "all namespaces",
            Some("job=\"join-service\"".to_owned()),
        ),
        (
            "job:none:rate1h".to_owned(),
            "none",
            Some("job:none:rate1h".to_owned()),
        ),
    ] {
        let problems = problems(&facts, "", &expression, legend);
        assert_eq!(problems, Vec::from_iter(problem), "{expression}");
    }
}
