//! Codes are guessed no faster by who knows the password.

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
    place::Place,
    second_factors::{confirm, keyring, shown},
};

const USER: &str = "user-7";
/// Longer than a test takes on the slowest machine.
const PAUSE: Timeout = Timeout::from_secs(600);
const WRONG: &str = "no code";

fn patient(place: &Place) -> SecondFactors {
    let mut config = SecondFactorConfig::default();
    assert_eq!(config.wrong_codes.max_failures, NonZeroU32::new(5).unwrap());
    config.wrong_codes.initial_backoff = PAUSE;
    SecondFactors::new(
        place.database.clone(),
        Sealer::new(keyring()),
        "City Events",
        config,
    )
}

/// A user with a second factor: its secret and the recovery codes.
async fn enrolled(place: &Place, factors: &SecondFactors) -> (String, Vec<String>) {
    let enrolment = factors.enrol(USER, "ada").await.unwrap().unwrap();
    let secret = enrolment.secret.expose().clone();
    let recovery = confirm(place, factors, USER, &shown(&secret, 0)).await;
    (secret, recovery.unwrap())
}

fn waits(answer: Result<bool, Error>) -> Duration {
    let error = answer.unwrap_err();
    assert_eq!(error.code(), Code::Exhausted);
    assert_eq!(error.reason(), "TOO_MANY_ATTEMPTS");
    error.retry_after().unwrap()
}

async fn the_pause_passes(place: &Place) {
    sql("UPDATE account_failures SET locked_until_us = 0")
        .execute(&place.database)
        .await
        .unwrap();
}

pub(crate) async fn a_code_is_guessed_no_faster_by_who_knows_the_password_auth_4(place: Place) {
    let factors = patient(&place);
    let (secret, recovery) = enrolled(&place, &factors).await;
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    let mut looked_at = 0;
    for round in 0..10 {
        // The password is right each time, and its count ends; also that of an account which is named as the user is.
        for account in ["ada@example.org", USER] {
            let attempt = lockout.attempt(account, None).await.unwrap();
            lockout.record_success(attempt).await.unwrap();
        }
        lockout.reset(&place.database, USER).await.unwrap();
        for guess in 0..4 {
            match factors.verify(USER, WRONG).await {
                Ok(taken) => {
                    assert!(!taken);
                    looked_at += 1;
                }
                refused => assert!(waits(refused) <= PAUSE.get(), "{round} {guess}"),
            }
        }
    }
    assert_eq!(looked_at, 5);
    // A right code of the application has to wait too.
    waits(factors.verify(USER, &shown(&secret, 1)).await);
    the_pause_passes(&place).await;
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
    waits(factors.verify(USER, WRONG).await);
}

pub(crate) async fn known_device_verifies_codes_while_the_user_is_locked_auth_4(place: Place) {
    let factors = patient(&place);
    let (secret, _) = enrolled(&place, &factors).await;
    lock(&factors).await;
    let device = known_device(USER);
    let code = shown(&secret, 1);
    assert!(factors.verify_from(&device, &code).await.unwrap());
    // The attacker gains nothing by the owner's login.
    waits(factors.verify(USER, WRONG).await);

    let other = known_device("user-8");
    assert!(
        !factors
            .verify_from(&other, &shown(&secret, 1))
            .await
            .unwrap()
    );
}

pub(crate) async fn recovery_code_verifies_while_the_user_is_locked_auth_4(place: Place) {
    let factors = patient(&place);
    let (_, recovery) = enrolled(&place, &factors).await;
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

pub(crate) async fn known_device_has_its_own_limit_for_wrong_codes_auth_4(place: Place) {
    let factors = patient(&place);
    let (secret, _) = enrolled(&place, &factors).await;
    let stolen = known_device(USER);
    for _ in 0..5 {
        assert!(!factors.verify_from(&stolen, WRONG).await.unwrap());
    }
    waits(factors.verify_from(&stolen, &shown(&secret, 1)).await);
    // Time does not end the count, and neither does the worker that deletes failed passwords.
    sql("UPDATE account_failures SET failed_us = failed_us - 31536000000000, locked_until_us = 0")
        .execute(&place.database)
        .await
        .unwrap();
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    lockout.purge().await.unwrap();
    assert!(!factors.verify_from(&stolen, WRONG).await.unwrap());
    assert!(waits(factors.verify_from(&stolen, WRONG).await) > PAUSE.get());
    // Another device of the user and the user's unknown devices have limits of their own.
    assert!(
        !factors
            .verify_from(&known_device(USER), WRONG)
            .await
            .unwrap()
    );
    assert!(factors.verify(USER, &shown(&secret, 1)).await.unwrap());
}

pub(crate) async fn guesses_at_once_are_counted_like_one_after_the_other_auth_4(place: Place) {
    let factors = patient(&place);
    enrolled(&place, &factors).await;
    let answers = join_all((0..30).map(|_| factors.verify(USER, WRONG))).await;
    let looked_at = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(looked_at, 5);
    for refused in answers.into_iter().filter(Result::is_err) {
        waits(refused);
    }
}

pub(crate) async fn a_right_code_alone_ends_the_count_of_wrong_ones_auth_4(place: Place) {
    let factors = patient(&place);
    let (secret, recovery) = enrolled(&place, &factors).await;
    for right in [recovery[0].clone(), shown(&secret, 1)] {
        for _ in 0..4 {
            assert!(!factors.verify(USER, WRONG).await.unwrap());
        }
        assert!(factors.verify(USER, &right).await.unwrap());
    }
    for _ in 0..5 {
        assert!(!factors.verify(USER, WRONG).await.unwrap());
    }
    waits(factors.verify(USER, WRONG).await);
    // Neither time nor what forgets passwords forgives: the next wait is twice as long.
    sql("UPDATE account_failures SET failed_us = 0, locked_until_us = 0")
        .execute(&place.database)
        .await
        .unwrap();
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    while lockout.purge().await.unwrap() {}
    assert!(!factors.verify(USER, WRONG).await.unwrap());
    assert!(waits(factors.verify(USER, WRONG).await) > PAUSE.get());
}

pub(crate) async fn a_secret_is_not_confirmed_by_guessing_auth_4(place: Place) {
    let factors = patient(&place);
    factors.enrol(USER, "ada").await.unwrap().unwrap();
    for _ in 0..5 {
        assert!(factors.prove(USER, WRONG).await.unwrap().is_none());
    }
    let refused = factors.prove(USER, WRONG).await;
    waits(refused.map(|codes| codes.is_some()));
    // What is set up anew begins anew.
    factors.remove(&place.database, USER).await.unwrap();
    enrolled(&place, &factors).await;
}

pub(crate) async fn a_code_that_cannot_be_counted_is_not_looked_at_auth_4(place: Place) {
    async fn last_step(place: &Place) -> i64 {
        let (step,): (i64,) = sql("SELECT last_step FROM account_second_factors")
            .fetch_one(&place.database)
            .await
            .unwrap();
        step
    }
    let factors = patient(&place);
    let (secret, _) = enrolled(&place, &factors).await;
    let before = last_step(&place).await;
    sql("DROP TABLE account_failures")
        .execute(&place.database)
        .await
        .unwrap();
    assert!(factors.verify(USER, &shown(&secret, 1)).await.is_err());
    assert_eq!(last_step(&place).await, before, "the code was used up");
}
