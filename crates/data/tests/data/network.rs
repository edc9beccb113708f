//! Statements over a network that resets, swallows or cuts connections (RES-3, DATA-3).

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use seaworthy_core::Timeout;
use seaworthy_data::{DataError, DataErrorKind, Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    fault::{Disruption, Fault, FaultProxy},
    mariadb::MariadbServer,
    postgres::PostgresServer,
    requirement::required,
};

/// The timeout of one statement, and of a new connection.
const STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// Above all timeouts together, on a loaded machine.
const MAX_DURATION: Duration = Duration::from_secs(20);
/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn insert(database: &Database, id: i64) -> Result<(), DataError> {
    database
        .transaction(|tx| async move {
            sql("INSERT INTO rows_of_test (id) VALUES (?)")
                .bind(id)
                .execute(&tx)
                .await
                .map(drop)
        })
        .await
}

async fn recovers(database: &Database, first: i64) {
    let end = Instant::now() + TIMEOUT;
    for id in first.. {
        match insert(database, id).await {
            Ok(()) => return,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn is_survived(server: SocketAddr, url: String) {
    let proxy = FaultProxy::start(server).await.unwrap();
    let url = url.replace(&server.to_string(), &proxy.address().to_string());
    let mut config = DatabaseConfig::from_url(url.parse().unwrap());
    config.statement_timeout = STATEMENT_TIMEOUT;
    config.connect_timeout = STATEMENT_TIMEOUT;
    config.pool.acquire_timeout = STATEMENT_TIMEOUT;
    let database = Database::builder("test", config).open().await.unwrap();
    sql("CREATE TABLE rows_of_test (id BIGINT NOT NULL PRIMARY KEY)")
        .execute(&database)
        .await
        .unwrap();
    for (number, disruption) in [
        Disruption::Reset,
        Disruption::Blackhole,
        Disruption::HalfOpen,
    ]
    .into_iter()
    .enumerate()
    {
        let first = i64::try_from(number).unwrap() * 1_000_000;
        insert(&database, first).await.unwrap();
        proxy.set(Fault::of(disruption));
        for id in first + 1..first + 4 {
            let begun = Instant::now();
            let error = insert(&database, id).await.unwrap_err();
            assert!(
                begun.elapsed() < MAX_DURATION,
                "{disruption:?}: {:?}",
                begun.elapsed()
            );
            let known = [
                DataErrorKind::ConnectionLost,
                DataErrorKind::OutcomeUnknown,
                DataErrorKind::ConnectionFailed,
                DataErrorKind::StatementTimeout,
                DataErrorKind::PoolExhausted,
                DataErrorKind::CircuitOpen,
            ];
            assert!(known.contains(&error.kind()), "{disruption:?}: {error:?}");
        }
        proxy.heal();
        recovers(&database, first + 10).await;
    }
    let (lost,): (i64,) =
        sql("SELECT count(*) FROM rows_of_test WHERE id IN (0, 1000000, 2000000)")
            .fetch_one(&database)
            .await
            .unwrap();
    assert_eq!(lost, 3, "committed rows are stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_statements_time_out_while_network_is_broken_res_3() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start(programs).unwrap();
    is_survived(server.address(), server.database("network").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_statements_time_out_while_network_is_broken_res_3() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let server = MariadbServer::start(program).unwrap();
    is_survived(server.address(), server.database("network").unwrap()).await;
}
