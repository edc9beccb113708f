use std::{
    io::{self, Write as _},
    path::Path,
    time::Instant,
};

use seaworthy_data::{DataError, Database, DatabaseConfig, sql};
use seaworthy_testkit::postgres::PostgresServer;
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{Failure, statistics::median};

/// Number of runs per round.
const RUNS: u32 = 1_000;
const ROWS: i64 = 10_000;
/// Number of rows of a list page.
const PAGE: i64 = 20;

/// A query of the benchmark.
#[derive(Debug, Clone, Copy)]
enum Query {
    One,
    Page,
    Change,
}

impl Query {
    const ALL: [Self; 3] = [Self::One, Self::Page, Self::Change];

    const fn name(self) -> &'static str {
        match self {
            Self::One => "a row by its key",
            Self::Page => "a page of 20 rows",
            Self::Change => "a transaction with one update",
        }
    }
}

/// Sends sequential queries on one connection per side, in turns.
pub(crate) fn run(postgres: &Path, rounds: u32) -> Result<(), Failure> {
    let postgres = PostgresServer::start(postgres)?;
    let url = postgres.database("bench")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // By default sqlx tests the connection before each query, and the framework does not.
        let bare = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        let bare = bare.connect(&url).await?;
        let config = DatabaseConfig::from_url(url.parse()?);
        let seaworthy = Database::builder("bench", config).open().await?;
        sql("CREATE TABLE entries (number BIGINT PRIMARY KEY, label TEXT NOT NULL, amount BIGINT NOT NULL)")
            .execute(&seaworthy)
            .await?;
        sql("INSERT INTO entries SELECT number, 'entry ' || number, number FROM generate_series(1, ?) AS number")
            .bind(ROWS)
            .execute(&seaworthy)
            .await?;
        let mut out = io::stdout().lock();
        writeln!(out, "one query, median of {rounds} rounds, in us")?;
        writeln!(out, "{:<30} {:>10} {:>8} {:>6}", "", "sqlx", "seaworthy", "ratio")?;
        for query in Query::ALL {
            let (mut baseline, mut seaworthy_times) = (Vec::new(), Vec::new());
            run_bare(&bare, query).await?;
            run_query(&seaworthy, query).await?;
            for _ in 0..rounds {
                baseline.push(run_bare(&bare, query).await?);
                seaworthy_times.push(run_query(&seaworthy, query).await?);
            }
            let (baseline, framework) = (median(&baseline), median(&seaworthy_times));
            let ratio = framework / baseline;
            writeln!(out, "{:<30} {baseline:>10.1} {framework:>8.1} {ratio:>6.2}", query.name())?;
        }
        Ok(())
    })
}

/// Returns the mean time of one run in microseconds.
fn mean_us(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS)
}

/// Returns keys in a random order.
fn key(number: u32) -> i64 {
    i64::from(number) * 7_919 % ROWS + 1
}

async fn run_bare(pool: &PgPool, query: Query) -> Result<f64, Failure> {
    let start = Instant::now();
    for number in 0..RUNS {
        let key = key(number);
        match query {
            Query::One => {
                let row: (i64, String, i64) =
                    sqlx::query_as("SELECT number, label, amount FROM entries WHERE number = $1")
                        .bind(key)
                        .fetch_one(pool)
                        .await?;
                is_true(row.0 == key)?;
            }
            Query::Page => {
                let rows: Vec<(i64, String, i64)> = sqlx::query_as(
                    "SELECT number, label, amount FROM entries WHERE number >= $1 ORDER BY number LIMIT $2",
                )
                .bind(key.min(ROWS - PAGE))
                .bind(PAGE)
                .fetch_all(pool)
                .await?;
                is_true(rows.len() == 20)?;
            }
            Query::Change => {
                let mut tx = pool.begin().await?;
                let done = sqlx::query("UPDATE entries SET amount = amount + 1 WHERE number = $1")
                    .bind(key)
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await?;
                is_true(done.rows_affected() == 1)?;
            }
        }
    }
    Ok(mean_us(start))
}

async fn run_query(database: &Database, query: Query) -> Result<f64, Failure> {
    let start = Instant::now();
    for number in 0..RUNS {
        let key = key(number);
        match query {
            Query::One => {
                let row: (i64, String, i64) =
                    sql("SELECT number, label, amount FROM entries WHERE number = ?")
                        .bind(key)
                        .fetch_one(database)
                        .await?;
                is_true(row.0 == key)?;
            }
            Query::Page => {
                let rows: Vec<(i64, String, i64)> = sql(
                    "SELECT number, label, amount FROM entries WHERE number >= ? ORDER BY number LIMIT ?",
                )
                .bind(key.min(ROWS - PAGE))
                .bind(PAGE)
                .fetch_all(database)
                .await?;
                is_true(rows.len() == 20)?;
            }
            Query::Change => {
                let changed: Result<u64, DataError> = database
                    .transaction(|tx| async move {
                        let done = sql("UPDATE entries SET amount = amount + 1 WHERE number = ?")
                            .bind(key)
                            .execute(&tx)
                            .await?;
                        Ok(done.rows_affected())
                    })
                    .await;
                is_true(changed? == 1)?;
            }
        }
    }
    Ok(mean_us(start))
}

fn is_true(condition: bool) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err("the database answered something else".into())
    }
}
