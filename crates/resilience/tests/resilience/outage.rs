//! Simulated outages of the breaker (RES-1), as in `docs/resilience-outage.md`.

#[path = "../../examples/outage/scenario.rs"]
mod scenario;
#[path = "../../examples/outage/table.rs"]
mod table;

use std::time::Duration;

use scenario::Trouble;
use table::{breakers, worst};

#[test]
fn page_of_outages_is_current_res_1() {
    let committed = include_str!("../../../../docs/resilience-outage.md");
    assert!(
        table::document() == committed,
        "run: cargo run -p seaworthy-resilience --example outage > docs/resilience-outage.md"
    );
}

#[test]
fn opens_at_every_rate_and_is_back_within_three_seconds_res_1() {
    let [(_, config), ..] = breakers();
    for rate in [5, 20, 200, 1_000] {
        for milliseconds in [61_300, 62_000] {
            let trouble = Trouble::Outage(Duration::from_millis(milliseconds));
            let findings = worst(&config, trouble, rate);
            assert!(findings.first_rejection.is_some(), "{rate}: {findings:?}");
            assert!(
                findings.recovery.unwrap() <= Duration::from_secs(3),
                "{rate}: {findings:?}"
            );
            assert!(rate < 200 || findings.leaked < 0.02, "{rate}: {findings:?}");
        }
    }
}

#[test]
fn hanging_dependency_costs_about_its_timeout_res_1() {
    let [(_, config), ..] = breakers();
    let findings = worst(&config, Trouble::Slow(Duration::from_millis(500)), 200);
    assert!(findings.leaked < 0.02, "{findings:?}");
    assert!(
        findings.recovery.unwrap() <= Duration::from_secs(3),
        "{findings:?}"
    );
}

#[test]
fn failure_rate_mode_stays_closed_at_30_percent_errors_res_1() {
    let [_, (_, by_rate), (_, adaptive)] = breakers();
    for config in [by_rate, adaptive] {
        for rate in [5, 200] {
            let findings = worst(&config, Trouble::Errors(0.3), rate);
            assert!(findings.passed_while_up > 0.9999, "{rate}: {findings:?}");
        }
    }
}

#[test]
fn hang_of_fast_dependency_opens_before_timeout_res_1() {
    let [(_, config), ..] = breakers();
    for rate in [20, 200, 1_000] {
        let findings = worst(&config, Trouble::Slow(Duration::from_secs(2)), rate);
        assert!(findings.first_rejection.unwrap() < Duration::from_secs(1));
        assert!(rate < 200 || findings.leaked < 0.02, "{rate}: {findings:?}");
        assert!(findings.recovery.unwrap() <= Duration::from_secs(3));
    }
}

#[test]
fn short_pause_is_not_an_outage_res_1() {
    let [(_, config), ..] = breakers();
    for rate in [5, 200, 1_000] {
        let findings = worst(&config, Trouble::Pause(Duration::from_millis(400)), rate);
        assert!(findings.passed_while_up > 0.9999, "{rate}: {findings:?}");
    }
}
