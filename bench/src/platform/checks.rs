//! Checks at the end of a run: requests, memory, and rows of databases.

use std::{
    io,
    str::FromStr,
    time::{Duration, Instant},
};

use clap::Args;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};

use super::{MeasuredProcess, processes::Usage};
use crate::Failure;

/// The interval between two counts of an outbox that is not empty.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Bounds whose violation fails the command.
#[derive(Debug, Args)]
pub(crate) struct Checks {
    /// Maximum share of requests that fail, in percent.
    #[arg(long, default_value_t = 0.0)]
    pub(super) max_failed_percent: f64,
    /// Maximum 99th percentile of the latency of each row, in milliseconds.
    #[arg(long)]
    pub(super) max_p99_ms: Option<f64>,
    /// Maximum growth of the memory of each process after the first tenth of the run, in percent.
    #[arg(long, default_value_t = 10.0)]
    pub(super) max_memory_growth_percent: f64,
    /// Statement whose count grows by the number of successful requests, as `URL STATEMENT`.
    #[arg(long = "rows", value_name = "URL STATEMENT")]
    pub(super) rows: Vec<CountedRows>,
    /// Time until outboxes are empty after the last request, in seconds.
    #[arg(long, default_value_t = 60)]
    pub(super) settle_seconds: u64,
}

/// A statement that counts rows of a PostgreSQL database.
#[derive(Debug, Clone)]
pub(crate) struct CountedRows {
    url: PgConnectOptions,
    statement: String,
}

impl FromStr for CountedRows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (url, statement) = text
            .split_once(' ')
            .ok_or_else(|| format!("`{text}` is not URL STATEMENT"))?;
        Ok(Self {
            url: url
                .parse()
                .map_err(|error| format!("the URL is not valid: {error}"))?,
            statement: statement.to_owned(),
        })
    }
}

impl CountedRows {
    pub(super) fn new(url: &PgConnectOptions, statement: &str) -> Self {
        Self {
            url: url.clone(),
            statement: statement.to_owned(),
        }
    }

    /// Returns the number of rows.
    pub(super) async fn count(&self) -> Result<i64, Failure> {
        let mut connection = self.url.connect().await?;
        let query = sqlx::AssertSqlSafe(self.statement.clone());
        Ok(sqlx::query_scalar(query).fetch_one(&mut connection).await?)
    }

    /// Waits until no row is left, and returns the number of rows that are.
    async fn settled(&self, within: Duration) -> Result<i64, Failure> {
        let start = Instant::now();
        loop {
            let rows = self.count().await?;
            if rows == 0 || start.elapsed() > within {
                return Ok(rows);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// The counts of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    /// The 99th percentile of the latency of the slowest row, in nanoseconds.
    pub(super) p99: u64,
}

impl Sum {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            succeeded: self.succeeded + other.succeeded,
            failed: self.failed + other.failed,
            p99: self.p99.max(other.p99),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and latencies of a run are exact as floats"
)]
impl Checks {
    /// Returns the violations of bounds on requests.
    pub(super) fn of_requests(&self, sum: Sum) -> Vec<String> {
        let mut violations = Vec::new();
        let sent = sum.succeeded + sum.failed;
        let failed = sum.failed as f64 * 100.0 / sent.max(1) as f64;
        if failed > self.max_failed_percent {
            violations.push(format!("{} of {sent} requests failed", sum.failed));
        }
        let p99 = sum.p99 as f64 / 1e6;
        if self.max_p99_ms.is_some_and(|max| p99 > max) {
            violations.push(format!("p99 is {p99:.1} ms"));
        }
        if sum.succeeded == 0 {
            violations.push("no request succeeded".to_owned());
        }
        violations
    }

    /// Returns the processes whose memory grew.
    pub(super) fn of_memory(
        &self,
        processes: &[MeasuredProcess],
        warm: &[Usage],
        end: &[Usage],
    ) -> Vec<String> {
        let usages = processes.iter().zip(warm).zip(end);
        let grown = usages.filter_map(|((process, warm), end)| {
            let growth = (end.resident_mib / warm.resident_mib.max(1.0) - 1.0) * 100.0;
            (growth > self.max_memory_growth_percent).then(|| {
                format!(
                    "{} grew by {growth:.0} %, from {:.0} to {:.0} MiB",
                    process.name, warm.resident_mib, end.resident_mib
                )
            })
        });
        grown.collect()
    }

    /// Returns the violations of the databases: events that are not published, and rows that are
    /// missing or too many. A failed request may have stored its row.
    pub(super) async fn of_rows(
        &self,
        before: &[i64],
        outboxes: &[CountedRows],
        sum: Sum,
    ) -> Result<Vec<String>, Failure> {
        let mut violations = Vec::new();
        for outbox in outboxes {
            let left = outbox.settled(Duration::from_secs(self.settle_seconds));
            let left = left.await?;
            if left > 0 {
                violations.push(format!("{left} events are not published"));
            }
        }
        for (rows, before) in self.rows.iter().zip(before) {
            let stored = u64::try_from(rows.count().await? - before).unwrap_or_default();
            if stored < sum.succeeded || stored > sum.succeeded + sum.failed {
                violations.push(format!(
                    "{stored} rows are stored, and {} requests succeeded: {}",
                    sum.succeeded, rows.statement
                ));
            }
        }
        Ok(violations)
    }
}

/// Prints the violations, and fails if there is one.
pub(super) fn report(out: &mut impl io::Write, violations: &[String]) -> Result<(), Failure> {
    for violation in violations {
        writeln!(out, "FAILED: {violation}")?;
    }
    match violations.len() {
        0 => Ok(writeln!(out, "all checks passed")?),
        count => Err(format!("{count} checks failed").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks() -> Checks {
        Checks {
            max_failed_percent: 1.0,
            max_p99_ms: Some(50.0),
            max_memory_growth_percent: 10.0,
            rows: Vec::new(),
            settle_seconds: 0,
        }
    }

    #[test]
    fn bounds_of_requests_are_checked_ship_6() {
        let sum = |succeeded, failed, p99| Sum {
            succeeded,
            failed,
            p99,
        };
        let violations = |sum| checks().of_requests(sum);
        assert!(violations(sum(99, 1, 50_000_000)).is_empty());
        assert_eq!(violations(sum(98, 2, 0)), ["2 of 100 requests failed"]);
        assert_eq!(violations(sum(99, 1, 51_000_000)), ["p99 is 51.0 ms"]);
        assert_eq!(violations(sum(0, 0, 0)), ["no request succeeded"]);
    }

    #[test]
    fn growing_memory_is_reported_ship_6() {
        let usage = |resident_mib| Usage {
            resident_mib,
            ..Usage::default()
        };
        let processes = ["a=1".parse().unwrap(), "b=2".parse().unwrap()];
        let warm = [usage(100.0), usage(100.0)];
        let end = [usage(109.0), usage(112.0)];
        let grown = checks().of_memory(&processes, &warm, &end);
        assert_eq!(grown, ["b grew by 12 %, from 100 to 112 MiB"]);
    }

    #[tokio::test]
    async fn missing_and_duplicate_rows_are_reported_ship_6() {
        let Some(server) = seaworthy_testkit::requirement::required("SEAWORTHY_TEST_POSTGRES")
        else {
            return;
        };
        let server = seaworthy_testkit::postgres::PostgresServer::start(server).unwrap();
        let url = server.database("rows").unwrap();
        let rows = |count: i64| format!("{url} SELECT {count}::bigint").parse().unwrap();
        let sum = Sum {
            succeeded: 10,
            failed: 2,
            p99: 0,
        };
        let found = async |count: i64, pending: i64| {
            let mut checks = checks();
            checks.rows = vec![rows(count)];
            let found = checks.of_rows(&[5], &[rows(pending)], sum).await;
            found.unwrap().len()
        };
        assert_eq!(found(15, 0).await, 0);
        assert_eq!(found(17, 0).await, 0, "failed requests may be stored");
        assert_eq!(found(14, 0).await, 1, "a row is lost");
        assert_eq!(found(18, 0).await, 1, "a row is stored twice");
        assert_eq!(found(15, 3).await, 1, "events are pending");
    }
}
