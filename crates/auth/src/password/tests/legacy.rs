//! bcrypt hashes of a legacy service. libxcrypt computed the vectors.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use seaworthy_core::Error;
use tokio::task::JoinSet;
use tracing::{Event, Level, Subscriber, subscriber::set_default};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry,
};

use super::{super::legacy::LegacyCost, hash::Scheme, *};

const PASSWORD: &str = "correct horse battery";
const HASHES: [&str; 3] = [
    "$2a$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2",
    "$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
    "$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
];

/// Counts the events of level `ERROR`.
#[derive(Clone, Default)]
struct ErrorCount(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for ErrorCount {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn bcrypt_hashes_verify_and_are_replaced_auth_2() {
    let passwords = start(&cheap(64));
    for stored in HASHES {
        let check = passwords.verify(secret(PASSWORD), Some(stored)).await;
        let PasswordCheck::Valid { rehash: Some(new) } = check.unwrap() else {
            panic!("{stored} was not replaced");
        };
        assert!(new.as_str().starts_with("$argon2id$"), "{stored}");
        assert!(passwords.is_current(&new));
        assert!(!passwords.is_current(&PasswordHash::parse(stored).unwrap()));
        for wrong in ["correct horse batterY", "", "correct horse battery\0"] {
            let check = passwords.verify(secret(wrong), Some(stored)).await;
            assert_eq!(check.unwrap(), PasswordCheck::Invalid, "{stored} {wrong:?}");
        }
    }
}

#[tokio::test]
async fn long_legacy_password_keeps_its_hash_auth_2() {
    let passwords = start(&cheap(64));
    let checked = "x".repeat(72);
    let stored = bcrypt::hash(&checked, 4).unwrap();
    let long = format!("{checked} and a typing error");
    let check = passwords.verify(secret(&long), Some(&stored)).await;
    assert_eq!(check.unwrap(), PasswordCheck::Valid { rehash: None });
    let check = passwords.verify(secret(&checked), Some(&stored)).await;
    let Ok(PasswordCheck::Valid { rehash: Some(_) }) = check else {
        panic!("{check:?}");
    };
}

#[tokio::test]
async fn unusable_hashes_match_no_password_and_are_logged_auth_2() {
    let passwords = start(&cheap(64));
    let errors = ErrorCount::default();
    let _guard = set_default(registry().with(errors.clone()));
    let valid = HASHES[1];
    let unusable = [
        "",
        "plain text",
        "$2b$05$",
        &valid[..59],
        &format!("{valid}."),
        &valid.replace("$05$", "$0x$"),
        &valid.replace("$05$", "$+5$"),
        &valid.replace("$05$", "$03$"),
        &valid.replace("$05$", "$15$"),
        &valid.replace("$05$", "$31$"),
        &valid.replace("$05$", "$99$"),
        &valid.replace("$2b$", "$2x$"),
        &valid.replace("$2b$", "$2$$"),
        &valid.replace('m', "!"),
    ];
    for (number, stored) in unusable.into_iter().enumerate() {
        let check = passwords.verify(secret(PASSWORD), Some(stored)).await;
        assert_eq!(check.unwrap(), PasswordCheck::Invalid, "{stored}");
        assert_eq!(errors.0.load(Ordering::SeqCst), number + 1, "{stored}");
    }
    passwords.verify(secret(PASSWORD), None).await.unwrap();
    passwords
        .verify(secret("wrong"), Some(valid))
        .await
        .unwrap();
    assert_eq!(errors.0.load(Ordering::SeqCst), unusable.len());
}

#[tokio::test]
async fn unknown_account_takes_as_long_as_a_legacy_one_auth_2() {
    // The bcrypt hash takes much longer than the Argon2id hash.
    let passwords = start(&cheap(64));
    let current = passwords.hash(secret(PASSWORD)).await.unwrap();
    let legacy = HASHES[0];
    passwords
        .verify(secret("wrong"), Some(legacy))
        .await
        .unwrap();
    let accounts = [Some(legacy), Some(current.as_str()), None];
    let mut times = [Duration::MAX; 3];
    for _ in 0..MAX_ROUNDS {
        for (time, stored) in times.iter_mut().zip(accounts) {
            let started = Instant::now();
            passwords.verify(secret("wrong"), stored).await.unwrap();
            *time = started.elapsed().min(*time);
        }
        let (min, max) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        if max.as_secs_f64() / min.as_secs_f64() < 1.5 {
            return;
        }
    }
    panic!("{times:?}");
}

#[test]
fn bcrypt_hashes_of_every_cost_take_equal_work_auth_2() {
    let legacy = LegacyCost::default();
    legacy.record(12);
    let work = |costs: Range<u32>| costs.map(|cost| 1_u64 << cost).sum::<u64>();
    for computed in 4..=12 {
        let total = (1 << computed) + work(legacy.missing_costs(computed));
        assert_eq!(total, 1 << 12, "{computed}");
    }
    assert_eq!(work(legacy.missing_costs(0)), 1 << 12, "Argon2id");
    assert_eq!(work(legacy.missing_costs(14)), 0, "a higher cost");
    assert_eq!(work(LegacyCost::default().missing_costs(0)), 0, "no hash");
}

proptest! {
    #[test]
    fn hostile_bcrypt_hashes_are_rejected_or_bounded_auth_2(
        text in "\\$2[abxy]\\$[0-9+]{2}\\$[./A-Za-z0-9]{52,54}",
    ) {
        if let Ok(hash) = PasswordHash::parse(&text) {
            prop_assert_eq!(text.len(), 60);
            let Ok(Scheme::Bcrypt(bcrypt)) = hash.scheme() else {
                panic!("{text}");
            };
            prop_assert!((4..=14).contains(&bcrypt.cost()));
        }
    }
}

/// Returns tasks that verify passwords by bcrypt hashes at the same time.
fn verify_many(passwords: &Passwords, count: usize) -> JoinSet<Result<PasswordCheck, Error>> {
    let mut verifications = JoinSet::new();
    for _ in 0..count {
        let passwords = passwords.clone();
        verifications
            .spawn(async move { passwords.verify(secret("wrong"), Some(HASHES[0])).await });
    }
    verifications
}

#[tokio::test]
async fn other_hashes_do_not_wait_for_bcrypt_auth_2() {
    let passwords = start(&cheap(32));
    let mut verifications = verify_many(&passwords, 6);
    tokio::task::yield_now().await;
    passwords.hash(secret(PASSWORD)).await.unwrap();
    let mut finished = 0;
    while verifications.try_join_next().is_some() {
        finished += 1;
    }
    assert!(finished < 4, "{finished} of 6 verifications came first");
}

#[tokio::test]
async fn verifications_with_bcrypt_are_bounded_auth_2() {
    let passwords = start(&cheap(32));
    let results = verify_many(&passwords, 30).join_all().await;
    let busy = |result: &Result<_, Error>| {
        let error = result.as_ref().err();
        error.is_some_and(|error| error.reason() == "PASSWORDS_BUSY")
    };
    let refused = results.iter().filter(|result| busy(result)).count();
    assert!((20..30).contains(&refused), "{refused} of 30");
    // A verification of an account with another hash takes the same time and shares the limit.
    let mut verifications = verify_many(&passwords, 30);
    tokio::task::yield_now().await;
    let absent = passwords.verify(secret(PASSWORD), None).await;
    assert!(busy(&absent), "{absent:?}");
    while verifications.join_next().await.is_some() {}
}
