use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use futures::future::join_all;
use seaworthy_account::{Lockout, LockoutConfig, LockoutError};
use seaworthy_core::Timeout;
use seaworthy_data::sql;

use crate::place::Place;

fn waits(answer: Result<seaworthy_account::Attempt, LockoutError>) -> Duration {
    match answer {
        Err(LockoutError::Locked { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

pub(crate) async fn after_a_few_failures_an_account_waits_whether_it_exists_or_not_auth_2(
    place: Place,
) {
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    // Nothing here knows which accounts exist.
    for _ in 0..5 {
        let _failed = lockout.attempt("ada@example.org", None).await.unwrap();
    }
    let wait = waits(lockout.attempt("ada@example.org", None).await);
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    let other = lockout.attempt("bob@example.org", None).await.unwrap();
    lockout.record_success(other).await.unwrap();

    // The pause is over, and the next is twice as long.
    sql("UPDATE account_failures SET locked_until_us = 0")
        .execute(&place.database)
        .await
        .unwrap();
    let attempt = lockout.attempt("ada@example.org", None).await.unwrap();
    let wait = waits(lockout.attempt("ada@example.org", None).await);
    assert!(wait > Duration::from_secs(1), "{wait:?}");
    lockout.record_success(attempt).await.unwrap();
    let _again = lockout.attempt("ada@example.org", None).await.unwrap();
    while lockout.purge().await.unwrap() {}

    let rows: Vec<(String,)> = sql("SELECT subject FROM account_failures")
        .fetch_all(&place.database)
        .await
        .unwrap();
    assert!(
        rows.iter().all(|(subject,)| !subject.contains("ada")),
        "{rows:?}"
    );
}

pub(crate) async fn a_thousand_at_once_are_counted_like_one_after_the_other_auth_2(place: Place) {
    let mut config = LockoutConfig::default();
    // Longer than all of them take on the slowest machine.
    config.account.initial_backoff = Timeout::from_secs(600);
    let lockout = Lockout::new(place.database.clone(), config);
    let answers = join_all((0..40).map(|_| lockout.attempt("ada@example.org", None))).await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(made, 5, "{answers:?}");
}

pub(crate) async fn an_address_waits_over_all_accounts_and_a_success_does_not_clear_it_auth_2(
    place: Place,
) {
    let mut config = LockoutConfig::default();
    config.ip.max_failures = NonZeroU32::new(3).unwrap();
    let lockout = Lockout::new(place.database.clone(), config);
    let attacker = address("2001:db8:1:2::1");
    for number in 0..2 {
        let account = format!("account {number}");
        let _failed = lockout.attempt(&account, attacker).await.unwrap();
    }
    // Logging in to an account of one's own takes back what it cost and no more.
    let own = lockout.attempt("own", attacker).await.unwrap();
    lockout.record_success(own).await.unwrap();
    let neighbour = address("2001:db8:1:2:ffff::2");
    let _failed = lockout.attempt("account 3", neighbour).await.unwrap();
    waits(lockout.attempt("account 4", attacker).await);
    let _other = lockout
        .attempt("account 4", address("2001:db8:1:3::1"))
        .await
        .unwrap();
}

pub(crate) async fn what_an_address_is_refused_costs_the_account_nothing_auth_2(place: Place) {
    let mut config = LockoutConfig::default();
    config.ip.max_failures = NonZeroU32::new(3).unwrap();
    config.ip.initial_backoff = Timeout::from_secs(600);
    let lockout = Lockout::new(place.database.clone(), config);
    let office = address("192.0.2.7");
    for number in 0..3 {
        let account = format!("account {number}");
        let _failed = lockout.attempt(&account, office).await.unwrap();
    }
    for _ in 0..20 {
        waits(lockout.attempt("ada@example.org", office).await);
    }
    // At home she has all her tries.
    for number in 0..5 {
        let home = address(&format!("198.51.100.{number}"));
        let _failed = lockout.attempt("ada@example.org", home).await.unwrap();
    }
    waits(lockout.attempt("ada@example.org", None).await);
}

pub(crate) async fn many_accounts_and_addresses_at_once_are_each_counted_and_none_waits_for_ever_auth_2(
    place: Place,
) {
    let mut config = LockoutConfig::default();
    config.account.initial_backoff = Timeout::from_secs(600);
    config.ip.initial_backoff = Timeout::from_secs(600);
    config.ip.max_failures = NonZeroU32::new(4).unwrap();
    let lockout = Lockout::new(place.database.clone(), config);
    // Every account from every address, in orders that cross.
    let answers = join_all((0..64_u32).map(|number| {
        let (account, from) = (number % 4, number / 4 % 4);
        let lockout = &lockout;
        async move {
            let from = address(&format!("192.0.2.{from}"));
            lockout.attempt(&format!("account {account}"), from).await
        }
    }))
    .await;
    let mut made = 0;
    for answer in answers {
        match answer {
            Ok(_) => made += 1,
            refused => drop(waits(refused)),
        }
    }
    for kind in ["account:%", "ip:%"] {
        let counts: Vec<(i32,)> = sql("SELECT failures FROM account_failures WHERE subject LIKE ?")
            .bind(kind)
            .fetch_all(&place.database)
            .await
            .unwrap();
        let counted: i32 = counts.iter().map(|(count,)| count).sum();
        assert_eq!(counted, made, "{kind} {counts:?}");
    }
    assert_eq!(
        made, 16,
        "four of each address, which no account's five are short of"
    );
}

pub(crate) async fn an_attempt_that_came_to_nothing_is_no_failure_and_an_owner_is_forgiven_auth_2(
    place: Place,
) {
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    let (account, home) = ("ada@example.org", address("192.0.2.7"));
    for _ in 0..20 {
        let attempt = lockout.attempt(account, home).await.unwrap();
        lockout.withdraw(attempt).await.unwrap();
    }
    for _ in 0..5 {
        let _failed = lockout.attempt(account, home).await.unwrap();
    }
    waits(lockout.attempt(account, home).await);
    lockout.reset(&place.database, account).await.unwrap();
    let _again = lockout.attempt(account, home).await.unwrap();
}

pub(crate) async fn without_the_database_nobody_is_let_in_auth_2(place: Place) {
    let lockout = Lockout::new(place.database.clone(), LockoutConfig::default());
    sql("DROP TABLE account_failures")
        .execute(&place.database)
        .await
        .unwrap();
    let answer = lockout.attempt("ada@example.org", None).await;
    assert!(matches!(answer, Err(LockoutError::Failed(_))), "{answer:?}");
}
