//! A pooler in transaction mode: PgBouncer before PostgreSQL.

use std::{collections::BTreeSet, path::PathBuf};

use seaworthy_data::{DataError, Database, sql};
use seaworthy_testkit::requirement::required;
use tokio::process::Command;

use crate::test_database::{TestDatabase, add};

/// Twice the connections to the server.
const TASKS: i64 = 10;
const ROUNDS: i64 = 20;

/// Returns the process of the server that executes the statement, and its timeout.
async fn session(database: &Database) -> (i32, String) {
    let text = "SELECT pg_backend_pid(), current_setting('statement_timeout')";
    sql(text).fetch_one(database).await.unwrap()
}

/// Returns the timeout that another program has on a connection of the pooler.
async fn other_client(test_database: &TestDatabase) -> String {
    let programs = PathBuf::from(required("SEAWORTHY_TEST_POSTGRES").unwrap());
    let output = Command::new(programs.join("psql"))
        .args(["-At", "-c", "SHOW statement_timeout", test_database.text()])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) async fn statements_share_connections_and_leave_no_settings_data_1(
    test_database: TestDatabase,
) {
    let database = test_database.open().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let database = database.clone();
            tokio::spawn(async move {
                let mut processes = BTreeSet::new();
                for round in 0..ROUNDS {
                    let id = task * ROUNDS + round;
                    add(&database, id).await;
                    // Different statements, which a driver would prepare under the same names.
                    let (label,): (String,) = sql("SELECT label FROM symbols WHERE id = ?")
                        .bind(id)
                        .fetch_one(&database)
                        .await
                        .unwrap();
                    assert_eq!(label, format!("label {id}"));
                    let (process, timeout) = session(&database).await;
                    assert_eq!(timeout, "5s");
                    processes.insert(process);
                }
                processes
            })
        })
        .collect();
    let mut processes = BTreeSet::new();
    for task in tasks {
        processes.extend(task.await.unwrap());
    }
    assert!(
        processes.len() < TASKS as usize,
        "{} connections to the server",
        processes.len()
    );
    let (count,): (i64,) = sql("SELECT count(*) FROM symbols")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(count, TASKS * ROUNDS);

    // Other clients of the pooler get the connections as they were.
    for _ in 0..5 {
        assert_eq!(other_client(&test_database).await, "0\n");
    }
    let failed: Result<(), DataError> = database
        .transaction(|tx| async move {
            add(&tx, -1).await;
            sql("SELECT 1 / 0").execute(&tx).await.map(drop)
        })
        .await;
    failed.unwrap_err();
    let (count,): (i64,) = sql("SELECT count(*) FROM symbols WHERE id = -1")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(count, 0);
}

pub(crate) async fn pooler_without_its_setting_is_rejected_data_1(test_database: TestDatabase) {
    let mut config = test_database.config();
    config.transaction_pooling = false;
    let opened = Database::builder("test", config).open().await;
    // The pooler rejects a parameter of the session.
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("connection"), "{error}");

    let mut config = test_database.config();
    config.url = "sqlite::memory:".parse().unwrap();
    let opened = Database::builder("test", config).open().await;
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("transaction_pooling"), "{error}");
}
