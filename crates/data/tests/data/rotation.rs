//! Rotated passwords of real servers (CONF-5).

use std::time::{Duration, Instant};

use seaworthy_core::{Secret, SecretRotation, Timeout, new_id};
use seaworthy_data::{DataError, Database, DatabaseConfig, sql};
use seaworthy_testkit::database::EmptyDatabase;

/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn execute(database: &Database, text: &str) -> Result<(), DataError> {
    let statement = sql(String::leak(text.to_owned()));
    statement.execute(database).await.map(drop)
}

fn config(url: &str, user: &str, password: Secret<String>) -> DatabaseConfig {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, server) = rest.split_once('@').unwrap();
    let mut config = DatabaseConfig::at(format!("{scheme}://{user}@{server}").parse().unwrap());
    config.password = Some(password);
    config.connect_timeout = Timeout::from_secs(5);
    config.pool.acquire_timeout = Timeout::from_secs(5);
    config
}

async fn open(config: DatabaseConfig) -> Result<Database, DataError> {
    Database::builder("rotating", config).open().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_password_opens_new_connections_conf_5() {
    let postgres = [
        "CREATE ROLE {} LOGIN PASSWORD 'first'",
        "ALTER ROLE {} PASSWORD 'second'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'",
    ];
    let mariadb = [
        "CREATE USER {} IDENTIFIED BY 'first'",
        "ALTER USER {} IDENTIFIED BY 'second'",
        "KILL USER {}",
    ];
    let servers = [
        (EmptyDatabase::postgres(), postgres),
        (EmptyDatabase::mariadb(), mariadb),
    ];
    for (empty, statements) in servers {
        let Some(empty) = empty else { continue };
        let user = format!("rotating_{}", &new_id().simple().to_string()[20..]);
        let [create, rotate, end] = statements.map(|text| text.replace("{}", &user));
        let admin = open(DatabaseConfig::at(empty.url().parse().unwrap()))
            .await
            .unwrap();
        execute(&admin, &create).await.unwrap();
        if empty.url().starts_with("mysql") {
            let grant = format!("GRANT ALL PRIVILEGES ON *.* TO {user}");
            execute(&admin, &grant).await.unwrap();
        }
        let rotation = SecretRotation::default();
        let password = Secret::with_rotation("first".to_owned(), &rotation);
        let database = open(config(empty.url(), &user, password)).await.unwrap();
        execute(&database, "SELECT 1").await.unwrap();

        execute(&admin, &rotate).await.unwrap();
        // Open connections stay valid until they end.
        execute(&database, "SELECT 1").await.unwrap();
        execute(&admin, &end).await.unwrap();
        let old = Secret::new("first".to_owned());
        open(config(empty.url(), &user, old)).await.unwrap_err();
        execute(&database, "SELECT 1").await.unwrap_err();

        rotation.set(Secret::new("second".to_owned()));
        let limit = Instant::now() + TIMEOUT;
        while let Err(error) = execute(&database, "SELECT 1").await {
            assert!(Instant::now() < limit, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
