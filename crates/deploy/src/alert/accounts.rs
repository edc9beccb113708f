//! Alerts on accounts.

use super::{
    Alert, Severity, TriageStep,
    series::{
        ABOVE,
        Level::Number,
        Values::{Constant, Growth},
    },
};

pub(super) const ALERTS: &[Alert] = &[Alert {
    name: "CaptchaCodesLimited",
    required_metrics: &["captcha_codes_limited_total"],
    expression: "sum by (namespace, job, kind) (increase($captcha_codes_limited_total{limit=~\"share|total\"}[15m])) > %",
    threshold: 0.0,
    for_duration: "0m",
    severity: Severity::Page,
    summary: "has sent at least half of the allowed captcha codes of the kind {{ $labels.kind }}",
    meaning: "At least half of all codes that may be sent in a window were sent. The service allows each network a small share of the rest, and rejects further codes with 429. Users who need a code cannot register or log in.",
    causes: &[
        "An attacker requests codes from many networks.",
        "More users than the total allows: raise max_total_sms or max_total_email of the captcha settings.",
    ],
    triage: &[
        TriageStep::Open(
            "/metrics",
            "`captcha_codes_total` and `captcha_codes_limited_total`, by kind, result and limit",
        ),
        TriageStep::Admin("/config", "the limits of sent codes"),
    ],
    fires: &[
        (
            "$captcha_codes_limited_total{instance=\"a\",kind=\"sms\",limit=\"share\"}",
            Growth(ABOVE),
        ),
        (
            "$captcha_codes_limited_total{instance=\"a\",kind=\"sms\",limit=\"ip\"}",
            Constant(Number(0)),
        ),
    ],
    silent: &[
        &[(
            "$captcha_codes_limited_total{instance=\"a\",kind=\"sms\",limit=\"total\"}",
            Constant(Number(2)),
        )],
        &[(
            "$captcha_codes_limited_total{instance=\"a\",kind=\"sms\",limit=\"ip\"}",
            Growth(ABOVE),
        )],
        &[],
    ],
}];
