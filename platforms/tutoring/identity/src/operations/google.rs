use seaworthy::{
    auth::oidc::{OpenIdClientLogin, OpenIdIdentity},
    data::Transaction,
    prelude::*,
};

use super::LoggedIn;
use crate::{Account, Accounts, errors, identity::Parts, normalized_email, store::NewAccount};

impl Parts {
    /// Returns the logins by Google.
    ///
    /// # Errors
    /// `SERVICE_DEGRADED` without the settings `google`.
    pub(crate) fn google(&self) -> Result<&OpenIdClientLogin, Error> {
        self.google.as_ref().ok_or_else(errors::google_off)
    }

    /// Logs in a user whom Google has identified. Creates the account if the user has none.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if Google has not verified the e-mail address, `FORBIDDEN` for a disabled
    /// account.
    pub(crate) async fn log_in_by_google(
        &self,
        identity: &OpenIdIdentity,
    ) -> Result<LoggedIn, Error> {
        let email = identity.verified_email().ok();
        let email = email.and_then(|email| normalized_email(email.expose()));
        let email = email.ok_or_else(errors::google_email_unverified)?;
        self.limits.login(&email).await?;
        let subject = identity.subject();
        self.database
            .transaction(|tx| {
                let email = email.clone();
                async move {
                    let account = match Accounts::find_by_google(&tx, subject).await? {
                        Some(known) => Accounts::lock(&tx, known.id).await?,
                        None => self.link_google(&tx, subject, email).await?,
                    };
                    self.begin_session(&tx, account).await
                }
            })
            .await
    }

    /// Links the account with this verified e-mail address, or a new one. An account that did not
    /// verify the address may belong to another person, so the address is removed from it.
    async fn link_google(
        &self,
        tx: &Transaction,
        subject: &str,
        email: String,
    ) -> Result<Account, Error> {
        let google_id = Some(subject.to_owned());
        match Accounts::lock_by_email(tx, &email).await? {
            Some(account) if account.is_email_verified => {
                let linked = Account {
                    google_id,
                    ..account
                };
                return self.update(tx, linked).await;
            }
            Some(other) => {
                // The worker deletes an account without any verified address.
                let released = Account {
                    email: None,
                    password_hash: None,
                    ..other
                };
                Accounts::update(tx, released).await?;
            }
            None => {}
        }
        let new = NewAccount {
            email: Some(email),
            google_id,
            is_email_verified: true,
            ..NewAccount::default()
        };
        self.insert(tx, new).await
    }
}
