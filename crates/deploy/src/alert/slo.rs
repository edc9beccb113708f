//! Alerts on the error budget, with several windows and burn rates (the SRE workbook, chapter 5).

use seaworthy_facts::Facts;

use super::{
    Alert, ForDuration, Rendered, Series, Severity, TriageStep,
    expression::{metrics, number, resolve},
};
use crate::{
    Overlay,
    yaml::{Yaml, map},
};

pub(super) const FAST: &str = "ErrorBudgetBurnFast";
pub(super) const SLOW: &str = "ErrorBudgetBurnSlow";
/// The windows of the recorded ratios.
const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
/// Minimum number of failures in an hour for a page, and in a day for a ticket. Fewer failures
/// do not fire an alert at any ratio.
const MIN_FAILURES: u32 = 10;
/// The windows of the recorded failures, and their seconds.
const FAILURE_WINDOWS: [(&str, u32); 2] = [("1h", 3_600), ("1d", 86_400)];
/// The gRPC statuses that count as errors of the server, as `/metrics` has them.
const GRPC_FAULTS: &str = "status=~\"Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss\"";
/// The calls of clients. Probes of the health service would hide the failures of a quiet service,
/// and a stop ends each open `Watch` with `Unavailable`, which is not an error.
const GRPC_CALLS: &str = "service!=\"grpc.health.v1.Health\"";

pub(super) const ALERTS: &[Alert] = &[
    Alert {
        name: FAST,
        required_metrics: &[],
        expression: "",
        threshold: 0.0,
        for_duration: "2m",
        severity: Severity::Page,
        summary: "uses its error budget of 30 days within five days",
        meaning: "Requests fail or are slow at a rate that uses the error budget of 30 days within two to five days. Users notice it.",
        causes: &[
            "A recent deployment: run `kubectl rollout undo deployment/NAME`, or revert the commit if Argo CD deploys it.",
            "A dependency that is down or slow: other alerts name it.",
            "More traffic than the replicas can serve: the dashboard shows requests in flight and rejected requests.",
        ],
        triage: &[
            TriageStep::Open("/readyz", "the health checks and the phase of the service"),
            TriageStep::Admin("/breakers", "dependencies whose calls fail"),
            TriageStep::Admin("/info", "the version and the routes"),
        ],
        fires: &[],
        silent: &[],
    },
    Alert {
        name: SLOW,
        required_metrics: &[],
        expression: "",
        threshold: 0.0,
        for_duration: "15m",
        severity: Severity::Ticket,
        summary: "uses its error budget in less than 30 days",
        meaning: "Requests fail or are slow at a rate that uses the error budget in less than 30 days.",
        causes: &[
            "One route that fails or is slow: the dashboard shows requests by path.",
            "Timeouts that are shorter than a dependency needs.",
        ],
        triage: &[
            TriageStep::Admin("/breakers", "dependencies whose calls fail"),
            TriageStep::Open("/metrics", "requests by path and status"),
        ],
        fires: &[],
        silent: &[],
    },
];

/// One objective: the rate of failures and of all requests, with `WINDOW` as the window.
struct Objective {
    name: &'static str,
    failures: String,
    requests: String,
    budget: f64,
    /// The series of one failure and of one success per minute in a unit test.
    series: [String; 2],
    /// Whether the second series contains the failures.
    is_cumulative: bool,
}

fn objectives(facts: &Facts, overlay: &Overlay) -> Vec<Objective> {
    let budget = (100.0 - overlay.availability_percent) / 100.0;
    let mut objectives = Vec::new();
    if facts.metric("http_requests_total").is_some() {
        let labels = "method=\"GET\",path=\"/\"";
        objectives.push(Objective {
            name: "http_availability",
            failures: "sum by (namespace) (rate($http_requests_total{status=~\"5..\"}[WINDOW]))"
                .to_owned(),
            requests: "sum by (namespace) (rate($http_requests_total[WINDOW]))".to_owned(),
            budget,
            series: [
                format!("$http_requests_total{{{labels},status=\"500\"}}"),
                format!("$http_requests_total{{{labels},status=\"200\"}}"),
            ],
            is_cumulative: false,
        });
    }
    if facts.metric("grpc_requests_total").is_some() && facts.listener("grpc").is_some() {
        let labels = "service=\"s\",method=\"m\"";
        objectives.push(Objective {
            name: "grpc_availability",
            failures: format!(
                "sum by (namespace) (rate($grpc_requests_total{{{GRPC_FAULTS}, {GRPC_CALLS}}}[WINDOW]))"
            ),
            requests: format!("sum by (namespace) (rate($grpc_requests_total{{{GRPC_CALLS}}}[WINDOW]))"),
            budget,
            series: [
                format!("$grpc_requests_total{{{labels},status=\"Internal\"}}"),
                format!("$grpc_requests_total{{{labels},status=\"OK\"}}"),
            ],
            is_cumulative: false,
        });
    }
    let http = latency(facts, overlay, "http", "method=\"GET\",path=\"/\"", "");
    let labels = "service=\"s\",method=\"m\"";
    let grpc = latency(facts, overlay, "grpc", labels, GRPC_CALLS);
    objectives.extend(http);
    objectives.extend(grpc.filter(|_| facts.listener("grpc").is_some()));
    objectives
}

/// Returns the objective on the latency of a transport. `labels` are those of a series, and `calls`
/// selects the series that count.
fn latency(
    facts: &Facts,
    overlay: &Overlay,
    transport: &'static str,
    labels: &str,
    calls: &str,
) -> Option<Objective> {
    let metric = format!("{transport}_request_duration_seconds");
    let mut bounds = facts.metric(&metric)?.bounds.iter().copied();
    let bound = bounds.find(|bound| is_equal(*bound, overlay.latency_seconds))?;
    // The label as `/metrics` has it: `1.0`, not `1`.
    let le = format!("{bound:?}");
    let (all, fast) = match calls {
        "" => (String::new(), format!("{{le=\"{le}\"}}")),
        calls => (format!("{{{calls}}}"), format!("{{le=\"{le}\", {calls}}}")),
    };
    let all = format!("sum by (namespace) (rate(${metric}_count{all}[WINDOW]))");
    Some(Objective {
        name: match transport {
            "grpc" => "grpc_latency",
            _ => "http_latency",
        },
        failures: format!("{all} - sum by (namespace) (rate(${metric}_bucket{fast}[WINDOW]))"),
        requests: all,
        budget: (100.0 - overlay.latency_percent) / 100.0,
        series: [
            format!("${metric}_count{{{labels}}}"),
            format!("${metric}_bucket{{{labels},le=\"{le}\"}}"),
        ],
        is_cumulative: true,
    })
}

fn is_equal(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq()
}

/// Returns the problem of `latency_seconds` for a service. The rules can measure only a duration
/// that is the bound of a bucket.
pub(crate) fn latency_problem(facts: &Facts, overlay: &Overlay) -> Option<String> {
    let seconds = overlay.latency_seconds;
    let histograms = ["http", "grpc"].into_iter();
    let mut bounds = histograms
        .filter_map(|it| facts.metric(&format!("{it}_request_duration_seconds")))
        .map(|metric| metric.bounds.as_slice());
    let bounds = bounds.find(|bounds| {
        !bounds.is_empty() && !bounds.iter().any(|bound| is_equal(*bound, seconds))
    })?;
    let bounds: Vec<_> = bounds.iter().map(f64::to_string).collect();
    Some(format!(
        "overlay.toml: latency_seconds is {seconds}, which is not the bound of a bucket of {}: use one of {}",
        facts.name,
        bounds.join(", ")
    ))
}

/// Returns the recording rules: how many times faster than allowed the budget is used.
pub(super) fn recordings(facts: &Facts, overlay: &Overlay) -> Vec<Yaml> {
    let mut rules = Vec::new();
    for objective in objectives(facts, overlay) {
        let labels = || {
            map([
                ("job", facts.name.as_str().into()),
                ("slo", objective.name.into()),
            ])
        };
        for window in WINDOWS {
            let failures = resolve(&objective.failures, facts).replace("WINDOW", window);
            let requests = resolve(&objective.requests, facts).replace("WINDOW", window);
            let budget = number(objective.budget);
            rules.push(map([
                ("record", format!("job:slo_burn_rate:rate{window}").into()),
                (
                    "expr",
                    format!("({failures}) / ({requests}) / {budget}").into(),
                ),
                ("labels", labels()),
            ]));
        }
        for (window, seconds) in FAILURE_WINDOWS {
            let failures = resolve(&objective.failures, facts).replace("WINDOW", window);
            rules.push(map([
                (
                    "record",
                    format!("job:slo_failures:increase{window}").into(),
                ),
                ("expr", format!("({failures}) * {seconds}").into()),
                ("labels", labels()),
            ]));
        }
    }
    rules
}

/// Returns the alert for a service with requests.
pub(super) fn render(
    alert: &'static Alert,
    facts: &Facts,
    overlay: &Overlay,
    for_duration: &ForDuration,
) -> Option<Rendered> {
    let objectives = objectives(facts, overlay);
    let objective = objectives.first()?;
    let job = &facts.name;
    let burns = |window: &str, rate: f64| {
        format!(
            "job:slo_burn_rate:rate{window}{{job=\"{job}\"}} > {}",
            number(rate)
        )
    };
    let both = |long: &str, short: &str, rate: f64| {
        format!("({} and {})", burns(long, rate), burns(short, rate))
    };
    let guarded = |condition: String, window: &str| {
        let failures = format!("job:slo_failures:increase{window}{{job=\"{job}\"}}");
        format!("({condition}) and {failures} >= {MIN_FAILURES}")
    };
    // The rate is constant from the first minutes on, in every window.
    let (expression, rate, extra_minutes) = match alert.name {
        FAST => (
            guarded(
                format!("{} or {}", both("1h", "5m", 14.4), both("6h", "30m", 6.0)),
                "1h",
            ),
            14.4,
            18,
        ),
        _ => (
            guarded(
                format!("{} or {}", both("1d", "2h", 3.0), both("3d", "6h", 1.0)),
                "1d",
            ),
            3.0,
            25,
        ),
    };
    let minutes = for_duration.minutes.saturating_add(extra_minutes);
    let growth = |step: f64| format!("0+{step}x{minutes}");
    // Per million requests, so that the values are whole numbers.
    let at = |times: f64| {
        let total = 1_000_000.0;
        let failed = (total * objective.budget * times).round();
        let second = if objective.is_cumulative {
            total
        } else {
            total - failed
        };
        [failed, second].map(growth)
    };
    let series = |values: [String; 2]| -> Vec<Series> {
        let pairs = objective.series.iter().zip(values);
        pairs
            .map(|(name, values)| Series {
                name: resolve(name, facts),
                values,
            })
            .collect()
    };
    // One failure, and one request per minute. Without `MIN_FAILURES`, the ratio would fire.
    let rest = minutes.saturating_sub(1);
    let one_failure = if objective.is_cumulative {
        [growth(1.0), format!("0 0+1x{rest}")]
    } else {
        [format!("0 1x{rest}"), growth(1.0)]
    };
    let below = match alert.name {
        FAST => 5.9,
        _ => 0.9,
    };
    // Each objective is recorded in the same series.
    let recorded = objectives.iter();
    let recorded = recorded.flat_map(|it| [&it.failures, &it.requests]);
    let recorded = recorded.flat_map(|text| metrics(&resolve(text, facts)));
    Some(Rendered {
        alert,
        metrics: recorded.collect(),
        expression,
        for_duration: for_duration.text.clone(),
        severity: alert.severity,
        fires: series(at(rate * 1.1)),
        silent: vec![
            series(at(below)),
            series([0.0, 0.0].map(growth)),
            series(one_failure),
        ],
        minutes,
    })
}
