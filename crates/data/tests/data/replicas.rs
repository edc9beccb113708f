//! Reads on weighted replicas. The replicas of these tests are databases of their own, so that each
//! read shows who served it.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use seaworthy_data::{Database, DatabaseConfig, Engine, ReplicaConfig, sql};
use seaworthy_testkit::{
    database::EmptyDatabase,
    fault::{Disruption, Fault, FaultProxy},
};

use crate::test_database::{TestDatabase, test_database};

/// Far longer than the interval of probes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Creates an empty database of the same engine.
async fn another(engine: Engine) -> TestDatabase {
    let empty = match engine {
        Engine::Postgres => EmptyDatabase::postgres(),
        Engine::MySql => EmptyDatabase::mariadb(),
        Engine::Sqlite => EmptyDatabase::sqlite(),
    };
    test_database(empty.unwrap()).await
}

/// Makes a database say its name.
async fn named(database: &TestDatabase, name: &'static str) {
    let database = database.open().await;
    sql("CREATE TABLE server (name VARCHAR(20) NOT NULL)")
        .execute(&database)
        .await
        .unwrap();
    sql("INSERT INTO server (name) VALUES (?)")
        .bind(name)
        .execute(&database)
        .await
        .unwrap();
}

/// Returns how many of the reads each server served.
async fn reads(database: &Database, count: u32) -> BTreeMap<String, u32> {
    let mut served = BTreeMap::new();
    for _ in 0..count {
        let (name,): (String,) = sql("SELECT name FROM server")
            .on_replica()
            .fetch_one(database)
            .await
            .unwrap();
        *served.entry(name).or_default() += 1;
    }
    served
}

fn of(all: &[(&str, u32)]) -> BTreeMap<String, u32> {
    let all = all.iter();
    all.map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

fn replica(config: DatabaseConfig, weight: u32) -> ReplicaConfig {
    ReplicaConfig {
        url: config.url,
        weight: NonZeroU32::new(weight).unwrap(),
    }
}

pub(crate) async fn reads_are_shared_by_weight_data_1(primary: TestDatabase) {
    let mut config = primary.config();
    let (light, heavy) = (
        another(config.url.engine()).await,
        another(config.url.engine()).await,
    );
    for (database, name) in [(&primary, "primary"), (&light, "light"), (&heavy, "heavy")] {
        named(database, name).await;
    }
    config.replicas = vec![replica(light.config(), 1), replica(heavy.config(), 3)];
    let database = primary.open_with(config).await;
    assert_eq!(
        reads(&database, 400).await,
        of(&[("light", 100), ("heavy", 300)])
    );
    // The turns are spread: no window of four reads has another share.
    for _ in 0..5 {
        assert_eq!(reads(&database, 4).await, of(&[("light", 1), ("heavy", 3)]));
    }
    // Reads of a transaction, and those that do not ask for a replica, are the primary's.
    let read = || sql("SELECT name FROM server");
    let (name,): (String,) = read().fetch_one(&database).await.unwrap();
    assert_eq!(name, "primary");
    let tx = database.begin().await.unwrap();
    let (name,): (String,) = read().on_replica().fetch_one(&tx).await.unwrap();
    assert_eq!(name, "primary");
    tx.rollback().await.unwrap();
}

pub(crate) async fn replica_that_is_away_gets_no_reads_data_1(primary: TestDatabase) {
    let mut config = primary.config();
    if config.url.engine() == Engine::Sqlite {
        return;
    }
    let (near, far) = (
        another(config.url.engine()).await,
        another(config.url.engine()).await,
    );
    for (database, name) in [(&primary, "primary"), (&near, "near"), (&far, "far")] {
        named(database, name).await;
    }
    let proxy = FaultProxy::start(far.server().unwrap()).await.unwrap();
    let far = far.config_at(proxy.address());
    config.replicas = vec![replica(near.config(), 1), replica(far, 1)];
    let database = primary.open_with(config).await;
    assert_eq!(reads(&database, 10).await, of(&[("near", 5), ("far", 5)]));

    proxy.set(Fault::of(Disruption::Down));
    // The first read that fails moves to the other replica. No read fails.
    assert_eq!(reads(&database, 40).await, of(&[("near", 40)]));
    // Only probes connect, once a second.
    let before = proxy.connections();
    assert_eq!(reads(&database, 200).await, of(&[("near", 200)]));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(reads(&database, 200).await, of(&[("near", 200)]));
    let probes = proxy.connections() - before;
    assert!((1..=20).contains(&probes), "{probes} connections");

    proxy.heal();
    let returned = async {
        while !reads(&database, 2).await.contains_key("far") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, returned).await.unwrap();
    assert_eq!(reads(&database, 10).await, of(&[("near", 5), ("far", 5)]));
}

pub(crate) async fn primary_serves_reads_while_all_replicas_fail_data_1(primary: TestDatabase) {
    let mut config = primary.config();
    let gone = match config.url.engine() {
        Engine::Sqlite => "sqlite:/proc/nowhere/replica.db".to_owned(),
        engine => format!("{}://missing:x@127.0.0.1:1/gone", engine.name()),
    };
    let gone = ReplicaConfig::from_url(gone.parse().unwrap());
    config.replicas = vec![gone.clone(), gone];
    if config.url.engine() == Engine::Sqlite {
        let opened = Database::builder("test", config).open().await;
        assert!(
            opened.is_err(),
            "a folder that cannot be created is an error at once"
        );
        return;
    }
    named(&primary, "primary").await;
    let database = primary.open_with(config).await;
    assert_eq!(reads(&database, 20).await, of(&[("primary", 20)]));
}
