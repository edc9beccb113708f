//! Simulated overloads of the adaptive limit and the retry budget (RES-7, RES-2), as in
//! `docs/resilience-overload.md`.

#[path = "../../examples/overload/retries.rs"]
mod retries;
#[path = "../../examples/overload/station.rs"]
mod station;
#[path = "../../examples/overload/table.rs"]
mod table;

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_resilience::adaptive_concurrency::AdaptiveConcurrencyConfig;

#[test]
fn page_of_overloads_is_current_res_7() {
    let committed = include_str!("../../../../docs/resilience-overload.md");
    assert!(
        table::document() == committed,
        "run: cargo run -p seaworthy-resilience --example overload > docs/resilience-overload.md"
    );
}

/// Overloads every bottleneck and compares p99 with its value without load.
fn overload(
    max_queue_delay: Timeout,
    factors: &[f64],
    min_goodput: f64,
    max_p99: impl Fn(Duration) -> Duration,
) {
    let limit = AdaptiveConcurrencyConfig {
        max_queue_delay,
        ..AdaptiveConcurrencyConfig::default()
    };
    for (bottleneck, name) in table::BOTTLENECKS {
        let unloaded = station::run(bottleneck, 0.3, None, 7).p99;
        for &factor in factors {
            let findings = station::run(bottleneck, factor, Some(&limit), 7);
            let case = format!("{name}, {factor} times, unloaded {unloaded:?}: {findings:?}");
            assert!(findings.goodput > min_goodput, "{case}");
            assert!(findings.p99 < max_p99(unloaded), "{case}");
            assert!(findings.recovery < Duration::from_secs(5), "{case}");
            // Random rejections would serve at most half of them.
            assert!(findings.critical > 0.8, "{case}");
        }
    }
}

#[test]
fn default_limit_bounds_the_queue_delay_under_overload_res_7() {
    let delay = AdaptiveConcurrencyConfig::default().max_queue_delay;
    overload(delay, &[2.0, 4.0, 8.0], 0.95, |unloaded| {
        unloaded + delay.get() * 3
    });
}

/// The queue of a small overload grows so slowly that few requests are in flight for seconds.
#[test]
fn default_limit_bounds_the_queue_of_a_small_overload_res_7() {
    let delay = AdaptiveConcurrencyConfig::default().max_queue_delay;
    overload(delay, &[1.02, 1.05, 1.1, 1.3], 0.93, |unloaded| {
        unloaded + delay.get() * 7
    });
}

#[test]
fn small_queue_delay_keeps_latency_flat_under_overload_res_7() {
    let delay = Timeout::from_millis(1);
    overload(delay, &[2.0, 4.0, 8.0], 0.95, |unloaded| unloaded * 2);
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
