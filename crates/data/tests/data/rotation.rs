//! Rotated passwords of real servers (CONF-5).

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use seaworthy_core::{Secret, SecretRotation, Timeout, new_id};
use seaworthy_data::{Connection, DataError, Database, DatabaseConfig, sql};
use seaworthy_testkit::{database::EmptyDatabase, eventually, fault::FaultProxy};

/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn execute(database: &Database, text: &str) -> Result<(), DataError> {
    let statement = sql(String::leak(text.to_owned()));
    statement.execute(database).await.map(drop)
}

fn config(url: &str, user: &str, password: Secret<String>) -> DatabaseConfig {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, server) = rest.split_once('@').unwrap();
    let mut config =
        DatabaseConfig::from_url(format!("{scheme}://{user}@{server}").parse().unwrap());
    config.password = Some(password);
    config.connect_timeout = Timeout::from_secs(5);
    config.transaction_timeout = Timeout::from_secs(120);
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
        let admin = open(DatabaseConfig::from_url(empty.url().parse().unwrap()))
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

/// The statements of one server, in which `{}` is the user.
struct Statements {
    create: &'static str,
    rotate: &'static str,
    sessions: &'static str,
    own_session: &'static str,
}

const POSTGRES: Statements = Statements {
    create: "CREATE ROLE {} LOGIN PASSWORD 'first'",
    rotate: "ALTER ROLE {} PASSWORD 'second'",
    sessions: "SELECT pid::bigint FROM pg_stat_activity WHERE usename = '{}'",
    own_session: "SELECT pg_backend_pid()::bigint",
};
const MARIADB: Statements = Statements {
    create: "CREATE USER {} IDENTIFIED BY 'first'",
    rotate: "ALTER USER {} IDENTIFIED BY 'second'",
    sessions: "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE user = '{}'",
    own_session: "SELECT CAST(CONNECTION_ID() AS SIGNED)",
};
/// Longer than the period in which a pool compares the version of its password.
const PERIOD: Duration = Duration::from_secs(6);

async fn ids(connection: &dyn Connection, text: &str) -> BTreeSet<i64> {
    let statement = sql(String::leak(text.to_owned()));
    let rows: Vec<(i64,)> = statement.fetch_all(connection).await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_with_rotated_password_drain_conf_5() {
    let servers = [
        (EmptyDatabase::postgres(), POSTGRES),
        (EmptyDatabase::mariadb(), MARIADB),
    ];
    for (empty, statements) in servers {
        let Some(empty) = empty else { continue };
        let user = format!("draining_{}", &new_id().simple().to_string()[20..]);
        let of_user = |text: &str| text.replace("{}", &user);
        let admin = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let admin = open(admin).await.unwrap();
        execute(&admin, &of_user(statements.create)).await.unwrap();
        let is_mariadb = empty.url().starts_with("mysql");
        if is_mariadb {
            let grant = format!("GRANT ALL PRIVILEGES ON *.* TO {user}");
            execute(&admin, &grant).await.unwrap();
        }
        let sessions = of_user(statements.sessions);
        let rotation = SecretRotation::default();
        let password = Secret::with_rotation("first".to_owned(), &rotation);
        let database = open(config(empty.url(), &user, password)).await.unwrap();
        let transactions = [
            database.begin().await.unwrap(),
            database.begin().await.unwrap(),
            database.begin().await.unwrap(),
        ];
        let old = ids(&admin, &sessions).await;
        assert!(old.len() >= 3, "{old:?}");
        let [held, others @ ..] = transactions;
        let in_use = ids(&held, statements.own_session).await;
        for transaction in others {
            transaction.commit().await.unwrap();
        }

        // The sessions stay until the server accepts the new password.
        rotation.set(Secret::new("second".to_owned()));
        let end = Instant::now() + PERIOD;
        while Instant::now() < end {
            execute(&database, "SELECT 1").await.unwrap();
            assert_eq!(ids(&held, statements.own_session).await, in_use);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(ids(&admin, &sessions).await.is_superset(&old));

        execute(&admin, &of_user(statements.rotate)).await.unwrap();
        let remaining = async || {
            let open = ids(&admin, &sessions).await;
            open.intersection(&old).copied().collect::<BTreeSet<_>>()
        };
        eventually(async || {
            execute(&database, "SELECT 1").await.unwrap();
            // The server ends the session of a transaction that is idle for long.
            assert_eq!(ids(&held, statements.own_session).await, in_use);
            remaining().await == in_use
        })
        .await;
        held.commit().await.unwrap();
        eventually(async || remaining().await.is_empty()).await;
        execute(&database, "SELECT 1").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_idle_pool_follows_rotation_within_server_limit_conf_5() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let user = format!("limited_{}", &new_id().simple().to_string()[20..]);
    let admin = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let admin = open(admin).await.unwrap();
    let create = format!("CREATE ROLE {user} LOGIN PASSWORD 'first' CONNECTION LIMIT 2");
    execute(&admin, &create).await.unwrap();
    let rotation = SecretRotation::default();
    let password = Secret::with_rotation("first".to_owned(), &rotation);
    let mut config = config(empty.url(), &user, password);
    config.pool.max_connections = 2.try_into().unwrap();
    config.pool.min_connections = 0;
    let database = open(config).await.unwrap();
    let both = [
        database.begin().await.unwrap(),
        database.begin().await.unwrap(),
    ];
    for transaction in both {
        transaction.commit().await.unwrap();
    }
    let sessions = POSTGRES.sessions.replace("{}", &user);
    let old = ids(&admin, &sessions).await;
    assert_eq!(old.len(), 2);
    execute(&admin, &format!("ALTER ROLE {user} PASSWORD 'second'"))
        .await
        .unwrap();
    rotation.set(Secret::new("second".to_owned()));
    eventually(async || {
        let open = ids(&admin, &sessions).await;
        !open.is_empty() && open.is_disjoint(&old)
    })
    .await;
}

/// The server rejects a rotated password while the pool has one connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_password_keeps_last_connection_conf_5() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let user = format!("rejected_{}", &new_id().simple().to_string()[20..]);
    let admin = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let admin = open(admin).await.unwrap();
    let create = POSTGRES.create.replace("{}", &user);
    execute(&admin, &create).await.unwrap();
    let proxy = FaultProxy::start(empty.server().unwrap()).await.unwrap();
    let url = empty.url_at(proxy.address());
    let rotation = SecretRotation::default();
    let password = Secret::with_rotation("first".to_owned(), &rotation);
    let mut config = config(&url, &user, password);
    config.pool.max_connections = 1.try_into().unwrap();
    config.pool.min_connections = 1;
    // Idle connections follow a rotated password within a quarter of this time.
    config.pool.idle_timeout = Timeout::from_secs(4);
    let database = open(config).await.unwrap();
    execute(&database, "SELECT 1").await.unwrap();
    let sessions = POSTGRES.sessions.replace("{}", &user);
    let old = ids(&admin, &sessions).await;
    assert_eq!(old.len(), 1);

    let before = proxy.connections();
    rotation.set(Secret::new("second".to_owned()));
    eventually(async || proxy.connections() > before).await;
    // Statements continue with the connection of the old password.
    let own = ids(&database, POSTGRES.own_session).await;
    assert_eq!(own, old);

    // The pool opens its minimum of connections again, with the backoff of a rejected password.
    eventually(async || ids(&admin, &sessions).await.is_disjoint(&old)).await;
    let (begun, closed) = (Instant::now(), proxy.connections());
    eventually(async || proxy.connections() >= closed + 2).await;
    assert!(begun.elapsed() > Duration::from_secs(3));
}
