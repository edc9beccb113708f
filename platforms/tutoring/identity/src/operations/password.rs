use seaworthy::prelude::*;

use super::login::VerifiedAccount;
use crate::{Accounts, CallerSession, identity::Parts};

impl Parts {
    /// Sets a new password by a code. All sessions end.
    ///
    /// # Errors
    /// `INVALID_CODE`, also for an unknown address, and `RATE_LIMITED`.
    pub(crate) async fn reset_password(
        &self,
        email: &str,
        code: &str,
        password: Secret<String>,
    ) -> Result<(), Error> {
        self.limits.login(email).await?;
        self.limits.code_verify(email).await?;
        let account = Accounts::find_by_email(&self.database, email).await?;
        let id = account.map_or(Uuid::nil(), |account| account.id);
        self.reset_codes.consume(&id.to_string(), code).await?;
        self.replace_password(id, password, None).await
    }

    /// Replaces the password of the caller, who knows the current one. All sessions end.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` or `ACCOUNT_LOCKED`. `CONFLICT` if another call gave the account a new
    /// password or ended its sessions after the check of the current password. `TOKEN_INVALID` if
    /// the session of the caller ended before that check, because a client may send the body late.
    pub(crate) async fn change_password(
        &self,
        caller: &CallerSession,
        current: Secret<String>,
        password: Secret<String>,
    ) -> Result<(), Error> {
        let id = caller.user();
        let subject = id.to_string();
        self.limits.login(&subject).await?;
        let verified = self.check_password(&subject, Some(id), current).await?;
        let checked = Some((&verified, caller));
        self.replace_password(id, password, checked).await
    }

    /// Replaces the password of an account, which must be the same as when its password was
    /// checked. A reset by code skips this check, so the owner can replace an attacker's password.
    async fn replace_password(
        &self,
        id: Uuid,
        password: Secret<String>,
        checked: Option<(&VerifiedAccount, &CallerSession)>,
    ) -> Result<(), Error> {
        let hash = self.passwords.hash(password).await?;
        self.database
            .transaction(|tx| {
                let hash = &hash;
                async move {
                    let mut account = match checked {
                        Some((verified, _)) => self.lock_unchanged(&tx, verified).await?,
                        None => Accounts::lock(&tx, id).await?,
                    };
                    if let Some((_, caller)) = checked {
                        caller.require_active(&tx).await?;
                    }
                    account.password_hash = Some(Secret::new(hash.as_str().to_owned()));
                    Accounts::update(&tx, account).await?;
                    // The owner has proved their identity.
                    self.lockout.reset(&tx, &id.to_string()).await?;
                    self.revoke_sessions(&tx, id).await
                }
            })
            .await
    }
}
