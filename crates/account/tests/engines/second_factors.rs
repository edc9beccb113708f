use std::{sync::Arc, time::SystemTime};

use aws_lc_rs::hmac;
use futures::future::join_all;
use seaworthy_account::{SecondFactorConfig, SecondFactors, VerifiedEnrollment};
use seaworthy_core::{Error, Secret};
use seaworthy_crypto::{DataKey, KeyId, Keyring, Sealer, WrapFuture, WrapKeys, WrappedKey};
use seaworthy_data::sql;
use tokio::sync::Semaphore;

use crate::test_database::TestDatabase;

const USER: &str = "user-7";

pub(crate) fn keyring() -> Keyring {
    let id = KeyId::new("2026-11").unwrap();
    Keyring::new(id, &Secret::new([7; 32])).unwrap()
}

fn factors(test: &TestDatabase) -> SecondFactors {
    SecondFactors::new(
        test.database.clone(),
        Sealer::new(keyring()),
        "City Events",
        SecondFactorConfig::default(),
    )
}

/// Returns the code that the application shows, by an independent implementation.
pub(crate) fn shown(secret: &str, ahead: u64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret
        .chars()
        .map(|letter| format!("{:05b}", alphabet.find(letter).unwrap()))
        .collect();
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(now / 30 + ahead).to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Verifies the first code of an enrollment and confirms it.
pub(crate) async fn confirm(
    test: &TestDatabase,
    factors: &SecondFactors,
    user: &str,
    code: &str,
) -> Option<Vec<String>> {
    let proved = factors.verify_enrollment(user, code).await.unwrap()?;
    confirmed(test, factors, &proved).await
}

async fn confirmed(
    test: &TestDatabase,
    factors: &SecondFactors,
    proved: &VerifiedEnrollment,
) -> Option<Vec<String>> {
    let confirmed = test
        .database
        .transaction(|tx| async move { factors.confirm(&tx, proved).await });
    confirmed.await.unwrap()
}

pub(crate) async fn second_factor_starts_at_its_confirmation_auth_4(test: TestDatabase) {
    let factors = factors(&test);
    let enrollment = factors
        .enroll(USER, "ada@example.org")
        .await
        .unwrap()
        .unwrap();
    let secret = enrollment.secret.expose();
    assert_eq!(
        *enrollment.uri.expose(),
        format!(
            "otpauth://totp/City%20Events:ada%40example.org?secret={secret}&issuer=City%20Events"
        )
    );
    assert!(!factors.is_required(USER).await.unwrap());
    assert!(!factors.verify(USER, &shown(secret, 0)).await.unwrap());
    assert!(
        factors
            .verify_enrollment(USER, "000")
            .await
            .unwrap()
            .is_none()
    );
    let code = shown(secret, 0);
    let recovery = confirm(&test, &factors, USER, &code).await.unwrap();
    assert!(factors.is_required(USER).await.unwrap());
    assert!(
        factors.enroll(USER, "x").await.unwrap().is_none(),
        "it stays"
    );

    assert!(!factors.verify(USER, &code).await.unwrap(), "it was used");
    let next = shown(secret, 1);
    let taken = join_all((0..4).map(|_| factors.verify(USER, &next))).await;
    let taken = taken.into_iter().filter(|taken| *taken.as_ref().unwrap());
    assert_eq!(taken.count(), 1, "of four at once");

    assert_eq!(recovery.len(), 10);
    let typed = recovery[3].to_lowercase().replace('-', " ");
    assert!(factors.verify(USER, &typed).await.unwrap());
    assert!(!factors.verify(USER, &recovery[3]).await.unwrap());
    assert!(!factors.verify("another", &recovery[4]).await.unwrap());
    factors
        .cancel_enrollment(&test.database, USER)
        .await
        .unwrap();
    assert!(factors.is_required(USER).await.unwrap(), "it is confirmed");
    assert!(factors.remove(&test.database, USER).await.unwrap());
    assert!(!factors.verify(USER, &recovery[4]).await.unwrap());
    assert!(!factors.is_required(USER).await.unwrap());
    assert!(!factors.remove(&test.database, USER).await.unwrap());
}

pub(crate) async fn canceled_enrollment_cannot_be_confirmed_auth_4(test: TestDatabase) {
    let factors = factors(&test);
    let enrollment = factors.enroll(USER, "ada").await.unwrap().unwrap();
    let code = shown(enrollment.secret.expose(), 0);
    let proved = factors.verify_enrollment(USER, &code).await.unwrap();
    factors
        .cancel_enrollment(&test.database, USER)
        .await
        .unwrap();
    let late = confirmed(&test, &factors, &proved.unwrap()).await;
    assert!(
        late.is_none(),
        "the code was verified before the cancellation"
    );
    let next = shown(enrollment.secret.expose(), 1);
    assert!(confirm(&test, &factors, USER, &next).await.is_none());
    assert!(!factors.is_required(USER).await.unwrap());
}

/// Keys that answer only after another operation has run.
struct Slow {
    keys: Keyring,
    asked: Semaphore,
    answers: Semaphore,
}

impl Slow {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            keys: keyring(),
            asked: Semaphore::new(0),
            answers: Semaphore::new(0),
        })
    }

    async fn wait(&self) {
        self.asked.add_permits(1);
        self.answers.acquire().await.unwrap().forget();
    }

    /// Runs another operation between the request and the response.
    async fn meanwhile<T>(&self, other: impl Future<Output = T>) -> T {
        self.asked.acquire().await.unwrap().forget();
        let done = other.await;
        self.answers.add_permits(100);
        done
    }
}

struct SlowKeys(Arc<Slow>);

impl WrapKeys for SlowKeys {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey> {
        Box::pin(async move {
            self.0.wait().await;
            self.0.keys.wrap(key).await
        })
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey> {
        Box::pin(async move {
            self.0.wait().await;
            self.0.keys.unwrap(wrapped).await
        })
    }

    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>> {
        self.0.keys.rewrap(wrapped)
    }
}

fn slow_factors(test: &TestDatabase) -> (Arc<Slow>, SecondFactors) {
    let slow = Slow::new();
    let sealer = Sealer::new(SlowKeys(Arc::clone(&slow)));
    let factors = SecondFactors::new(
        test.database.clone(),
        sealer,
        "City Events",
        SecondFactorConfig::default(),
    );
    (slow, factors)
}

pub(crate) async fn enrollment_does_not_replace_a_confirmed_secret_auth_4(test: TestDatabase) {
    let own = factors(&test);
    let enrollment = own.enroll(USER, "ada").await.unwrap().unwrap();
    let (slow, other) = slow_factors(&test);
    let confirmed = async {
        let code = shown(enrollment.secret.expose(), 0);
        confirm(&test, &own, USER, &code).await.unwrap()
    };
    let (enrolled, _) = tokio::join!(other.enroll(USER, "mallory"), slow.meanwhile(confirmed));
    assert!(enrolled.unwrap().is_none());
    let next = shown(enrollment.secret.expose(), 1);
    assert!(own.verify(USER, &next).await.unwrap());
}

pub(crate) async fn code_confirms_only_its_own_secret_auth_4(test: TestDatabase) {
    let own = factors(&test);
    let enrollment = own.enroll(USER, "ada").await.unwrap().unwrap();
    let code = shown(enrollment.secret.expose(), 0);
    let proved = own.verify_enrollment(USER, &code).await.unwrap().unwrap();
    own.enroll(USER, "mallory").await.unwrap().unwrap();
    assert!(confirmed(&test, &own, &proved).await.is_none());
    assert!(!own.is_required(USER).await.unwrap());
}

pub(crate) async fn rolled_back_enrollment_keeps_the_previous_one_auth_4(test: TestDatabase) {
    let own = factors(&test);
    let enrollment = own.enroll(USER, "ada").await.unwrap().unwrap();
    let undone = test.database.transaction(|tx| {
        let own = &own;
        async move {
            own.enroll_in(&tx, USER, "ada").await?.unwrap();
            Err::<(), _>(Error::internal("the password was replaced"))
        }
    });
    undone.await.unwrap_err();
    assert!(!own.is_confirmed(&test.database, USER).await.unwrap());
    let code = shown(enrollment.secret.expose(), 0);
    assert!(confirm(&test, &own, USER, &code).await.is_some());
    assert!(own.is_confirmed(&test.database, USER).await.unwrap());
}

pub(crate) async fn rolled_back_confirmation_has_no_effect_obs_11(test: TestDatabase) {
    let factors = factors(&test);
    let enrollment = factors.enroll(USER, "ada").await.unwrap().unwrap();
    let code = shown(enrollment.secret.expose(), 0);
    let proved = factors
        .verify_enrollment(USER, &code)
        .await
        .unwrap()
        .unwrap();
    let undone = test.database.transaction(|tx| {
        let (factors, proved) = (&factors, &proved);
        async move {
            factors.confirm(&tx, proved).await?.unwrap();
            Err::<(), _>(Error::internal("it cannot be written down"))
        }
    });
    undone.await.unwrap_err();
    assert!(!factors.is_required(USER).await.unwrap());
    let codes: (i64,) = sql("SELECT COUNT(*) FROM account_recovery_codes")
        .fetch_one(&test.database)
        .await
        .unwrap();
    assert_eq!(codes.0, 0);
    assert!(confirm(&test, &factors, USER, &code).await.is_some());
}

pub(crate) async fn moved_secret_does_not_decrypt_sec_5(test: TestDatabase) {
    let factors = factors(&test);
    let enrollment = factors.enroll(USER, "ada").await.unwrap().unwrap();
    let code = shown(enrollment.secret.expose(), 0);
    confirm(&test, &factors, USER, &code).await.unwrap();
    sql("UPDATE account_second_factors SET user_id = 'mallory', last_step = 0")
        .execute(&test.database)
        .await
        .unwrap();
    assert!(factors.verify("mallory", &code).await.is_err());
    let rows: Vec<(Vec<u8>,)> = sql("SELECT secret FROM account_second_factors")
        .fetch_all(&test.database)
        .await
        .unwrap();
    let plain = enrollment.secret.expose().as_bytes();
    assert!(!rows[0].0.windows(plain.len()).any(|window| window == plain));
}
