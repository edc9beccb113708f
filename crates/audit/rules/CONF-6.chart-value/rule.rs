//! The templates and the values of a Helm chart do not match.

use crate::model::Model;
use crate::rule::{
    Breach, Category, Chart, Check, Metadata, Outcome, Rule, Severity, charts, is_value_inside,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.chart-value",
        title: "A Helm chart and its values do not match",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A template uses a value that no values file of the chart contains, without a default. Or `values.yaml` contains a value that no template uses. Values of other charts and `global` are excluded. The finding has low confidence, because a deployment can set values on the command line.",
        why: "Helm renders a missing value as an empty text, so a variable or a probe is empty. An unused value has no effect, although an operator sets it.",
        fix: &[(
            "any",
            "Use the same key in the template and in `values.yaml`. Add a `values.schema.json`, and mark a value that each deployment sets with `required`.",
        )],
        references: &["https://helm.sh/docs/chart_best_practices/values/"],
    },
    check: Check::Repository(check),
};

/// Values that generated helpers read.
const USUAL: &[&str] = &["global", "nameOverride", "fullnameOverride", "commonLabels"];

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for chart in charts(model) {
        let before = outcomes.len();
        outcomes.extend(missing(&chart));
        outcomes.extend(unused(&chart));
        if outcomes.len() == before {
            outcomes.push(Outcome::passed(
                format!("the templates and the values of `{}` fit", chart.folder),
                None,
            ));
        }
    }
    outcomes
}

/// Values that a template uses and no file contains.
fn missing(chart: &Chart<'_>) -> Vec<Outcome> {
    let values = || chart.values.iter().chain(&chart.overrides);
    let mut seen = std::collections::BTreeSet::new();
    chart
        .uses
        .iter()
        .filter(|used| {
            let first = used.path.split('.').next().unwrap_or_default();
            !used.path.is_empty()
                && !USUAL.contains(&first)
                && !is_other_chart(chart, first)
                && !chart
                    .uses
                    .iter()
                    .any(|other| other.is_optional && is_value_inside(&other.path, &used.path))
                // An empty mapping is filled by a deployment.
                && !values().any(|value| {
                    is_value_inside(&used.path, &value.path)
                        || value.is_leaf && is_value_inside(&value.path, &used.path)
                })
        })
        .filter(|used| seen.insert(used.path.clone()))
        .map(|used| {
            let evidence = format!("no values file contains `{}`", used.path);
            Breach::review(used.at.clone(), evidence).into()
        })
        .collect()
}

/// Values that no template uses. A mapping is reported as a whole.
fn unused(chart: &Chart<'_>) -> Vec<Outcome> {
    let mut reported: Vec<&str> = Vec::new();
    let mut outcomes = Vec::new();
    for value in &chart.values {
        let first = value.path.split('.').next().unwrap_or_default();
        if value.is_empty
            || USUAL.contains(&first)
            || is_other_chart(chart, first)
            || chart.uses(&value.path)
            || reported
                .iter()
                .any(|outer| is_value_inside(outer, &value.path))
        {
            continue;
        }
        reported.push(&value.path);
        let evidence = format!("no template of the chart uses `{}`", value.path);
        outcomes.push(Breach::review(value.at.clone(), evidence).into());
    }
    outcomes
}

/// Whether `Chart.yaml` names a chart whose values have this key.
fn is_other_chart(chart: &Chart<'_>, key: &str) -> bool {
    chart.manifest.lines().any(|line| {
        let line = line.trim().trim_start_matches("- ");
        ["name:", "alias:"].iter().any(|field| {
            line.strip_prefix(field)
                .is_some_and(|name| name.trim().trim_matches(['"', '\'']) == key)
        })
    })
}
