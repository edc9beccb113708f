//! The document about overloads.

use std::fmt::Write as _;

use seaworthy_resilience::adaptive_concurrency::AdaptiveConcurrencyConfig;

use super::{
    retries,
    station::{Bottleneck, Findings, run},
};

/// Each figure is the worst of these runs.
const SEEDS: [u64; 2] = [1, 2];

/// The bottlenecks and what they are called.
pub(crate) const BOTTLENECKS: [(Bottleneck, &str); 3] = [
    (Bottleneck::Cpu, "8 cores, 20 ms of work"),
    (Bottleneck::Pool, "a pool of 10, 20 ms of work"),
    (
        Bottleneck::SlowDependency,
        "20 calls to a dependency that becomes 5 times slower",
    ),
];

/// The rates of requests, relative to the capacity. The queue of a small overload grows slowly.
pub(crate) const FACTORS: [f64; 4] = [1.1, 2.0, 4.0, 8.0];

/// The worst of the seeds.
pub(crate) fn worst(bottleneck: Bottleneck, factor: f64, shed: bool) -> Findings {
    let none = Findings {
        goodput: f64::MAX,
        p99: std::time::Duration::ZERO,
        critical: f64::MAX,
        recovery: std::time::Duration::ZERO,
    };
    let limit = AdaptiveConcurrencyConfig::default();
    SEEDS
        .map(|seed| run(bottleneck, factor, shed.then_some(&limit), seed))
        .into_iter()
        .fold(none, |worst, next| Findings {
            goodput: worst.goodput.min(next.goodput),
            p99: worst.p99.max(next.p99),
            critical: worst.critical.min(next.critical),
            recovery: worst.recovery.max(next.recovery),
        })
}

/// The whole page.
pub(crate) fn document() -> String {
    let mut page = String::from(include_str!("preface.md"));
    for (bottleneck, name) in BOTTLENECKS {
        let unloaded = worst(bottleneck, 0.3, false);
        for factor in FACTORS {
            let (ours, without) = (
                worst(bottleneck, factor, true),
                worst(bottleneck, factor, false),
            );
            let _ = writeln!(
                page,
                "| {name} | {factor}x | {:.1} % | {:.0} ms ({:.0} ms) | {:.1} % | {:.1} s | {:.1} % |",
                ours.goodput * 100.0,
                ours.p99.as_secs_f64() * 1e3,
                unloaded.p99.as_secs_f64() * 1e3,
                ours.critical * 100.0,
                ours.recovery.as_secs_f64(),
                without.goodput * 100.0,
            );
        }
    }
    page.push_str(include_str!("retries.md"));
    for (name, budget) in [("with the budget", true), ("without", false)] {
        let findings = retries::run(budget, 1);
        let success = |from, to| format!("{:.1} %", findings.success(from, to) * 100.0);
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} |",
            success(0, 10),
            success(10, 13),
            success(13, 30),
            success(30, 110),
        );
    }
    page
}
