use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use seaworthy_core::Timeout;
use seaworthy_data::{DataError, Database, DatabaseLeases, LEASE_MIGRATIONS, Migrator};
use seaworthy_service::lease::{Lease, LeaseConfig, conformance};
use tokio::time::sleep;

use crate::test_database::{TestDatabase, add, ids};

async fn migrated(test_database: &TestDatabase) -> Database {
    migrate(test_database.open().await).await
}

async fn migrate(database: Database) -> Database {
    let migrator = Migrator::new(&database, &[LEASE_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    database
}

pub(crate) async fn lease_has_one_holder_and_growing_token_work_2(test_database: TestDatabase) {
    let leases = Arc::new(DatabaseLeases::new(migrated(&test_database).await));
    conformance::check(leases).await.unwrap();
}

pub(crate) async fn lease_outlives_a_long_transaction_of_its_holder_work_2(
    test_database: TestDatabase,
) {
    let config = seaworthy_testkit::with_long_timeouts!(test_database.config());
    let database = migrate(test_database.open_with(config).await).await;
    // A renewal on a busy machine may take half of the duration.
    let config = LeaseConfig {
        duration: Timeout::from_secs(9),
        poll_interval: Timeout::from_millis(20),
    };
    let lease_of = |database: &Database| {
        let leases = Arc::new(DatabaseLeases::new(database.clone()));
        Lease::new(leases, "report", config.clone())
    };
    let mine = lease_of(&database);
    let mut grant = mine.try_acquire().await.unwrap().unwrap();
    // A standby in another process has its own connections.
    let standby = lease_of(&migrated(&test_database).await);
    let taken = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&taken);
    let waiting = tokio::spawn(async move {
        standby.acquire().await;
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let work = database.transaction(|tx| async move {
        add(&tx, 1).await;
        sleep(Duration::from_millis(13_500)).await;
        add(&tx, 2).await;
        Ok::<_, DataError>(())
    });
    grant.run(work).await.unwrap().unwrap();
    assert_eq!(taken.load(Ordering::SeqCst), 0, "a standby ran meanwhile");
    assert_eq!(ids(&database).await, [1, 2]);
    grant.release().await;
    // Nothing renews a lease that was released.
    waiting.await.unwrap();
}
