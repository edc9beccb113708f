//! Codes are guessed no faster by who knows the password.

use std::{num::NonZeroU32, time::Duration};

use futures::future::join_all;
use seaworthy_account::{Lockout, LockoutConfig, SecondFactorConfig, SecondFactors};
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_crypto::Sealer;
use seaworthy_data::sql;

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
    assert_eq!(config.wrong_codes.free, NonZeroU32::new(5).unwrap());
    config.wrong_codes.pause = PAUSE;
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
            lockout.succeeded(attempt).await.unwrap();
        }
        lockout.forgive(&place.database, USER).await.unwrap();
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
    // Nobody is let in meanwhile, by what is right neither.
    waits(factors.verify(USER, &shown(&secret, 1)).await);
    waits(factors.verify(USER, &recovery[0]).await);
    the_pause_passes(&place).await;
    assert!(factors.verify(USER, &recovery[0]).await.unwrap());
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
    lockout.purge().await.unwrap();
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
    let factors = patient(&place);
    let (_, recovery) = enrolled(&place, &factors).await;
    sql("DROP TABLE account_failures")
        .execute(&place.database)
        .await
        .unwrap();
    assert!(factors.verify(USER, &recovery[0]).await.is_err());
    let left: Vec<(Vec<u8>,)> = sql("SELECT code_hash FROM account_recovery_codes")
        .fetch_all(&place.database)
        .await
        .unwrap();
    assert_eq!(left.len(), recovery.len());
}
