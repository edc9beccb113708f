use seaworthy_facts::Facts;

use super::{Rendered, recording_rule, slo};
use crate::{
    HEADER, Overlay, runbook,
    yaml::{Yaml, list, map},
};

/// Returns the rules file of a service.
pub(super) fn document(facts: &Facts, alerts: &[Rendered], overlay: &Overlay) -> String {
    groups(facts, alerts, overlay).document(HEADER)
}

pub(super) fn groups(facts: &Facts, alerts: &[Rendered], overlay: &Overlay) -> Yaml {
    let name = &facts.name;
    let recordings = slo::recordings(facts, overlay);
    let alerts = alerts
        .iter()
        .map(|rendered| alert(facts, rendered, overlay));
    let alerts = map([
        ("name", format!("{name}-alerts").into()),
        ("rules", list(alerts)),
    ]);
    let recorded = (!recordings.is_empty()).then(|| {
        map([
            ("name", format!("{name}-slo").into()),
            ("rules", list(recordings)),
        ])
    });
    let scaling = recording_rule::recording(facts).map(|rule| {
        map([
            ("name", format!("{name}-scaling").into()),
            ("rules", list([rule])),
        ])
    });
    let recorded = recorded.into_iter().chain(scaling);
    map([("groups", list(recorded.chain([alerts])))])
}

fn alert(facts: &Facts, rendered: &Rendered, overlay: &Overlay) -> Yaml {
    let alert = rendered.alert;
    let page = runbook::address(alert.name, overlay);
    map([
        ("alert", alert.name.into()),
        ("expr", rendered.expression.as_str().into()),
        ("for", rendered.for_duration.as_str().into()),
        (
            "labels",
            map([
                ("severity", rendered.severity.name().into()),
                ("service", facts.name.as_str().into()),
            ]),
        ),
        (
            "annotations",
            map([
                (
                    "summary",
                    format!("{} {}", facts.name, alert.summary).into(),
                ),
                ("runbook_url", page.into()),
            ]),
        ),
    ])
}
