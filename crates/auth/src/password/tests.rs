mod legacy;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use seaworthy_core::Secret;
use seaworthy_telemetry::metrics::{Format, Metrics};

use super::*;

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// Returns settings with cheap hashes for fast tests.
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
async fn hashes_are_salted_and_verify_auth_2() {
    let passwords = start(&cheap(64));
    let one = passwords.hash(secret("correct horse")).await.unwrap();
    let two = passwords.hash(secret("correct horse")).await.unwrap();
    assert_ne!(one, two);
    assert!(one.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    assert_eq!(format!("{one:?}"), "PasswordHash(***)");
    let check = async |given: &str, stored: Option<&str>| {
        passwords.verify(secret(given), stored).await.unwrap()
    };
    let right = PasswordCheck::Valid { rehash: None };
    assert_eq!(check("correct horse", Some(one.as_str())).await, right);
    for wrong in ["correct hors", "correct horse ", "Correct horse", ""] {
        assert_eq!(
            check(wrong, Some(one.as_str())).await,
            PasswordCheck::Invalid
        );
    }
    assert_eq!(check("correct horse", None).await, PasswordCheck::Invalid);
}

#[tokio::test]
async fn hash_with_other_parameters_is_rehashed_auth_2() {
    let old = start(&cheap(64))
        .hash(secret("correct horse"))
        .await
        .unwrap();
    let current = start(&cheap(128));
    assert!(!current.is_current(&old));
    let check = current
        .verify(secret("correct horse"), Some(old.as_str()))
        .await;
    let PasswordCheck::Valid { rehash: Some(new) } = check.unwrap() else {
        panic!("the hash was not replaced");
    };
    assert!(current.is_current(&new));
    let again = current
        .verify(secret("correct horse"), Some(new.as_str()))
        .await;
    assert_eq!(again.unwrap(), PasswordCheck::Valid { rehash: None });
    let wrong = current.verify(secret("wrong"), Some(old.as_str())).await;
    assert_eq!(wrong.unwrap(), PasswordCheck::Invalid);
}

#[tokio::test]
async fn argon2id_reference_vector_verifies_auth_2() {
    // Output of the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p
    // 1 -l 32 -e`.
    let stored =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let check = start(&cheap(64))
        .verify(secret("password"), Some(stored))
        .await
        .unwrap();
    assert!(matches!(check, PasswordCheck::Valid { rehash: Some(_) }));
}

#[test]
fn invalid_and_expensive_hashes_are_rejected_auth_2() {
    let tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for text in [
        "",
        "password",
        "$1$abcdefgh$abcdefghijklmnopqrstuu",
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
async fn login_flood_does_not_delay_other_work_auth_2() {
    let metrics = Metrics::new();
    let passwords = Passwords::start(&PasswordsConfig::default(), &metrics).unwrap();
    let flood: Vec<_> = (0..500)
        .map(|index| {
            let passwords = passwords.clone();
            tokio::spawn(async move {
                let started = Instant::now();
                let outcome = passwords
                    .verify(secret(&format!("guess {index}")), None)
                    .await;
                (outcome, started.elapsed())
            })
        })
        .collect();
    // Measure other work on the same runtime.
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let started = Instant::now();
        tokio::spawn(async { tokio::task::yield_now().await })
            .await
            .unwrap();
        slowest = slowest.max(started.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (mut refused, mut checked) = (0, 0);
    for task in flood {
        match task.await.unwrap() {
            (Ok(check), _) => {
                assert_eq!(check, PasswordCheck::Invalid);
                checked += 1;
            }
            (Err(error), took) => {
                assert_eq!(error.code().http_status(), 503);
                assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
                assert!(
                    took < Duration::from_millis(500),
                    "a rejection took {took:?}"
                );
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
        "other work took {slowest:?}"
    );
    let text = metrics.render(Format::PrometheusText);
    assert!(
        text.contains(&format!("password_hashing_rejected_total {refused}")),
        "{text}"
    );
    assert!(text.contains("password_hashing_waiting 0"), "{text}");
}

/// Maximum number of rounds, with two hashes of 40 ms each.
const MAX_ROUNDS: usize = 100;

#[tokio::test]
async fn unknown_account_takes_as_long_as_known_one_auth_2() {
    let passwords = start(&PasswordsConfig::default());
    let stored = passwords.hash(secret("correct horse")).await.unwrap();
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    // Compare the minimum of each, because load on the machine only adds time.
    for _ in 0..MAX_ROUNDS {
        for (quickest, stored) in [(&mut known, Some(stored.as_str())), (&mut unknown, None)] {
            let started = Instant::now();
            passwords.verify(secret("wrong"), stored).await.unwrap();
            *quickest = started.elapsed().min(*quickest);
        }
        // Without a hash for unknown accounts the ratio would be about a thousand.
        if (0.5..2.0).contains(&(known.as_secs_f64() / unknown.as_secs_f64())) {
            return;
        }
    }
    panic!("{known:?} {unknown:?}");
}

#[test]
fn policy_names_the_reason_auth_2() {
    let policy = PasswordPolicy::default();
    let check = |text: &str| policy.check(&secret(text), &["ada.lovelace@example.org", "Ada"]);
    for (text, expected) in [
        ("short", Err(WeakPassword::TooShort)),
        ("elevenchars", Err(WeakPassword::TooShort)),
        // Four characters of twelve bytes, and twelve characters.
        ("正马电池", Err(WeakPassword::TooShort)),
        ("正马电池订书钉很安全吗啊", Ok(())),
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
    // bcrypt would ignore bytes after the 72nd.
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
            let Ok(hash::Scheme::Argon2id(hash::Parts { params, .. })) = hash.scheme() else {
                panic!("{near}");
            };
            prop_assert!(params.m_cost() <= 256 * 1024 && params.t_cost() <= 16);
        }
    }
}

#[test]
fn policy_checks_only_length_if_configured_auth_2() {
    let policy = PasswordPolicy::new(PasswordPolicyConfig {
        reject_repetitive: false,
        reject_common: false,
        reject_personal: false,
        ..PasswordPolicyConfig::default()
    });
    let check = |text: &str| policy.check(&secret(text), &["ada.lovelace@example.org"]);
    for text in [
        "Password123!",
        "passwordpassword",
        "123456789012",
        "ada.lovelace1",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    assert_eq!(check("password123"), Err(WeakPassword::TooShort));
}
