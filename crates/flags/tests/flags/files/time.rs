//! Conditions on the time.

use std::time::{SystemTime, UNIX_EPOCH};

use seaworthy_flags::Context;

use super::{FRIDAY, flags_at, is_on, load};

#[test]
fn window_includes_start_and_excludes_end_flag_1() {
    let yaml =
        "sale:\n  enabled: true\n  from: 2026-12-25T10:00:00Z\n  until: 2026-12-25T11:00:00Z\n";
    for (clock, expected) in [
        ((|| FRIDAY - 1) as fn() -> i64, false),
        (|| FRIDAY, true),
        (|| FRIDAY + 3_599, true),
        (|| FRIDAY + 3_600, false),
    ] {
        assert_eq!(
            is_on(&flags_at(yaml, clock), "sale", &Context::new()),
            expected
        );
    }
}

#[test]
fn hours_and_workdays_follow_the_clock_flag_1() {
    let yaml = "night:\n  enabled: true\n  workdays_only: true\n  work_hours: {start: \"22:00\", end: \"06:00\"}\n";
    for (clock, expected) in [
        ((|| FRIDAY) as fn() -> i64, false),
        (|| FRIDAY + 12 * 3_600, true),
        // Saturday and Sunday at 22:00, and Monday at 05:59.
        (|| FRIDAY + 36 * 3_600, false),
        (|| FRIDAY + 60 * 3_600, false),
        (|| FRIDAY + 67 * 3_600 + 59 * 60, true),
    ] {
        assert_eq!(
            is_on(&flags_at(yaml, clock), "night", &Context::new()),
            expected
        );
    }
}

/// Returns the second of a day of the next year, at 07:30 UTC.
fn next_year(day: i64) -> i64 {
    const YEAR: i64 = 31_556_952;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let year = i64::try_from(now.as_secs()).unwrap() / YEAR + 1;
    (year * YEAR / 86_400 + day) * 86_400 + 7 * 3_600 + 1_800
}

#[test]
fn hours_and_workdays_follow_the_time_zone_flag_1() {
    let office = |zone: &str, rest: &str| {
        format!(
            "office:\n  enabled: true\n  strategy: time\n  rules:\n    timezone: {zone}\n    {rest}\n"
        )
    };
    let shanghai = office("Asia/Shanghai", "workdays_only: true");
    let hours = office(
        "Europe/Berlin",
        "work_hours: {start: \"09:00\", end: \"10:00\"}",
    );
    for (yaml, clock, expected) in [
        // 23:59 on Friday, and 00:00 on Saturday.
        (
            &shanghai,
            (|| FRIDAY + 5 * 3_600 + 3_599) as fn() -> i64,
            true,
        ),
        (&shanghai, || FRIDAY + 6 * 3_600, false),
        // 08:30 in winter, and 09:30 in summer.
        (&hours, || next_year(30), false),
        (&hours, || next_year(30) + 3_600, true),
        (&hours, || next_year(180), true),
        (&hours, || next_year(180) + 3_600, false),
    ] {
        let is_on = is_on(&flags_at(yaml, clock), "office", &Context::new());
        assert_eq!(is_on, expected, "{yaml} {}", clock());
    }
    let errors = load(&[(
        "features.yaml",
        &office("Europe/Nowhere", "workdays_only: true"),
    )]);
    let errors = errors.unwrap_err().join("\n");
    assert!(errors.contains("Europe/Nowhere"), "{errors}");
}
