use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::process::{ServiceProcess, example};

/// Longer than any awaited event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Returns a number that long runs set by a variable.
pub(crate) fn times(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |times| times.parse().unwrap())
}

/// The service of the example, its database and its broker.
pub(crate) struct Trial {
    pub(crate) database: String,
    pub(crate) broker: String,
}

impl Trial {
    /// Starts a process with short claims and small batches. It makes changes until there are
    /// `changes`.
    pub(crate) fn start(&self, changes: u32, settings: &[String]) -> ServiceProcess {
        let mut all = vec![
            "outbox.relay.claim_ttl=1s".to_owned(),
            "outbox.relay.concurrency=3".to_owned(),
            "outbox.relay.batch_size=20".to_owned(),
        ];
        all.extend_from_slice(settings);
        self.start_with_defaults(changes, &all)
    }

    /// Starts a process with the default settings of relays.
    pub(crate) fn start_with_defaults(&self, changes: u32, settings: &[String]) -> ServiceProcess {
        let mut all = vec![
            format!("database.url={}", self.database),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url={}", self.broker),
            format!("changes={changes}"),
            "lifecycle.drain_delay=0s".to_owned(),
        ];
        all.extend_from_slice(settings);
        let arguments: Vec<&str> = all.iter().flat_map(|setting| ["--set", setting]).collect();
        ServiceProcess::start(&example("outbox_trial"), &arguments, &[]).unwrap()
    }

    async fn open(&self) -> Database {
        let mut config = DatabaseConfig::from_url(self.database.parse().unwrap());
        // A long run has many changes.
        config.max_rows = NonZeroU32::MAX;
        Database::builder("test", config).open().await.unwrap()
    }

    /// The number of changes.
    pub(crate) async fn changes(&self) -> u32 {
        let database = self.open().await;
        let changes = sql("SELECT COUNT(*) FROM changes").fetch_one(&database);
        let (changes,): (i64,) = changes.await.unwrap();
        u32::try_from(changes).unwrap()
    }

    /// Waits until there are as many effects as `changes`, duplicates included.
    pub(crate) async fn has_effects(&self, changes: u32) {
        let database = self.open().await;
        let begun = Instant::now();
        let expected = i64::from(changes);
        loop {
            let effects = sql("SELECT COUNT(*) FROM effects").fetch_one(&database);
            let (effects,): (i64,) = effects.await.unwrap();
            if effects >= expected {
                return;
            }
            assert!(begun.elapsed() < TIMEOUT, "{effects} of {expected} effects");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the last process after all changes have had their effect. Checks that each change had
    /// one effect, in the order of its key, and that the outbox is empty.
    pub(crate) async fn is_whole(&self, process: ServiceProcess, changes: u32) {
        self.has_effects(changes).await;
        process.signal(Signal::TERM).unwrap();
        assert_eq!(process.wait_with_output().unwrap().status.code(), Some(0));

        let database = self.open().await;
        let changes = numbers(&database, "SELECT number FROM changes ORDER BY number").await;
        let effects = numbers(&database, "SELECT number FROM effects ORDER BY sequence").await;
        let mut sorted = effects.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, changes, "each change has one effect");
        let mut by_key: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for number in effects {
            by_key.entry(number % 4).or_default().push(number);
        }
        for (key, numbers) in by_key {
            let late = numbers.windows(2).find(|pair| !pair.is_sorted());
            assert_eq!(late, None, "the order of key {key}");
        }
        let left = numbers(&database, "SELECT sequence FROM outbox").await;
        assert!(left.is_empty(), "{} rows are left", left.len());
    }
}

async fn numbers(database: &Database, statement: &'static str) -> Vec<i64> {
    let rows: Vec<(i64,)> = sql(statement).fetch_all(database).await.unwrap();
    rows.into_iter().map(|(number,)| number).collect()
}
