use seaworthy::{audit_log::AuditEntry, prelude::*};

use super::{Accounts, captchas::allowed_bindings, password::check_password};
use crate::domain::{NewUser, UserId, errors, normalized_email, normalized_phone};

/// The input of a registration.
pub(crate) struct Registration {
    pub(crate) username: String,
    pub(crate) password: Secret<String>,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) captcha_id: String,
    pub(crate) captcha_code: String,
}

impl Accounts {
    /// Creates an account. Returns its ID.
    ///
    /// # Errors
    /// `USER_EXISTS`, `PASSWORD_WEAK`, `VALIDATION_FAILED`, and those of the captcha.
    pub(crate) async fn register(&self, given: Registration) -> Result<UserId, Error> {
        let email = normalized_email("email", &given.email)?;
        let phone = normalized_phone("phone", &given.phone)?;
        if self.settings.verify_addresses && email.is_some() && phone.is_some() {
            let problem = "a code verifies one address: send either email or phone";
            return Err(errors::invalid_field("phone", problem));
        }
        if self.policy_switch.is_on() {
            check_password(&self.policy, &given.password, &given.username)?;
        }
        let reservation = self.passwords.reserve()?;
        // Check the captcha last, because its answer is accepted once.
        let (id, code) = (&given.captcha_id, &given.captcha_code);
        let (email_bound, phone_bound) = (email.as_deref(), phone.as_deref());
        let allowed = allowed_bindings(self.settings.verify_addresses, email_bound, phone_bound);
        self.require_captcha(id, code, &allowed).await?;
        let hash = reservation.hash(given.password).await?;
        drop(reservation);
        let user = NewUser {
            id: UserId::new(),
            username: Personal::new(given.username),
            email: email.map(Personal::new),
            phone: phone.map(Personal::new),
            password_hash: Secret::new(hash.as_str().to_owned()),
        };
        let insert = self.database.transaction(|tx| {
            let user = &user;
            async move {
                self.users.insert(&tx, user).await?;
                let entry = AuditEntry::new("user.create").target("user", user.id.to_string());
                Ok::<_, Error>(self.audit.append(&tx, entry).await?)
            }
        });
        self.plugins.around_data("users.insert", insert).await?;
        Ok(user.id)
    }
}
