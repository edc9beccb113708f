use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::process::{ServiceProcess, example};

/// Nothing that is waited for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A number that long runs set by a variable.
pub(crate) fn times(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |times| times.parse().unwrap())
}

/// The service of the example, its database and its broker.
pub(crate) struct Trial {
    pub(crate) database: String,
    pub(crate) broker: String,
}

impl Trial {
    /// Starts it; it makes changes until there are `changes` in all.
    pub(crate) fn start(&self, changes: u32, more: &[String]) -> ServiceProcess {
        let mut settings = vec![
            format!("database.url={}", self.database),
            "database.migrate_at_start=true".to_owned(),
            format!("broker.url={}", self.broker),
            format!("changes={changes}"),
            "lifecycle.drain_delay=0s".to_owned(),
            // The claims of one that was killed end soon.
            "outbox.relay.claim=1s".to_owned(),
            "outbox.relay.relays=3".to_owned(),
            "outbox.relay.batch=20".to_owned(),
        ];
        settings.extend_from_slice(more);
        let arguments: Vec<&str> = settings
            .iter()
            .flat_map(|setting| ["--set", setting])
            .collect();
        ServiceProcess::start(&example("outbox_trial"), &arguments, &[]).unwrap()
    }

    async fn open(&self) -> Database {
        let mut config = DatabaseConfig::at(self.database.parse().unwrap());
        // The changes of a long run.
        config.maximum_rows = NonZeroU32::MAX;
        Database::builder("test", config).open().await.unwrap()
    }

    /// How many changes there are.
    pub(crate) async fn made(&self) -> u32 {
        let database = self.open().await;
        let made = sql("SELECT COUNT(*) FROM changes").fetch_one(&database);
        let (made,): (i64,) = made.await.unwrap();
        u32::try_from(made).unwrap()
    }

    /// Waits until as many changes have had an effect, however often.
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
            assert!(
                begun.elapsed() < PATIENCE,
                "{effects} of {expected} effects"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the last process when all changes have had their effect, and finds that each had one, in the order of its key, and that no row is left.
    pub(crate) async fn is_whole(&self, process: ServiceProcess, changes: u32) {
        self.has_effects(changes).await;
        process.signal(Signal::TERM).unwrap();
        assert_eq!(process.ended().unwrap().status.code(), Some(0));

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
        assert!(left.is_empty(), "{} rows are stranded", left.len());
    }
}

async fn numbers(database: &Database, statement: &'static str) -> Vec<i64> {
    let rows: Vec<(i64,)> = sql(statement).fetch_all(database).await.unwrap();
    rows.into_iter().map(|(number,)| number).collect()
}
