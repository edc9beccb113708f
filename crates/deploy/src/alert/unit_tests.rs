use seaworthy_facts::Facts;

use super::{Rendered, Series, recording_rule};
use crate::{
    HEADER,
    yaml::{Yaml, list, map},
};

/// Returns the unit tests of the rules of a service: one in which each alert fires, and others in
/// which it does not. The recorded length of the queues has its own test.
pub(super) fn document(facts: &Facts, alerts: &[Rendered]) -> String {
    let tests = alerts.iter().flat_map(|rendered| {
        let fires = test(rendered, &rendered.fires, true);
        let silent = rendered.silent.iter();
        [fires]
            .into_iter()
            .chain(silent.map(|series| test(rendered, series, false)))
    });
    let document = map([
        (
            "rule_files",
            list([format!("{}.rules.yaml", facts.name).into()]),
        ),
        ("evaluation_interval", "1m".into()),
        ("tests", list(tests.chain(recording_rule::unit_test(facts)))),
    ]);
    document.document(HEADER)
}

fn test(rendered: &Rendered, series: &[Series], fires: bool) -> Yaml {
    let name = rendered.alert.name;
    let series = series.iter().map(|series| {
        map([
            ("series", series.name.as_str().into()),
            ("values", series.values.as_str().into()),
        ])
    });
    let firing = format!("ALERTS{{alertname=\"{name}\", alertstate=\"firing\"}}");
    let sample = map([
        ("labels", "{}".into()),
        ("value", Yaml::from(i64::from(fires))),
    ]);
    let verb = if fires { "fires" } else { "is silent" };
    map([
        ("name", format!("{name} {verb}").into()),
        ("interval", "1m".into()),
        ("input_series", list(series)),
        (
            "promql_expr_test",
            list([map([
                (
                    "expr",
                    format!("clamp_max(count({firing}), 1) or vector(0)").into(),
                ),
                ("eval_time", format!("{}m", rendered.minutes).into()),
                ("exp_samples", list([sample])),
            ])]),
        ),
    ])
}
