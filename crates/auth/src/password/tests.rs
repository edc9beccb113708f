use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_core::Secret;
use seaworthy_telemetry::metrics::{Format, Metrics};

use super::*;

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// Cheap, so that tests of behaviour are quick.
fn cheap(memory_kib: u32) -> PasswordsConfig {
    PasswordsConfig {
        parameters: PasswordParameters {
            memory_kib,
            iterations: 1,
        },
        ..PasswordsConfig::default()
    }
}

fn start(config: &PasswordsConfig) -> Passwords {
    Passwords::start(config, &Metrics::new()).unwrap()
}

#[tokio::test]
async fn a_password_is_right_or_wrong_and_hashes_are_salted_auth_2() {
    let passwords = start(&cheap(64));
    let one = passwords.hash(secret("correct horse")).await.unwrap();
    let two = passwords.hash(secret("correct horse")).await.unwrap();
    assert_ne!(one, two);
    assert!(one.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    assert_eq!(format!("{one:?}"), "PasswordHash(***)");
    let check = async |given: &str, stored: Option<&str>| {
        passwords.verify(secret(given), stored).await.unwrap()
    };
    let right = PasswordCheck::Right { rehash: None };
    assert_eq!(check("correct horse", Some(one.as_str())).await, right);
    for wrong in ["correct hors", "correct horse ", "Correct horse", ""] {
        assert_eq!(check(wrong, Some(one.as_str())).await, PasswordCheck::Wrong);
    }
    assert_eq!(check("correct horse", None).await, PasswordCheck::Wrong);
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_checked_and_made_anew_auth_2() {
    let old = start(&cheap(64))
        .hash(secret("correct horse"))
        .await
        .unwrap();
    let today = start(&cheap(128));
    assert!(!today.is_current(&old));
    let check = today
        .verify(secret("correct horse"), Some(old.as_str()))
        .await;
    let PasswordCheck::Right { rehash: Some(new) } = check.unwrap() else {
        panic!("an old hash was left as it is");
    };
    assert!(today.is_current(&new));
    let again = today
        .verify(secret("correct horse"), Some(new.as_str()))
        .await;
    assert_eq!(again.unwrap(), PasswordCheck::Right { rehash: None });
    let wrong = today.verify(secret("wrong"), Some(old.as_str())).await;
    assert_eq!(wrong.unwrap(), PasswordCheck::Wrong);
}

#[tokio::test]
async fn the_reference_vector_of_argon2id_is_right_auth_2() {
    // Made by the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32 -e`.
    let stored =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let check = start(&cheap(64))
        .verify(secret("password"), Some(stored))
        .await
        .unwrap();
    assert!(matches!(check, PasswordCheck::Right { rehash: Some(_) }));
}

#[test]
fn a_stored_text_that_is_no_hash_or_costs_too_much_is_refused_auth_2() {
    let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for text in [
        "",
        "password",
        "$2b$12$abcdefghijklmnopqrstuu",
        &format!("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ${tag}"),
        &format!("$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ${tag}"),
        &format!("$argon2id$v=19$m=4000000,t=1,p=1$c29tZXNhbHQ${tag}"),
        &format!("$argon2id$v=19$m=64,t=1000000,p=1$c29tZXNhbHQ${tag}"),
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
    ] {
        assert_eq!(
            PasswordHash::parse(text).unwrap_err(),
            InvalidHash,
            "{text}"
        );
    }
    let config = cheap(10_000_000);
    let refused = Passwords::start(&config, &Metrics::new());
    assert!(matches!(refused, Err(PasswordsError::Parameters)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_flood_is_refused_at_once_and_others_keep_their_latency_auth_2() {
    let metrics = Metrics::new();
    let passwords = Passwords::start(&PasswordsConfig::default(), &metrics).unwrap();
    let flood: Vec<_> = (0..500)
        .map(|index| {
            let passwords = passwords.clone();
            tokio::spawn(async move {
                let begun = Instant::now();
                let outcome = passwords
                    .verify(secret(&format!("guess {index}")), None)
                    .await;
                (outcome, begun.elapsed())
            })
        })
        .collect();
    // Meanwhile another route does its work on the same runtime.
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let begun = Instant::now();
        tokio::spawn(async { tokio::task::yield_now().await })
            .await
            .unwrap();
        slowest = slowest.max(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (mut refused, mut checked) = (0, 0);
    for task in flood {
        match task.await.unwrap() {
            (Ok(check), _) => {
                assert_eq!(check, PasswordCheck::Wrong);
                checked += 1;
            }
            (Err(error), took) => {
                assert_eq!(error.code().http_status(), 503);
                assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
                assert!(took < Duration::from_millis(500), "a refusal took {took:?}");
                refused += 1;
            }
        }
    }
    assert!(
        checked >= 32 && refused >= 300,
        "{checked} checked, {refused} refused"
    );
    // On the threads of the runtime 32 hashes of 40 ms would hold every core for half a second.
    assert!(
        slowest < Duration::from_millis(250),
        "another route took {slowest:?}"
    );
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains(&format!("password_hashing_refused_total {refused}")),
        "{text}"
    );
    assert!(text.contains("password_hashing_waiting 0"), "{text}");
}

/// Two hundred hashes of 40 ms.
const MOST_ROUNDS: usize = 100;

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one_auth_2() {
    let passwords = start(&PasswordsConfig::default());
    let stored = passwords.hash(secret("correct horse")).await.unwrap();
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    // The quickest of each: what else the machine does only adds, so a busy one takes more rounds until each was left alone once.
    for _ in 0..MOST_ROUNDS {
        for (quickest, stored) in [(&mut known, Some(stored.as_str())), (&mut unknown, None)] {
            let begun = Instant::now();
            passwords.verify(secret("wrong"), stored).await.unwrap();
            *quickest = begun.elapsed().min(*quickest);
        }
        // Without the hash of nobody it would be a thousand.
        if (0.5..2.0).contains(&(known.as_secs_f64() / unknown.as_secs_f64())) {
            return;
        }
    }
    panic!("{known:?} {unknown:?}");
}

#[test]
fn a_password_is_refused_for_a_reason_auth_2() {
    let policy = PasswordPolicy::default();
    let check = |text: &str| policy.check(&secret(text), &["ada.lovelace@example.org", "Ada"]);
    for (text, expected) in [
        ("short", Err(WeakPassword::TooShort)),
        ("elevenbytes", Err(WeakPassword::TooShort)),
        ("aaaaaaaaaaaa", Err(WeakPassword::Repetitive)),
        ("abababababab", Err(WeakPassword::Repetitive)),
        ("abcdefghijklm", Err(WeakPassword::Repetitive)),
        ("1234567890123", Err(WeakPassword::Repetitive)),
        ("Password1234!", Err(WeakPassword::Common)),
        ("passwordpassword", Err(WeakPassword::Common)),
        ("123iloveyou123", Err(WeakPassword::Common)),
        ("ada.lovelace1815", Err(WeakPassword::Personal)),
        ("my ada.LOVELACE", Err(WeakPassword::Personal)),
        ("correct horse battery", Ok(())),
        ("pässwörter sind lang", Ok(())),
    ] {
        assert_eq!(check(text), expected, "{text}");
    }
    assert_eq!(check(&"long ".repeat(205)), Err(WeakPassword::TooLong));
    // Beyond the 72 bytes that bcrypt cuts at, and fine.
    assert_eq!(check(&"a sentence of mine ".repeat(5)), Ok(()));
    let error = seaworthy_core::Error::from(WeakPassword::Common);
    assert_eq!(error.code().http_status(), 400);
    assert_eq!(error.fields()[0].description, "common");
}

proptest! {
    #[test]
    fn hostile_hashes_are_rejected_or_bounded_auth_2(
        any in ".{0,120}",
        near in "\\$argon2id\\$v=19\\$m=[0-9]{1,12},t=[0-9]{1,6},p=[0-9]{1,3}\\$[A-Za-z0-9+/]{0,40}\\$[A-Za-z0-9+/]{0,60}",
    ) {
        prop_assert!(PasswordHash::parse(&any).is_err());
        if let Ok(hash) = PasswordHash::parse(&near) {
            let params = hash.parts().unwrap().params;
            prop_assert!(params.m_cost() <= 256 * 1024 && params.t_cost() <= 16);
        }
    }
}
