use std::{cmp::Reverse, collections::BTreeSet};

use seaworthy_facts::Facts;

use super::{Rendered, Series, recording_rule};
use crate::{
    HEADER,
    yaml::{Yaml, list, map},
};

/// Series with which an alert fires or is silent.
struct Case<'a> {
    rendered: &'a Rendered,
    series: &'a [Series],
    fires: bool,
}

impl<'a> Case<'a> {
    /// Returns a case in which the alert fires, and those in which it does not.
    fn all(rendered: &'a Rendered) -> impl Iterator<Item = Self> {
        let case = move |series: &'a [Series], fires| Self {
            rendered,
            series,
            fires,
        };
        let silent = rendered.silent.iter();
        [case(&rendered.fires, true)]
            .into_iter()
            .chain(silent.map(move |series| case(series, false)))
    }

    /// Returns the metrics that the alert reads, and those of the series.
    fn metrics(&self) -> BTreeSet<&'a str> {
        let series = self.series.iter();
        let names = series.filter_map(|series| series.name.split('{').next());
        let read = self.rendered.metrics.iter().map(String::as_str);
        read.chain(names).collect()
    }
}

/// Cases without a common metric, so that none of them changes the alert of another.
struct UnitTest<'a> {
    fires: bool,
    metrics: BTreeSet<&'a str>,
    cases: Vec<Case<'a>>,
}

/// Returns the unit tests of the rules of a service: each alert fires in one case, and does not in
/// others. The recorded length of the queues has its own test.
///
/// promtool evaluates all rules in each minute of a test, so few tests with many cases are fast.
pub(super) fn document(facts: &Facts, alerts: &[Rendered]) -> String {
    let mut cases: Vec<_> = alerts.iter().flat_map(Case::all).collect();
    // The first case has the most minutes, so other cases do not extend its test.
    cases.sort_by_key(|case| Reverse(case.rendered.minutes));
    let mut tests: Vec<UnitTest<'_>> = Vec::new();
    for case in cases {
        let metrics = case.metrics();
        let known = tests
            .iter_mut()
            .find(|test| test.fires == case.fires && test.metrics.is_disjoint(&metrics));
        if let Some(test) = known {
            test.metrics.extend(metrics);
            test.cases.push(case);
        } else {
            tests.push(UnitTest {
                fires: case.fires,
                metrics,
                cases: vec![case],
            });
        }
    }
    let tests = tests
        .iter()
        .map(unit_test)
        .chain(recording_rule::unit_test(facts));
    let document = map([
        (
            "rule_files",
            list([format!("{}.rules.yaml", facts.name).into()]),
        ),
        ("evaluation_interval", "1m".into()),
        ("tests", list(tests)),
    ]);
    document.document(HEADER)
}

fn unit_test(test: &UnitTest<'_>) -> Yaml {
    let name = if test.fires {
        "alerts fire"
    } else {
        "alerts are silent"
    };
    let series = test.cases.iter().flat_map(|case| case.series);
    let series = series.map(|series| {
        map([
            ("series", series.name.as_str().into()),
            ("values", series.values.as_str().into()),
        ])
    });
    map([
        ("name", name.into()),
        ("interval", "1m".into()),
        ("input_series", list(series)),
        ("promql_expr_test", list(test.cases.iter().map(check))),
    ])
}

/// Returns the check of a case at the end of its minutes.
fn check(case: &Case<'_>) -> Yaml {
    let name = case.rendered.alert.name;
    let firing = format!("ALERTS{{alertname=\"{name}\", alertstate=\"firing\"}}");
    let sample = map([
        ("labels", "{}".into()),
        ("value", Yaml::from(i64::from(case.fires))),
    ]);
    map([
        (
            "expr",
            format!("clamp_max(count({firing}), 1) or vector(0)").into(),
        ),
        ("eval_time", format!("{}m", case.rendered.minutes).into()),
        ("exp_samples", list([sample])),
    ])
}
