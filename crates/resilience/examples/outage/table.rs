//! The document with our figures beside those of others.

use std::{fmt::Write as _, time::Duration};

use seaworthy_resilience::circuit_breaker::{BreakerMode, CircuitBreakerConfig};

use super::scenario::{Findings, Trouble, run};

/// Each figure is the worst of these runs.
const SEEDS: [u64; 2] = [1, 2];
/// Calls a second.
const RATES: [u32; 4] = [5, 20, 200, 1_000];

/// The breakers that are shown.
pub(crate) fn breakers() -> [(&'static str, CircuitBreakerConfig); 3] {
    let config = CircuitBreakerConfig::default;
    [
        ("default", config()),
        (
            "rate alone",
            CircuitBreakerConfig {
                consecutive_failures: 0,
                ..config()
            },
        ),
        (
            "adaptive",
            CircuitBreakerConfig {
                mode: BreakerMode::Adaptive,
                ..config()
            },
        ),
    ]
}

/// The worst of the seeds.
pub(crate) fn worst(config: &CircuitBreakerConfig, trouble: Trouble, rate: u32) -> Findings {
    let mut all = SEEDS
        .map(|seed| run(config, trouble, rate, seed))
        .into_iter();
    let first = all.next().unwrap_or(Findings {
        first_rejection: None,
        leaked: 1.0,
        passed_while_up: 0.0,
        recovery: None,
    });
    all.fold(first, |worst, next| Findings {
        first_rejection: later(worst.first_rejection, next.first_rejection),
        leaked: worst.leaked.max(next.leaked),
        passed_while_up: worst.passed_while_up.min(next.passed_while_up),
        recovery: later(worst.recovery, next.recovery),
    })
}

fn later(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    Some(one?.max(other?))
}

/// The whole page.
pub(crate) fn document() -> String {
    let mut page = String::from(include_str!("preface.md"));
    for (name, config) in breakers() {
        let cells: Vec<String> = RATES
            .iter()
            .map(|rate| {
                outage(&worst(
                    &config,
                    Trouble::Outage(Duration::from_secs(60)),
                    *rate,
                ))
            })
            .collect();
        let _ = writeln!(page, "| **seaworthy, {name}** | {} |", cells.join(" | "));
    }
    page.push_str(include_str!("others.md"));
    for (name, config) in breakers() {
        let long = worst(&config, Trouble::Outage(Duration::from_secs(62)), 200);
        let errors = worst(&config, Trouble::Errors(0.3), 200);
        let quiet_errors = worst(&config, Trouble::Errors(0.3), 5);
        let slow = worst(&config, Trouble::Slow(Duration::from_secs(2)), 200);
        let brisk = worst(&config, Trouble::Slow(Duration::from_millis(500)), 200);
        let blink = worst(&config, Trouble::Pause(Duration::from_millis(400)), 200);
        let pause = worst(&config, Trouble::Pause(Duration::from_secs(1)), 200);
        let flapping = worst(&config, Trouble::Flapping, 200);
        let _ = writeln!(
            page,
            "| **seaworthy, {name}** | {} | {} / {} | {} | {} | {} / {} | {} / {} |",
            seconds(long.recovery),
            percent(errors.passed_while_up),
            percent(quiet_errors.passed_while_up),
            outage(&slow),
            outage(&brisk),
            percent(blink.passed_while_up),
            percent(pause.passed_while_up),
            percent(flapping.passed_while_up),
            percent(flapping.leaked),
        );
    }
    page.push_str(include_str!("others_more.md"));
    page
}

fn outage(findings: &Findings) -> String {
    format!(
        "{} / {} / {}",
        seconds(findings.first_rejection),
        percent(findings.leaked),
        seconds(findings.recovery)
    )
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(
        || "never".to_owned(),
        |time| format!("{:.2} s", time.as_secs_f64()),
    )
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
