//! The shedder and the retry budget against overloads (RES-7, RES-2): what
//! `docs/resilience-overload.md` says is what happens.

#[path = "../examples/overload/retries.rs"]
mod retries;
#[path = "../examples/overload/station.rs"]
mod station;
#[path = "../examples/overload/table.rs"]
mod table;

use std::time::Duration;

#[test]
fn the_page_of_overloads_is_what_the_command_prints_res_7() {
    let committed = include_str!("../../../docs/resilience-overload.md");
    assert!(
        table::document() == committed,
        "run: cargo run -p seaworthy-resilience --example overload > docs/resilience-overload.md"
    );
}

#[test]
fn goodput_and_latency_hold_under_overload_res_7() {
    for (bottleneck, name) in table::BOTTLENECKS {
        let unloaded = station::run(bottleneck, 0.3, false, 7).p99;
        for factor in [2.0, 4.0, 8.0] {
            let findings = station::run(bottleneck, factor, true, 7);
            let place = format!("{name}, {factor} times: {findings:?}");
            assert!(findings.goodput > 0.95, "{place}");
            assert!(findings.p99 < unloaded * 2, "{place}");
            assert!(findings.recovery < Duration::from_secs(5), "{place}");
            // At random no more than the share that is served would be.
            assert!(findings.critical > 0.8, "{place}");
        }
    }
}

#[test]
fn the_budget_keeps_retries_from_holding_a_server_down_res_2() {
    let with = retries::run(true, 3);
    let without = retries::run(false, 3);
    assert!(with.success(30, 110) > 0.99);
    assert!(
        without.success(30, 110) < 0.1,
        "the hiccup was too short to show anything"
    );
}
