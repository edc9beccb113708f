//! The page with the results.

use std::{cmp::Reverse, fmt::Write as _};

use super::{
    day::{Second, connected, peak, push_delay},
    inputs::{
        COPIES, CORE_MONTH_CENTS, FIXED_CORES, GIB_MONTH_CENTS, MEASURED_CORES, MONTHS,
        REQUESTS_PER_SECOND, ROW_BYTES, ROWS_PER_SESSION, SESSIONS_PER_MONTH, SOCKET_BYTES,
        STATEMENTS_PER_SECOND, STATEMENTS_PER_SESSION, STUDENTS, TARGET_PERCENT,
    },
    limits::{
        LIMITS, Limit, Remedy, course_lock_percent, mean_statements, peak_statements,
        purchases_per_day, reconciliation_seconds, retry_age, webhooks_per_minute,
    },
};

const GIB: u64 = 1 << 30;
/// Delivery workers that the page compares.
const WORKERS: [u64; 4] = [1, 2, 4, 12];
/// The services, each with two replicas at least, in cores: 100m are requested for each.
const IDLE_CORES: u64 = 3;

/// The monthly resources of a number of students.
pub(crate) struct Cost {
    pub(crate) service_cores: u64,
    pub(crate) database_cores: u64,
    pub(crate) storage_gib: u64,
    /// Thousandths of a US cent per student and month.
    pub(crate) millicents: u64,
}

/// Returns the resources for the busiest second, with the data of a year.
pub(crate) fn cost(students: u64) -> Cost {
    let cores = |rate: u64, measured: u64| {
        (rate * MEASURED_CORES * 100).div_ceil(measured * TARGET_PERCENT)
    };
    let service_cores = cores(peak(students, Second::requests), REQUESTS_PER_SECOND) + IDLE_CORES;
    let statements = STATEMENTS_PER_SESSION.iter();
    let statements = statements.map(|(service, _)| peak_statements(students, service));
    // Each primary has a standby of the same size.
    let database_cores = 2 * cores(statements.sum(), STATEMENTS_PER_SECOND);
    let bytes = students * SESSIONS_PER_MONTH * MONTHS * ROWS_PER_SESSION * ROW_BYTES * COPIES;
    let storage_gib = bytes.div_ceil(GIB);
    let cents = (service_cores + database_cores + FIXED_CORES) * CORE_MONTH_CENTS
        + storage_gib * GIB_MONTH_CENTS;
    Cost {
        service_cores,
        database_cores,
        storage_gib,
        millicents: (cents * 1_000).div_ceil(students.max(1)),
    }
}

/// Returns the limits, the lowest first.
pub(crate) fn sorted_limits() -> Vec<(u64, Limit)> {
    let mut limits: Vec<_> = LIMITS
        .into_iter()
        .map(|limit| (limit.max_students(), limit))
        .collect();
    limits.sort_by_key(|(students, limit)| (*students, Reverse(limit.name)));
    limits
}

/// Returns the page.
pub(crate) fn document() -> String {
    let mut page = String::from(include_str!("preface.md"));
    add_limits(&mut page);
    add_day(&mut page);
    page.push_str(include_str!("workers.md"));
    add_workers(&mut page);
    page.push_str(include_str!("cost.md"));
    add_cost(&mut page);
    page.push_str(include_str!("growth.md"));
    page
}

fn add_limits(page: &mut String) {
    let limits = sorted_limits();
    for (students, limit) in &limits {
        let remedy = match limit.remedy {
            Remedy::Setting => "a setting",
            Remedy::Code => "a change of the code",
            Remedy::Server => "servers",
        };
        row(
            page,
            [
                limit.name.to_owned(),
                grouped(*students),
                remedy.to_owned(),
                limit.how.to_owned(),
            ],
        );
    }
    let first = |remedy: Remedy| {
        let found = limits.iter().find(|(_, limit)| limit.remedy == remedy);
        found.map_or(String::new(), |(students, limit)| {
            format!("**{}**, at {} students", limit.name, grouped(*students))
        })
    };
    let _ = write!(
        page,
        "\n- The first limit of the settings: {}.\n- The first bottleneck of the code: {}.\n- The first limit of a server: {}.\n",
        first(Remedy::Setting),
        first(Remedy::Code),
        first(Remedy::Server),
    );
}

/// Returns the text of a cell for a number of students.
type Cell = fn(u64) -> String;

fn add_day(page: &mut String) {
    page.push_str("\n## A simulated weekday\n\n");
    row(
        page,
        ["Students".to_owned()]
            .into_iter()
            .chain(STUDENTS.map(grouped)),
    );
    row(
        page,
        std::iter::repeat_n("---".to_owned(), STUDENTS.len() + 1),
    );
    let rows: [(&str, Cell); 12] = [
        ("Requests per second at the peak", |n| {
            grouped(peak(n, Second::requests))
        }),
        ("Connected clients", |n| grouped(connected(n))),
        ("Pushes per second at the peak", |n| {
            grouped(peak(n, Second::pushes))
        }),
        ("Events per second at the peak", |n| {
            grouped(peak(n, Second::events))
        }),
        ("Entries of the live stream per second", |n| {
            grouped(peak(n, Second::live_entries))
        }),
        ("Statements per second, booking, at the peak", |n| {
            grouped(peak_statements(n, "booking"))
        }),
        ("Statements per second, all services, mean", |n| {
            grouped(mean_statements(n))
        }),
        ("Purchases per day", |n| grouped(purchases_per_day(n))),
        ("Webhooks per minute in the busiest hour", |n| {
            grouped(webhooks_per_minute(n))
        }),
        ("Duration of the reconciliation", |n| {
            duration(reconciliation_seconds(n))
        }),
        ("Lock of one course, at most", |n| {
            format!("{} %", course_lock_percent(n))
        }),
        ("A round of pending allocations", |n| duration(retry_age(n))),
    ];
    for (name, value) in rows {
        row(
            page,
            [name.to_owned()].into_iter().chain(STUDENTS.map(value)),
        );
    }
}

fn add_workers(page: &mut String) {
    for students in STUDENTS {
        let delays = WORKERS.map(|workers| duration(push_delay(students, workers)));
        row(page, [grouped(students)].into_iter().chain(delays));
    }
}

fn add_cost(page: &mut String) {
    for students in STUDENTS {
        let cost = cost(students);
        row(
            page,
            [
                grouped(students),
                grouped(cost.service_cores),
                grouped(cost.database_cores),
                format!("{} GiB", grouped(cost.storage_gib)),
                format!(
                    "{} MiB",
                    grouped((connected(students) * SOCKET_BYTES) >> 20)
                ),
                format!(
                    "{}.{:03} cents",
                    cost.millicents / 1_000,
                    cost.millicents % 1_000
                ),
            ],
        );
    }
}

fn row(page: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<_> = cells.into_iter().collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

/// Returns a number with separators.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}
