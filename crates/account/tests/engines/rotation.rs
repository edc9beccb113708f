//! Rotates the keys of second factors with the command `encryption`.

use seaworthy_account::{SecondFactorConfig, SecondFactors};
use seaworthy_core::Secret;
use seaworthy_crypto::{KeyId, Keyring, Sealer, key_from_text};
use seaworthy_testkit::process::{ProcessOutput, ServiceProcess, example};

use crate::{
    second_factors::{confirm, shown},
    test_database::TestDatabase,
};

/// User IDs whose order depends on the collation, and whose text needs escapes.
const USERS: [&str; 4] = ["0", "A", "Ünï 'x'", "a"];

fn named(name: &str) -> KeyId {
    KeyId::new(name).unwrap()
}

/// The command of the service, with the keys that its settings name.
fn run(test: &TestDatabase, subcommand: &str, keys: &[(&str, &str)]) -> ProcessOutput {
    let database = format!("database.url={}", test.url());
    let mut arguments = vec!["encryption", subcommand, "--set", &database];
    let settings: Vec<String> = keys
        .iter()
        .map(|(name, _)| format!("{}=env:{name}", name.to_lowercase()))
        .collect();
    for setting in &settings {
        arguments.extend(["--set", setting]);
    }
    let process = ServiceProcess::spawn(&example("account_trial"), &arguments, keys);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    ended
}

fn new_key(test: &TestDatabase) -> Secret<String> {
    Secret::new(run(test, "new-key", &[]).stdout.concat())
}

fn with(test: &TestDatabase, keyring: &Keyring) -> SecondFactors {
    SecondFactors::new(
        test.database.clone(),
        Sealer::new(keyring.clone()),
        "City Events",
        SecondFactorConfig::default(),
    )
}

pub(crate) async fn codes_verify_after_a_key_rotation_sec_5(test: TestDatabase) {
    let [old, new] = [(); 2].map(|()| new_key(&test));
    let keyring = Keyring::new(named("old"), &key_from_text(&old).unwrap()).unwrap();
    let factors = with(&test, &keyring);
    let mut secrets = Vec::new();
    for user in USERS {
        let enrollment = factors.enroll(user, "ada").await.unwrap().unwrap();
        let secret = enrollment.secret.expose().clone();
        let code = shown(&secret, 0);
        let recovery = confirm(&test, &factors, user, &code).await.unwrap();
        secrets.push((user, secret, recovery));
    }
    let begun = factors.enroll("begun", "bob").await.unwrap().unwrap();

    keyring
        .add(named("new"), &key_from_text(&new).unwrap())
        .unwrap();
    keyring.activate(&named("new")).unwrap();
    let keys = [
        ("NEW", new.expose().as_str()),
        ("OLD", old.expose().as_str()),
    ];
    let done = run(&test, "rewrap", &keys);
    assert_eq!(
        done.stdout,
        ["account_second_factors.secret: 5 of 5 changed"]
    );
    // A second run has nothing to do and does not need the old key.
    let again = run(&test, "rewrap", &keys[..1]);
    assert_eq!(
        again.stdout,
        ["account_second_factors.secret: 0 of 5 changed"]
    );

    keyring.remove(&named("old")).unwrap();
    let factors = with(&test, &keyring);
    for (user, secret, recovery) in secrets {
        assert!(factors.verify(user, &shown(&secret, 1)).await.unwrap());
        assert!(factors.verify(user, &recovery[0]).await.unwrap());
    }
    let code = shown(begun.secret.expose(), 0);
    assert!(confirm(&test, &factors, "begun", &code).await.is_some());
}

pub(crate) async fn missing_key_is_an_error_and_not_a_wrong_code_sec_5(test: TestDatabase) {
    let old = Keyring::new(named("old"), &Secret::new([1; 32])).unwrap();
    let before = with(&test, &old);
    let enrollment = before.enroll("ada", "ada").await.unwrap().unwrap();
    let code = shown(enrollment.secret.expose(), 0);
    confirm(&test, &before, "ada", &code).await.unwrap();
    let next = shown(enrollment.secret.expose(), 1);
    let new = Keyring::new(named("new"), &Secret::new([2; 32])).unwrap();
    let without = with(&test, &new);
    for _ in 0..10 {
        let error = without.verify("ada", &next).await.unwrap_err();
        assert_ne!(
            error.reason(),
            "TOO_MANY_ATTEMPTS",
            "a failed decryption must not count as a wrong code"
        );
    }
    assert!(before.verify("ada", &next).await.unwrap());
}
