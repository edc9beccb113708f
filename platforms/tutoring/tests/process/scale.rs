//! The simulation of `docs/tutoring/scale.md`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[path = "../../examples/scale/day.rs"]
mod day;
#[path = "../../examples/scale/inputs.rs"]
mod inputs;
#[path = "../../examples/scale/limits.rs"]
mod limits;
#[path = "../../examples/scale/table.rs"]
mod table;

use std::{fs, path::Path};

use day::{MILLI, MINUTE, minutes, push_delay, second};
use inputs::{SLOT_PERCENT, STUDENTS};
use limits::{LIMITS, Remedy, STEP};

#[test]
fn page_of_the_simulation_is_current_ship_4() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutoring/scale.md");
    seaworthy_testkit::document::assert_current(&page, &table::document());
}

#[test]
fn each_student_has_one_session_per_day_ship_4() {
    assert_eq!(SLOT_PERCENT.into_iter().sum::<u64>(), 100);
    for students in STUDENTS {
        let starts: u64 = minutes()
            .map(|at| second(students, at).starts * MINUTE)
            .sum();
        let sessions = starts / MILLI;
        // Rates are whole thousandths, so the sum may be slightly lower.
        assert!(sessions <= students && sessions >= students * 99 / 100);
    }
}

#[test]
fn more_workers_never_delay_pushes_ship_4() {
    for students in STUDENTS {
        let delays = [1, 2, 4, 12].map(|workers| push_delay(students, workers));
        assert!(delays.is_sorted_by(|one, next| one >= next), "{delays:?}");
    }
    let delays = STUDENTS.map(|students| push_delay(students, 1));
    assert!(delays.is_sorted(), "{delays:?}");
}

#[test]
fn limit_holds_up_to_its_number_only_ship_4() {
    for limit in LIMITS {
        let students = limit.max_students();
        assert!((limit.holds)(students), "{}", limit.name);
        assert!(!(limit.holds)(students + STEP), "{}", limit.name);
    }
}

#[test]
fn cost_per_student_falls_with_their_number_ship_4() {
    let costs = STUDENTS.map(|students| table::cost(students).millicents);
    assert!(costs.is_sorted_by(|one, next| one >= next), "{costs:?}");
    let cores = STUDENTS.map(|students| {
        let cost = table::cost(students);
        cost.service_cores + cost.database_cores
    });
    assert!(cores.is_sorted(), "{cores:?}");
}

/// The section "Steps of growth" names these numbers.
#[test]
fn steps_of_growth_are_below_their_limits_ship_4() {
    let limits = table::sorted_limits();
    assert!(limits.is_sorted_by_key(|(students, _)| *students));
    for (students, limit) in &limits {
        let step = match limit.remedy {
            Remedy::Setting => 50_000,
            Remedy::Code => 200_000,
            Remedy::Server => 1_000_000,
        };
        assert!(*students >= step, "{}: {students}", limit.name);
    }
}

/// The inputs that are copies of constants and figures. A change of the source fails the test.
#[test]
fn inputs_are_those_of_their_sources_ship_4() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (file, line) in [
        (
            "platforms/tutoring/booking/src/domain/calendar.rs",
            "DURATION_MIN: u16 = 40;",
        ),
        (
            "platforms/tutoring/booking/src/schedule/decide.rs",
            "const BATCH: u32 = 50;",
        ),
        (
            "platforms/tutoring/booking/src/schedule/workers.rs",
            "RETRY_INTERVAL: Timeout = Timeout::from_secs(10 * 60);",
        ),
        (
            "platforms/tutoring/notification/src/notify/deliver.rs",
            "const BATCH: u32 = 32;",
        ),
        (
            "platforms/tutoring/payment/src/config.rs",
            "const DEFAULT_WEBHOOK_LIMIT: NonZeroU32 = NonZeroU32::new(600).unwrap();",
        ),
        (
            "platforms/tutoring/payment/src/config.rs",
            "const DEFAULT_LOOKBACK: Timeout = Timeout::from_secs(3 * 24 * 60 * 60);",
        ),
        (
            "platforms/tutoring/payment/src/workers.rs",
            "RECONCILIATION_TIMEOUT: Timeout = Timeout::from_secs(2 * 60 * 60);",
        ),
        (
            "platforms/tutoring/deploy/kubernetes/base/tutoring-gateway/availability.yaml",
            "maxReplicas: 10",
        ),
        (
            "crates/realtime/src/config.rs",
            "NonZeroU32::new(1_000).unwrap();",
        ),
        ("docs/benchmarks.md", "| 64 | 2,721 | 2,601 |"),
        (
            "docs/benchmarks.md",
            "| `/api/events/{id}/view` | p50 3.6 ms, p99 5.7 ms | 2,512 per second",
        ),
        (
            "docs/benchmarks.md",
            "| 60,000 events, stored to consumed, per second | 7,300 |",
        ),
        (
            "docs/benchmarks.md",
            "| Redis Streams | 18,389 | 156,267 | 17,949 |",
        ),
        ("docs/benchmarks.md", "by the whole stack | 8,965 |"),
        (
            "docs/benchmarks.md",
            "| Confirmation | 24 | 0 | 0 | 19 | 7 | 3 |",
        ),
    ] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(line), "{file} does not contain {line:?}");
    }
}
