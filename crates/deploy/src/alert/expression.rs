//! Expressions with the names and labels of one service.

use std::collections::BTreeSet;

use seaworthy_facts::Facts;

use super::{
    Alert, ForDuration, Rendered, Series, dependencies, process,
    series::{Values, check_minute},
};
use crate::Overlay;

/// Whether a service registers the metrics of an alert and uses the server that it concerns.
fn concerns(alert: &Alert, facts: &Facts) -> bool {
    let mut sections = dependencies::SECTIONS.iter();
    let section = sections.find(|(name, _)| *name == alert.name);
    let has_value = |section: &str| {
        let mut keys = facts.values.keys();
        keys.any(|key| key.split('.').any(|part| part == section))
    };
    let mut required_metrics = alert.required_metrics.iter();
    required_metrics.all(|metric| facts.metric(metric).is_some())
        && section.is_none_or(|(_, section)| has_value(section))
}

/// Returns the alert for a service, if it concerns the service.
pub(super) fn render(
    alert: &'static Alert,
    facts: &Facts,
    overlay: &Overlay,
    for_duration: &ForDuration,
) -> Option<Rendered> {
    if !concerns(alert, facts) {
        return None;
    }
    let changed = overlay.alerts.get(alert.name);
    let threshold = changed.and_then(|changed| changed.threshold);
    let threshold = threshold.unwrap_or(alert.threshold);
    // Minutes until the condition holds: the test series restart for the third time in minute 3.
    let extra_minutes = match alert.name {
        process::RESTARTING => 3,
        _ => 0,
    };
    let for_minutes = for_duration.minutes.saturating_add(extra_minutes);
    let series = |pairs: &[(&str, Values)]| -> Vec<Series> {
        pairs
            .iter()
            .map(|(name, values)| Series {
                name: resolve(name, facts),
                values: values.text(threshold, for_minutes),
            })
            .collect()
    };
    let expression = resolve(alert.expression, facts).replace('%', &number(threshold));
    Some(Rendered {
        alert,
        metrics: metrics(&expression),
        expression,
        for_duration: for_duration.text.clone(),
        severity: alert.severity,
        fires: series(alert.fires),
        silent: alert.silent.iter().map(|silent| series(silent)).collect(),
        minutes: check_minute(for_minutes),
    })
}

/// Replaces `$name` by the metric of the service with its selector. Labels in braces that follow
/// are added to the selector.
pub(super) fn resolve(expression: &str, facts: &Facts) -> String {
    resolve_with(expression, facts, "")
}

/// Replaces names as [`resolve`], and adds `matcher` to each selector.
pub(crate) fn resolve_with(expression: &str, facts: &Facts, matcher: &str) -> String {
    let mut text = String::new();
    let mut rest = expression;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = after.find(|letter| !is_name(letter)).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (labels, after) = match after.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some((labels, after)) => (format!(", {labels}"), after),
            None => (String::new(), after),
        };
        // `up` belongs to Prometheus.
        let prefix = if name == "up" {
            ""
        } else {
            &facts.metric_prefix
        };
        let job = &facts.name;
        let matcher = if matcher.is_empty() {
            String::new()
        } else {
            format!(", {matcher}")
        };
        text.push_str(&format!("{prefix}{name}{{job=\"{job}\"{matcher}{labels}}}"));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Returns the metrics of a resolved expression, in which a selector follows each of them.
pub(super) fn metrics(expression: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
    let names = expression.match_indices('{').map(|(end, _)| {
        let before = expression.get(..end).unwrap_or_default();
        before.trim_end_matches(is_name).len()..end
    });
    let names = names.filter_map(|range| expression.get(range));
    names.map(str::to_owned).collect()
}

/// Returns a number as Prometheus writes it.
pub(crate) fn number(value: f64) -> String {
    // Products such as 14.4 * 0.001 have errors in the last digits.
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_an_expression_are_found_obs_9() {
        let found = metrics("max(a_total{job=\"x\"}[5m]) > 3 * b{le=\"1\"} unless up{job=\"x\"}");
        let expected = ["a_total", "b", "up"].map(str::to_owned);
        assert_eq!(found, BTreeSet::from(expected));
        assert_eq!(metrics("vector(0)"), BTreeSet::new());
    }

    #[test]
    fn numbers_have_no_rounding_errors_obs_9() {
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(60.0), "60");
        assert_eq!(number(14.4), "14.4");
        assert_eq!(number(0.0), "0");
    }
}
