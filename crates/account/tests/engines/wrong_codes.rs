//! An attacker with the password cannot guess codes, and does not lock the owner out.

use std::{num::NonZeroU32, time::Duration};

use futures::future::join_all;
use http::{HeaderMap, header::COOKIE};
use seaworthy_account::{
    DeviceCookies, KnownDevice, Lockout, LockoutConfig, SecondFactorConfig, SecondFactors,
};
use seaworthy_core::{Code, Error, Secret, Timeout};
use seaworthy_crypto::Sealer;
use seaworthy_data::sql;
use seaworthy_http::cookie::HostCookie;

use crate::{
    second_factors::{confirm, keyring, shown},
    test_database::TestDatabase,
};

const USER: &str = "user-7";
/// Longer than a test takes on a slow machine.
const WAIT: Timeout = Timeout::from_secs(600);
const WRONG: &str = "no code";

fn factors_with_long_wait(test: &TestDatabase) -> SecondFactors {
    let mut config = SecondFactorConfig::default();
    assert_eq!(config.wrong_codes.max_failures, NonZeroU32::new(5).unwrap());
    config.wrong_codes.initial_backoff = WAIT;
    SecondFactors::new(
        test.database.clone(),
        Sealer::new(keyring()),
        "City Events",
        config,
    )
}

/// Enrols a user. Returns the secret and the recovery codes.
async fn enrolled(test: &TestDatabase, factors: &SecondFactors) -> (String, Vec<String>) {
    let enrollment = factors.enroll(USER, "ada").await.unwrap().unwrap();
    let secret = enrollment.secret.expose().clone();
    let recovery = confirm(test, factors, USER, &shown(&secret, 0)).await;
    (secret, recovery.unwrap())
}

fn wait_of(answer: Result<bool, Error>) -> Duration {
    let error = answer.unwrap_err();
    assert_eq!(error.code(), Code::Exhausted);
    assert_eq!(error.reason(), "TOO_MANY_ATTEMPTS");
    error.retry_after().unwrap()
}

async fn end_wait(test: &TestDatabase) {
    sql("UPDATE account_failures SET locked_until_us = 0")
        .execute(&test.database)
        .await
        .unwrap();
}

pub(crate) async fn password_does_not_reset_wrong_codes_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    let (secret, recovery) = enrolled(&test, &factors).await;
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    let mut compared = 0;
    for round in 0..10 {
        // A correct password resets the count of failed logins, but not that of wrong codes.
        for account in ["ada@example.org", USER] {
            let attempt = lockout.attempt(account, None).await.unwrap();
            lockout.record_success(attempt).await.unwrap();
        }
        lockout.reset(&test.database, USER).await.unwrap();
        for guess in 0..4 {
            match factors.verify(USER, WRONG).await {
                Ok(taken) => {
                    assert!(!taken);
                    compared += 1;
                }
                refused => assert!(wait_of(refused) <= WAIT.get(), "{round} {guess}"),
            }
        }
    }
    assert_eq!(compared, 5);
    // A correct code of the application has to wait too.
    wait_of(factors.verify(USER, &shown(&secret, 1)).await);
    end_wait(&test).await;
    assert!(factors.verify(USER, &shown(&secret, 1)).await.unwrap());
    assert!(factors.verify(USER, &recovery[0]).await.unwrap());
}

/// Returns a device on which the user has logged in.
fn known_device(user: &str) -> KnownDevice {
    let secret = Secret::new("a secret of the tests that is long enough".to_owned());
    let cookie = HostCookie::insecure("device");
    let devices = DeviceCookies::new(cookie, &secret, Duration::from_secs(60)).unwrap();
    let set = devices.set(user, 0).unwrap();
    let pair = set.to_str().unwrap().split(';').next().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, pair.parse().unwrap());
    let claim = devices.read(&headers).unwrap();
    claim.confirm(user, 0).unwrap()
}

/// Tries wrong codes until the user has to wait, like an attacker with the password.
async fn lock(factors: &SecondFactors) {
    for _ in 0..5 {
        assert!(!factors.verify(USER, WRONG).await.unwrap());
    }
    wait_of(factors.verify(USER, WRONG).await);
}

pub(crate) async fn known_device_verifies_codes_while_the_user_is_locked_auth_4(
    test: TestDatabase,
) {
    let factors = factors_with_long_wait(&test);
    let (secret, _) = enrolled(&test, &factors).await;
    lock(&factors).await;
    let device = known_device(USER);
    let code = shown(&secret, 1);
    assert!(factors.verify_from(&device, &code).await.unwrap());
    // The attacker gains nothing by the owner's login.
    wait_of(factors.verify(USER, WRONG).await);

    let other = known_device("user-8");
    assert!(
        !factors
            .verify_from(&other, &shown(&secret, 1))
            .await
            .unwrap()
    );
}

pub(crate) async fn recovery_code_verifies_while_the_user_is_locked_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    let (_, recovery) = enrolled(&test, &factors).await;
    lock(&factors).await;
    for _ in 0..20 {
        let wrong = "AAAA-AAAA-AAAA-AAAA";
        assert!(!factors.verify(USER, wrong).await.unwrap());
    }
    assert!(factors.verify(USER, &recovery[0]).await.unwrap());
    assert!(
        !factors.verify(USER, &recovery[0]).await.unwrap(),
        "it was used"
    );
}

pub(crate) async fn known_device_has_its_own_limit_for_wrong_codes_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    let (secret, _) = enrolled(&test, &factors).await;
    let stolen = known_device(USER);
    for _ in 0..5 {
        assert!(!factors.verify_from(&stolen, WRONG).await.unwrap());
    }
    wait_of(factors.verify_from(&stolen, &shown(&secret, 1)).await);
    // Time does not end the count, and neither does the worker that deletes failed logins.
    sql("UPDATE account_failures SET failed_us = failed_us - 31536000000000, locked_until_us = 0")
        .execute(&test.database)
        .await
        .unwrap();
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    lockout.purge().await.unwrap();
    assert!(!factors.verify_from(&stolen, WRONG).await.unwrap());
    assert!(wait_of(factors.verify_from(&stolen, WRONG).await) > WAIT.get());
    // Another known device and the unknown devices of the user have separate limits.
    assert!(
        !factors
            .verify_from(&known_device(USER), WRONG)
            .await
            .unwrap()
    );
    assert!(factors.verify(USER, &shown(&secret, 1)).await.unwrap());
}

pub(crate) async fn concurrent_codes_count_like_sequential_ones_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    enrolled(&test, &factors).await;
    let answers = join_all((0..30).map(|_| factors.verify(USER, WRONG))).await;
    let compared = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(compared, 5);
    for refused in answers.into_iter().filter(Result::is_err) {
        wait_of(refused);
    }
}

pub(crate) async fn only_a_right_code_ends_the_count_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    let (secret, recovery) = enrolled(&test, &factors).await;
    for right in [recovery[0].clone(), shown(&secret, 1)] {
        for _ in 0..4 {
            assert!(!factors.verify(USER, WRONG).await.unwrap());
        }
        assert!(factors.verify(USER, &right).await.unwrap());
    }
    for _ in 0..5 {
        assert!(!factors.verify(USER, WRONG).await.unwrap());
    }
    wait_of(factors.verify(USER, WRONG).await);
    // Neither time nor the purge ends the count: the next wait is twice as long.
    sql("UPDATE account_failures SET failed_us = 0, locked_until_us = 0")
        .execute(&test.database)
        .await
        .unwrap();
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    while lockout.purge().await.unwrap() {}
    assert!(!factors.verify(USER, WRONG).await.unwrap());
    assert!(wait_of(factors.verify(USER, WRONG).await) > WAIT.get());
}

pub(crate) async fn enrollment_codes_are_limited_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    factors.enroll(USER, "ada").await.unwrap().unwrap();
    for _ in 0..5 {
        assert!(
            factors
                .verify_enrollment(USER, WRONG)
                .await
                .unwrap()
                .is_none()
        );
    }
    let refused = factors.verify_enrollment(USER, WRONG).await;
    wait_of(refused.map(|codes| codes.is_some()));
    // A new enrollment has a new count.
    factors.remove(&test.database, USER).await.unwrap();
    enrolled(&test, &factors).await;
}

pub(crate) async fn code_is_not_compared_if_it_cannot_be_counted_auth_4(test: TestDatabase) {
    async fn last_step(test: &TestDatabase) -> i64 {
        let (step,): (i64,) = sql("SELECT last_step FROM account_second_factors")
            .fetch_one(&test.database)
            .await
            .unwrap();
        step
    }
    let factors = factors_with_long_wait(&test);
    let (secret, _) = enrolled(&test, &factors).await;
    let before = last_step(&test).await;
    sql("DROP TABLE account_failures")
        .execute(&test.database)
        .await
        .unwrap();
    assert!(factors.verify(USER, &shown(&secret, 1)).await.is_err());
    assert_eq!(last_step(&test).await, before, "the code was consumed");
}

pub(crate) async fn reset_ends_the_wait_after_wrong_codes_auth_4(test: TestDatabase) {
    let factors = factors_with_long_wait(&test);
    let (secret, _) = enrolled(&test, &factors).await;
    for _ in 0..5 {
        assert!(!factors.verify(USER, WRONG).await.unwrap());
    }
    wait_of(factors.verify(USER, WRONG).await);
    assert!(factors.reset(&test.database, USER).await.unwrap());
    assert!(!factors.reset(&test.database, USER).await.unwrap());
    assert!(factors.verify(USER, &shown(&secret, 1)).await.unwrap());
}
