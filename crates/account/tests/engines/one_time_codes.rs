use std::num::NonZeroU32;

use futures::future::join_all;
use seaworthy_account::{
    CodeKey, ONE_TIME_CODE_MIGRATIONS, OneTimeCodeError, OneTimeCodes, OneTimeCodesConfig,
};
use seaworthy_core::{Code, Error, Secret};
use seaworthy_data::{Database, Migrator, sql};

use crate::test_database::TestDatabase;

const USER: &str = "user-7";

async fn codes(test: &TestDatabase, purpose: &'static str) -> OneTimeCodes {
    let migrator = Migrator::new(&test.database, &[ONE_TIME_CODE_MIGRATIONS]);
    migrator.up(false).await.unwrap();
    let config = OneTimeCodesConfig {
        pepper: Some(Secret::new("p".repeat(32))),
        max_attempts: NonZeroU32::new(2).unwrap(),
        max_per_hour: NonZeroU32::new(2).unwrap(),
        ..OneTimeCodesConfig::default()
    };
    let key = CodeKey::new(config.pepper.as_ref(), "codes.pepper").unwrap();
    OneTimeCodes::by_email(&test.database, &key, &config, purpose)
}

async fn issue(codes: &OneTimeCodes, database: &Database) -> Result<String, OneTimeCodeError> {
    database
        .transaction(|tx| async move {
            let code = codes.issue(&tx, USER).await?;
            Ok(code.expose().clone())
        })
        .await
}

/// Lets the interval between two codes end.
async fn end_interval(database: &Database) {
    sql("UPDATE account_one_time_codes SET sent_us = sent_us - 60000000")
        .apply(database)
        .await
        .unwrap();
}

/// Returns another code.
fn wrong(code: &str) -> String {
    let first = if code.starts_with('0') { "1" } else { "0" };
    code.replacen(|_: char| true, first, 1)
}

fn remaining(consumed: Result<(), OneTimeCodeError>) -> u32 {
    match consumed {
        Err(OneTimeCodeError::Invalid { remaining }) => remaining,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn code_is_valid_once_for_its_purpose_auth_2(test: TestDatabase) {
    let reset = codes(&test, "reset password").await;
    let login = codes(&test, "log in").await;
    let code = issue(&reset, &test.database).await.unwrap();
    assert_eq!(remaining(login.consume(USER, &code).await), 0);
    assert_eq!(remaining(reset.consume("user-8", &code).await), 0);
    reset.consume(USER, &code).await.unwrap();
    assert_eq!(remaining(reset.consume(USER, &code).await), 0);
}

pub(crate) async fn attempts_with_a_code_are_limited_auth_2(test: TestDatabase) {
    let codes = codes(&test, "log in").await;
    let code = issue(&codes, &test.database).await.unwrap();
    let wrong = wrong(&code);
    let guesses = join_all((0..4).map(|_| codes.consume(USER, &wrong))).await;
    let left: Vec<_> = guesses.into_iter().map(remaining).collect();
    assert_eq!(left.iter().filter(|left| **left == 1).count(), 1);
    let error = Error::from(codes.consume(USER, &code).await.unwrap_err());
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Invalid, "INVALID_CODE")
    );
}

pub(crate) async fn codes_of_a_subject_are_limited_auth_2(test: TestDatabase) {
    let (database, codes) = (&test.database, codes(&test, "log in").await);
    let first = issue(&codes, database).await.unwrap();
    let error = Error::from(issue(&codes, database).await.unwrap_err());
    assert_eq!(error.reason(), "RATE_LIMITED");
    assert!(error.retry_after().unwrap() <= codes.ttl());
    let kept = database
        .transaction(|tx| {
            let codes = &codes;
            async move { codes.issue_unless_valid(&tx, USER).await }
        })
        .await;
    assert!(kept.unwrap().is_none(), "the code is still valid");

    end_interval(database).await;
    let second = issue(&codes, database).await.unwrap();
    if first != second {
        assert_eq!(remaining(codes.consume(USER, &first).await), 1);
    }
    codes.end(database, USER).await.unwrap();
    assert_eq!(remaining(codes.consume(USER, &second).await), 0);
    end_interval(database).await;
    let third = issue(&codes, database).await;
    assert!(
        matches!(third, Err(OneTimeCodeError::TooSoon { .. })),
        "the limit of the hour is reached"
    );
}
