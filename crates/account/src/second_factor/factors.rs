use std::{fmt, time::SystemTime};

use data_encoding::BASE32_NOPAD;
use seaworthy_core::{Error, Secret, Switch};
use seaworthy_crypto::{Context, EncryptedColumn, Envelope, RowKey, Sealer};
use seaworthy_data::{Connection, DataError, Database, Transaction, sql};
use url::form_urlencoded;

use super::{
    SecondFactorConfig,
    code::step_of,
    guesses::{CodeOrigin, Guesses},
    recovery,
};
use crate::{KnownDevice, secret_token::random};

/// Size of a secret, in bytes: 160 bits (RFC 4226, section 4, R6).
const SECRET_BYTES: usize = 20;

/// The column with the secrets of second factors. Add it to the
/// [`encryption` command](seaworthy_crypto::encryption_command) of the service, which re-encrypts
/// the secrets before you remove an old key.
pub const SECOND_FACTOR_SECRETS: EncryptedColumn = EncryptedColumn {
    name: "account_second_factors.secret",
    key: RowKey::Text,
    select: "SELECT user_id, secret FROM account_second_factors WHERE user_id > ? ORDER BY user_id LIMIT ?",
    update: "UPDATE account_second_factors SET secret = ? WHERE user_id = ? AND secret = ?",
};

/// The second factors of a service's users. Cheap to clone.
#[derive(Clone)]
pub struct SecondFactors {
    database: Database,
    sealer: Sealer,
    issuer: String,
    guesses: Guesses,
    switch: Switch,
}

impl fmt::Debug for SecondFactors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SecondFactors")
            .field("database", &self.database)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The values that a user needs to set up the application. Show them once.
#[derive(Debug)]
pub struct Enrollment {
    /// The secret in base32, for manual input.
    pub secret: Secret<String>,
    /// The `otpauth:` URI, for a QR code.
    pub uri: Secret<String>,
}

/// An enrollment whose first code was correct.
#[must_use = "call `confirm` to enable the second factor"]
pub struct VerifiedEnrollment {
    user: String,
    sealed: Vec<u8>,
    step: u64,
}

impl fmt::Debug for VerifiedEnrollment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedEnrollment")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A row of the table of second factors.
struct Factor {
    sealed: Vec<u8>,
    is_confirmed: bool,
    last_step: u64,
}

impl SecondFactors {
    /// Creates a handle to the second factors in a database that has the tables of
    /// [`MIGRATIONS`](crate::MIGRATIONS). `sealer` encrypts the secrets. The application shows
    /// `issuer`.
    #[must_use]
    pub fn new(
        database: Database,
        sealer: Sealer,
        issuer: &str,
        config: SecondFactorConfig,
    ) -> Self {
        Self {
            guesses: Guesses::new(database.clone(), config.wrong_codes),
            database,
            sealer,
            issuer: issuer.to_owned(),
            switch: Switch::new(),
        }
    }

    /// Sets the switch that turns second factors off (FLAG-2), such as
    /// `service.switches().register("totp", SwitchKind::Security)`. Logins then need no code.
    #[must_use]
    pub fn with_switch(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }

    /// Whether the [switch](Self::with_switch) is on. If it is off, reject enrollments.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.switch.is_on()
    }

    /// Begins an enrollment. It takes effect after [`verify_enrollment`](Self::verify_enrollment)
    /// and [`confirm`](Self::confirm). Returns `None` if the user has a second factor:
    /// [remove](Self::remove) it first.
    ///
    /// # Errors
    /// Any error of the database or of the keys.
    pub async fn enroll(&self, user: &str, label: &str) -> Result<Option<Enrollment>, Error> {
        self.enroll_on(&self.database, user, label).await
    }

    /// Begins an enrollment as [`enroll`](Self::enroll) does, in a transaction. Lock the row of the
    /// user first, and check that no other call has revoked the tokens of the caller. Otherwise a
    /// caller with the old password could begin an enrollment after a password change has
    /// [canceled](Self::cancel_enrollment) all others.
    ///
    /// # Errors
    /// As for [`enroll`](Self::enroll).
    pub async fn enroll_in(
        &self,
        tx: &Transaction,
        user: &str,
        label: &str,
    ) -> Result<Option<Enrollment>, Error> {
        self.enroll_on(tx, user, label).await
    }

    async fn enroll_on(
        &self,
        connection: &dyn Connection,
        user: &str,
        label: &str,
    ) -> Result<Option<Enrollment>, Error> {
        let secret = Secret::new(random::<SECRET_BYTES>()?.to_vec());
        let sealed = self.sealer.seal_bytes(&secret, &context(user)).await?;
        let sealed = sealed.to_bytes()?;
        sql("INSERT INTO account_second_factors (user_id, secret, confirmed, last_step) VALUES (?, ?, ?, 0)
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE account_second_factors.confirmed = excluded.confirmed")
            .on_mysql("INSERT INTO account_second_factors (user_id, secret, confirmed, last_step) VALUES (?, ?, ?, 0)
             ON DUPLICATE KEY UPDATE secret = IF(confirmed, secret, VALUES(secret)), last_step = IF(confirmed, last_step, 0)")
            .bind(user)
            .bind(sealed)
            .bind(false)
            .execute(connection)
            .await?;
        // The user has a second factor, and the new secret was not stored.
        if self.is_confirmed(connection, user).await? {
            return Ok(None);
        }
        let text = BASE32_NOPAD.encode(secret.expose());
        Ok(Some(Enrollment {
            uri: Secret::new(self.uri(label, &text)),
            secret: Secret::new(text),
        }))
    }

    fn uri(&self, label: &str, secret: &str) -> String {
        let encode = |text: &str| {
            form_urlencoded::byte_serialize(text.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        };
        let issuer = encode(&self.issuer);
        format!(
            "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}",
            encode(label)
        )
    }

    /// Verifies the first code of an enrollment. Returns `None` for a wrong code. Pass the result
    /// to [`confirm`](Self::confirm).
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_enrollment(
        &self,
        user: &str,
        code: &str,
    ) -> Result<Option<VerifiedEnrollment>, Error> {
        let Some(factor) = self.load(user).await?.filter(|factor| !factor.is_confirmed) else {
            return Ok(None);
        };
        let check = async {
            let step = self.step(user, &factor, code).await?;
            Ok(step.map(|step| VerifiedEnrollment {
                user: user.to_owned(),
                sealed: factor.sealed.clone(),
                step,
            }))
        };
        self.guesses
            .count_and_check(CodeOrigin::User(user), check)
            .await
    }

    /// Enables the second factor, in the transaction of the audit log entry. Logins then need a
    /// code. Returns the recovery codes, which you show once, or `None` if another enrollment began
    /// or was confirmed after the code was verified. If the outcome of the transaction is unknown,
    /// [remove](Self::remove) the second factor: the user has not seen its recovery codes.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn confirm(
        &self,
        tx: &Transaction,
        enrollment: &VerifiedEnrollment,
    ) -> Result<Option<Vec<String>>, Error> {
        // The code proves only this secret, not one that replaced it.
        let confirmed = sql("UPDATE account_second_factors SET confirmed = ?, last_step = ? WHERE user_id = ? AND confirmed = ? AND secret = ?")
            .bind(true)
            .bind(enrollment.step.cast_signed())
            .bind(enrollment.user.as_str())
            .bind(false)
            .bind(enrollment.sealed.clone())
            .execute(tx)
            .await?;
        if confirmed.rows_affected() == 0 {
            return Ok(None);
        }
        recovery::replace(tx, &enrollment.user).await.map(Some)
    }

    /// Whether logins of the user need a code.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn is_required(&self, user: &str) -> Result<bool, Error> {
        Ok(self.is_on() && self.is_confirmed(&self.database, user).await?)
    }

    /// Whether the user has a second factor, also while the [switch](Self::with_switch) turns codes
    /// off. An enrollment without a correct code is not a second factor.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn is_confirmed(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<bool, DataError> {
        let confirmed: Option<(bool,)> =
            sql("SELECT confirmed FROM account_second_factors WHERE user_id = ?")
                .bind(user)
                .fetch_optional(connection)
                .await?;
        Ok(confirmed.is_some_and(|(confirmed,)| confirmed))
    }

    /// Whether the code is correct: a code of the user's application, or a recovery code. A correct
    /// code is valid once: of two requests with the same code, one succeeds. Call it after the
    /// password was verified.
    ///
    /// A code of the application is counted as wrong before it is compared. All unknown devices of
    /// a user share one count, which only a correct code resets. An attacker with the password can
    /// therefore keep this count locked. The owner then logs in on a known device
    /// ([`verify_from`](Self::verify_from)) or with a recovery code. Recovery codes are not
    /// counted, because 80 random bits cannot be guessed.
    ///
    /// # Errors
    /// 429 `TOO_MANY_ATTEMPTS` with `Retry-After` while the user has to wait after
    /// [too many](SecondFactorConfig::wrong_codes) wrong codes, and errors of the database or of
    /// the keys.
    pub async fn verify(&self, user: &str, code: &str) -> Result<bool, Error> {
        self.verify_of(CodeOrigin::User(user), code).await
    }

    /// Whether the code is correct for the user of a known device. The device has its own count of
    /// wrong codes, with the limit of a user. Wrong codes from other devices do not delay it, and
    /// its wrong codes do not delay others.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), while the device has to wait.
    pub async fn verify_from(&self, device: &KnownDevice, code: &str) -> Result<bool, Error> {
        self.verify_of(CodeOrigin::Device(device), code).await
    }

    async fn verify_of(&self, origin: CodeOrigin<'_>, code: &str) -> Result<bool, Error> {
        let user = origin.user();
        let Some(factor) = self.load(user).await?.filter(|factor| factor.is_confirmed) else {
            return Ok(false);
        };
        if recovery::is_recovery_code(code) {
            let is_right = recovery::take(&self.database, user, code).await?;
            if is_right && let Err(error) = self.guesses.reset(&self.database, user).await {
                tracing::warn!(user, %error, "the count of wrong codes could not be reset after a correct code");
            }
            return Ok(is_right);
        }
        let check = self.take(user, &factor, code);
        let taken = self.guesses.count_and_check(origin, check).await?;
        Ok(taken.is_some())
    }

    /// Consumes a code of the application.
    async fn take(&self, user: &str, factor: &Factor, code: &str) -> Result<Option<()>, Error> {
        let Some(step) = self.step(user, factor, code).await? else {
            return Ok(None);
        };
        let taken = sql(
            "UPDATE account_second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?",
        )
        .bind(step.cast_signed())
        .bind(user)
        .bind(step.cast_signed())
        .execute(&self.database)
        .await?;
        Ok((taken.rows_affected() > 0).then_some(()))
    }

    /// Removes the second factor, its recovery codes and the count of wrong codes. Verify the
    /// password and a code first. Returns whether the user had one, or had begun an enrollment.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn remove(&self, connection: &dyn Connection, user: &str) -> Result<bool, DataError> {
        recovery::remove(connection, user).await?;
        let removed = sql("DELETE FROM account_second_factors WHERE user_id = ?")
            .bind(user)
            .execute(connection)
            .await?;
        self.guesses.reset(connection, user).await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Removes an enrollment that is not confirmed. Call it in the transaction of a new password:
    /// an attacker who knew the previous one may have begun the enrollment.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn cancel_enrollment(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<(), DataError> {
        sql("DELETE FROM account_second_factors WHERE user_id = ? AND confirmed = ?")
            .bind(user)
            .bind(false)
            .execute(connection)
            .await
            .map(drop)
    }

    /// Resets the count of wrong codes of a user, after you have verified the person in another
    /// way. The counts of known devices stay. Returns whether there were wrong codes.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn reset(&self, connection: &dyn Connection, user: &str) -> Result<bool, DataError> {
        self.guesses.reset(connection, user).await
    }

    /// Returns the step of a code.
    async fn step(&self, user: &str, factor: &Factor, code: &str) -> Result<Option<u64>, Error> {
        let envelope = Envelope::from_bytes(&factor.sealed)?;
        let secret = self.sealer.open_bytes(&envelope, &context(user)).await?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = since.unwrap_or_default().as_secs();
        Ok(step_of(secret.expose(), code, now, factor.last_step))
    }

    async fn load(&self, user: &str) -> Result<Option<Factor>, Error> {
        let row: Option<(Vec<u8>, bool, i64)> = sql(
            "SELECT secret, confirmed, last_step FROM account_second_factors WHERE user_id = ?",
        )
        .bind(user)
        .fetch_optional(&self.database)
        .await?;
        Ok(row.map(|(sealed, is_confirmed, last_step)| Factor {
            sealed,
            is_confirmed,
            last_step: last_step.unsigned_abs(),
        }))
    }
}

/// Returns the encryption context of a row. It must match [`SECOND_FACTOR_SECRETS`].
fn context(user: &str) -> Context {
    Context::new("account_second_factors", "secret").row(user)
}
