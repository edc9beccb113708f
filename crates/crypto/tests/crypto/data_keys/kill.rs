use std::collections::BTreeSet;

use rustix::process::Signal;
use seaworthy_core::Secret;
use seaworthy_crypto::{DataKeys, DataKeysConfig, Derivation, Root, Sealer, SeedConfig};
use seaworthy_testkit::process::{ServiceProcess, example};

use super::test_database::{TestDatabase, config};

/// More than two pages of the command.
const NOTES: usize = 1_400;
const SEED: &str = "kms.seed=a seed with thirty-two bytes or more";
const SALT: &str = "kms.salt=0123456789abcdef";

fn root() -> Root {
    let value = |setting: &str| Some(Secret::new(setting.split_once('=').unwrap().1.to_owned()));
    let seed = SeedConfig {
        seed: value(SEED),
        salt: value(SALT),
        derivation: Some(Derivation::Pbkdf2),
        ..SeedConfig::default()
    };
    Root::from_seed(&seed, None).unwrap()
}

fn start(test: &TestDatabase) -> ServiceProcess {
    let database = format!("database.url={}", test.empty.url());
    let settings = [database.as_str(), SEED, SALT, "kms.derivation=pbkdf2"];
    let arguments: Vec<&str> = ["encryption", "rewrap"]
        .into_iter()
        .chain(settings.iter().flat_map(|setting| ["--set", setting]))
        .collect();
    ServiceProcess::spawn(&example("data_keys_trial"), &arguments, &[]).unwrap()
}

pub(crate) async fn killed_rewrap_loses_nothing_sec_5(test: TestDatabase) {
    let open = async |config: &DataKeysConfig| {
        let keys = DataKeys::open(&test.database, root(), config).await;
        keys.unwrap()
    };
    let keys = open(&config()).await;
    let sealer = Sealer::new(keys.clone());
    test.fill(&sealer, NOTES).await;
    keys.rotate().await.unwrap();

    let mut process = start(&test);
    process
        .error_line("notes.body: 500 of 500 changed")
        .unwrap();
    process.signal(Signal::KILL).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(!ended.status.success(), "{ended:?}");
    let used: BTreeSet<_> = test.opens(&sealer, NOTES).await.into_iter().collect();
    assert_eq!(used.len(), 2, "the run was killed in the middle");

    let ended = start(&test).wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let restarted = Sealer::new(open(&config()).await);
    let used: BTreeSet<_> = test.opens(&restarted, NOTES).await.into_iter().collect();
    assert_eq!(used.len(), 1);
}
