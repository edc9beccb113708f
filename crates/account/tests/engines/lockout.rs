use std::{
    net::IpAddr,
    num::NonZeroU32,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use seaworthy_account::{Lockout, LockoutConfig, LockoutError};
use seaworthy_core::{Error, Timeout};
use seaworthy_data::sql;
use seaworthy_testkit::eventually;
use tokio::{select, sync::Semaphore, time::timeout};

use crate::test_database::TestDatabase;

fn wait_of(answer: Result<seaworthy_account::Attempt, LockoutError>) -> Duration {
    match answer {
        Err(LockoutError::Locked { retry_after } | LockoutError::AddressLocked { retry_after }) => {
            retry_after
        }
        other => panic!("{other:?}"),
    }
}

/// Returns a lockout that locks an account for longer than a test takes on a slow machine.
fn with_long_lock(test: &TestDatabase) -> Lockout {
    let mut config = LockoutConfig::default();
    config.account.initial_backoff = Timeout::from_secs(600);
    Lockout::new(test.database.clone(), config)
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

pub(crate) async fn account_waits_after_failures_if_it_exists_or_not_auth_2(test: TestDatabase) {
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    // The lockout does not know which accounts exist.
    for _ in 0..5 {
        let _failed = lockout.attempt("ada@example.org", None).await.unwrap();
    }
    let wait = wait_of(lockout.attempt("ada@example.org", None).await);
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    let other = lockout.attempt("bob@example.org", None).await.unwrap();
    lockout.record_success(other).await.unwrap();

    // After the wait, the next one is twice as long.
    sql("UPDATE account_failures SET locked_until_us = 0")
        .execute(&test.database)
        .await
        .unwrap();
    let attempt = lockout.attempt("ada@example.org", None).await.unwrap();
    let wait = wait_of(lockout.attempt("ada@example.org", None).await);
    assert!(wait > Duration::from_secs(1), "{wait:?}");
    lockout.record_success(attempt).await.unwrap();
    let _again = lockout.attempt("ada@example.org", None).await.unwrap();
    while lockout.purge().await.unwrap() {}

    let rows: Vec<(String,)> = sql("SELECT subject FROM account_failures")
        .fetch_all(&test.database)
        .await
        .unwrap();
    assert!(
        rows.iter().all(|(subject,)| !subject.contains("ada")),
        "{rows:?}"
    );
}

pub(crate) async fn only_guarded_checks_that_fail_count_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let failures = async || lockout.status("ada").await.unwrap().failures;
    let wrong = lockout.guard("ada", None, async { Ok(None::<u8>) }).await;
    assert_eq!(wrong.unwrap().unwrap(), None);
    let error = async { Err::<Option<u8>, _>(Error::internal("overloaded")) };
    assert!(lockout.guard("ada", None, error).await.unwrap().is_err());
    assert_eq!(failures().await, 1);
    let correct = lockout.guard("ada", None, async { Ok(Some(7)) }).await;
    assert_eq!(correct.unwrap().unwrap(), Some(7));
    assert_eq!(failures().await, 0);
    for _ in 0..5 {
        let wrong = lockout.guard("ada", None, async { Ok(None::<u8>) }).await;
        assert_eq!(wrong.unwrap().unwrap(), None);
    }
    let locked = lockout.guard("ada", None, async { Ok(Some(7)) }).await;
    assert!(locked.unwrap_err().retry_after().is_some());
}

pub(crate) async fn concurrent_attempts_count_like_sequential_ones_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let answers = join_all((0..40).map(|_| lockout.attempt("ada@example.org", None))).await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(made, 5, "{answers:?}");
}

pub(crate) async fn attempts_wait_for_running_ones_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let mut running = Vec::new();
    for _ in 0..5 {
        running.push(lockout.attempt("ada", None).await.unwrap());
    }
    // The five locked the account, and their passwords are correct.
    let mut sixth = pin!(lockout.attempt("ada", None));
    let early = timeout(Duration::from_millis(500), &mut sixth).await;
    assert!(early.is_err(), "{early:?}");
    for attempt in running {
        lockout.record_success(attempt).await.unwrap();
    }
    lockout.record_success(sixth.await.unwrap()).await.unwrap();
}

pub(crate) async fn waiting_attempt_does_not_delay_other_accounts_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let mut running = Vec::new();
    for _ in 0..5 {
        running.push(lockout.attempt("ada", None).await.unwrap());
    }
    // The only slot for password hashes.
    let slot = Arc::new(Semaphore::new(1));
    let reserve = || Arc::clone(&slot).acquire_owned();
    let mut reserved = Some(reserve().await.unwrap());
    let mut waiting = pin!(lockout.attempt_releasing("ada", None, &mut reserved));
    // The login of another account gets the slot while the attempt waits, and keeps it.
    let mut of_bob = select! {
        biased;
        reserved = reserve() => Some(reserved.unwrap()),
        answer = &mut waiting => panic!("{answer:?}"),
    };
    let attempt = lockout.attempt_releasing("bob", None, &mut of_bob).await;
    assert!(of_bob.is_some());
    lockout.record_success(attempt.unwrap()).await.unwrap();
    for attempt in running {
        lockout.record_success(attempt).await.unwrap();
    }
    lockout
        .record_success(waiting.await.unwrap())
        .await
        .unwrap();
}

pub(crate) async fn running_attempt_that_fails_keeps_the_lock_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let running = lockout.attempt("ada", None).await.unwrap();
    for _ in 0..4 {
        let _failed = lockout.attempt("ada", None).await.unwrap();
    }
    let mut sixth = pin!(lockout.attempt("ada", None));
    let early = timeout(Duration::from_millis(500), &mut sixth).await;
    assert!(early.is_err(), "{early:?}");
    // The running attempt fails.
    drop(running);
    assert!(wait_of(sixth.await) > Duration::from_secs(590));
}

pub(crate) async fn attempts_do_not_wait_for_rejected_ones_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    for _ in 0..5 {
        let _failed = lockout.attempt("ada", None).await.unwrap();
    }
    let begin = Instant::now();
    for answer in join_all((0..10).map(|_| lockout.attempt("ada", None))).await {
        assert!(wait_of(answer) > Duration::from_secs(590));
    }
    // No attempt is running. A wait for running attempts would take 2 s.
    assert!(begin.elapsed() < Duration::from_secs(2));
}

pub(crate) async fn status_reads_failures_and_changes_nothing_auth_2(test: TestDatabase) {
    let lockout = with_long_lock(&test);
    let none = lockout.status("ada").await.unwrap();
    assert_eq!((none.failures, none.max_failures), (0, 5));
    for _ in 0..4 {
        let _failed = lockout.attempt("ada", None).await.unwrap();
    }
    for _ in 0..3 {
        let status = lockout.status("ada").await.unwrap();
        assert_eq!((status.failures, status.wait), (4, Duration::ZERO));
    }
    let _fifth = lockout.attempt("ada", None).await.unwrap();
    let status = lockout.status("ada").await.unwrap();
    assert_eq!(status.failures, 5);
    assert!(status.wait > Duration::from_secs(590), "{status:?}");
    wait_of(lockout.attempt("ada", None).await);
}

pub(crate) async fn ip_waits_over_all_accounts_despite_a_success_auth_2(test: TestDatabase) {
    let mut config = LockoutConfig::default();
    config.ip.max_failures = NonZeroU32::new(3).unwrap();
    let lockout = Lockout::new(test.database.clone(), config);
    let attacker = address("2001:db8:1:2::1");
    for number in 0..2 {
        let account = format!("account {number}");
        let _failed = lockout.attempt(&account, attacker).await.unwrap();
    }
    // A login to the attacker's own account subtracts only its own attempt.
    let own = lockout.attempt("own", attacker).await.unwrap();
    lockout.record_success(own).await.unwrap();
    let same_network = address("2001:db8:1:2:ffff::2");
    let _failed = lockout.attempt("account 3", same_network).await.unwrap();
    wait_of(lockout.attempt("account 4", attacker).await);
    let _other = lockout
        .attempt("account 4", address("2001:db8:1:3::1"))
        .await
        .unwrap();
}

pub(crate) async fn success_does_not_end_the_lock_of_other_failures_auth_2(test: TestDatabase) {
    let mut config = LockoutConfig::default();
    config.ip.max_failures = NonZeroU32::new(3).unwrap();
    config.ip.initial_backoff = Timeout::from_secs(600);
    config.account.initial_backoff = Timeout::from_secs(600);
    let lockout = Lockout::new(test.database.clone(), config);
    let attacker = address("192.0.2.7");
    // Logins to an own account begin before the guesses, and end after them.
    let own = lockout.attempt("own", attacker).await.unwrap();
    let withdrawn = lockout.attempt("own", attacker).await.unwrap();
    let _failed = lockout.attempt("ada", attacker).await.unwrap();
    wait_of(lockout.attempt("ada", attacker).await);
    lockout.record_success(own).await.unwrap();
    wait_of(lockout.attempt("ada", attacker).await);
    lockout.cancel(withdrawn).await.unwrap();
    wait_of(lockout.attempt("ada", attacker).await);
}

pub(crate) async fn attempt_below_the_limit_stores_no_lock_auth_2(test: TestDatabase) {
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    let office = address("192.0.2.7");
    let _failed = lockout.attempt("ada", office).await.unwrap();
    let own = lockout.attempt("own", office).await.unwrap();
    lockout.record_success(own).await.unwrap();
    // After a step of the clock to the past, such a time would be a lock.
    let (locks,): (i64,) = sql("SELECT count(*) FROM account_failures WHERE locked_until_us > 0")
        .fetch_one(&test.database)
        .await
        .unwrap();
    assert_eq!(locks, 0);
}

pub(crate) async fn rejected_ip_does_not_count_against_accounts_auth_2(test: TestDatabase) {
    let mut config = LockoutConfig::default();
    config.ip.max_failures = NonZeroU32::new(3).unwrap();
    config.ip.initial_backoff = Timeout::from_secs(600);
    let lockout = Lockout::new(test.database.clone(), config);
    let office = address("192.0.2.7");
    for number in 0..3 {
        let account = format!("account {number}");
        let _failed = lockout.attempt(&account, office).await.unwrap();
    }
    for _ in 0..20 {
        wait_of(lockout.attempt("ada@example.org", office).await);
    }
    // The owner's own network has the full limit of the account.
    for number in 0..5 {
        let home = address(&format!("198.51.100.{number}"));
        let _failed = lockout.attempt("ada@example.org", home).await.unwrap();
    }
    wait_of(lockout.attempt("ada@example.org", None).await);
}

pub(crate) async fn concurrent_accounts_and_ips_do_not_deadlock_auth_2(test: TestDatabase) {
    let mut config = LockoutConfig::default();
    config.account.initial_backoff = Timeout::from_secs(600);
    config.ip.initial_backoff = Timeout::from_secs(600);
    config.ip.max_failures = NonZeroU32::new(4).unwrap();
    let lockout = Lockout::new(test.database.clone(), config);
    // Every account from every address, in orders that could deadlock.
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
            refused => drop(wait_of(refused)),
        }
    }
    for kind in ["account:%", "ip:%"] {
        let mut counts: Vec<(i32,)> = Vec::new();
        // On a busy machine the waits for locks may have opened the breaker of the database.
        eventually(async || {
            let stored = sql("SELECT failures FROM account_failures WHERE subject LIKE ?");
            let stored = stored.bind(kind).fetch_all(&test.database).await;
            stored.map(|stored| counts = stored).is_ok()
        })
        .await;
        let counted: i32 = counts.iter().map(|(count,)| count).sum();
        assert_eq!(counted, made, "{kind} {counts:?}");
    }
    assert_eq!(
        made, 16,
        "four of each IP address, below the limit of each account"
    );
}

pub(crate) async fn withdrawn_attempt_does_not_count_and_reset_ends_wait_auth_2(
    test: TestDatabase,
) {
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    let (account, home) = ("ada@example.org", address("192.0.2.7"));
    for _ in 0..20 {
        let attempt = lockout.attempt(account, home).await.unwrap();
        lockout.cancel(attempt).await.unwrap();
    }
    for _ in 0..5 {
        let _failed = lockout.attempt(account, home).await.unwrap();
    }
    wait_of(lockout.attempt(account, home).await);
    assert!(lockout.reset(&test.database, account).await.unwrap());
    assert!(!lockout.reset(&test.database, account).await.unwrap());
    let _again = lockout.attempt(account, home).await.unwrap();
}

pub(crate) async fn attempts_fail_without_the_database_auth_2(test: TestDatabase) {
    let lockout = Lockout::new(test.database.clone(), LockoutConfig::default());
    sql("DROP TABLE account_failures")
        .execute(&test.database)
        .await
        .unwrap();
    let answer = lockout.attempt("ada@example.org", None).await;
    assert!(matches!(answer, Err(LockoutError::Failed(_))), "{answer:?}");
}
