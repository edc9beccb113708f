use seaworthy::prelude::*;
use uuid::Uuid;

use crate::{Accounts, codes::Purpose, identity::Parts};

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
        let account = Accounts::by_email(&self.database, email).await?;
        let id = account.map_or(Uuid::nil(), |account| account.id);
        let subject = id.to_string();
        self.codes
            .take(&subject, Purpose::PasswordReset, code)
            .await?;
        self.replace_password(id, password).await
    }

    /// Replaces the password of the caller, who knows the current one. All sessions end.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` and `ACCOUNT_LOCKED`.
    pub(crate) async fn change_password(
        &self,
        id: Uuid,
        current: Secret<String>,
        password: Secret<String>,
    ) -> Result<(), Error> {
        let subject = id.to_string();
        self.limits.login(&subject).await?;
        let account = Accounts::by_id(&self.database, id).await?;
        self.check_password(&subject, account, current).await?;
        self.replace_password(id, password).await
    }

    async fn replace_password(&self, id: Uuid, password: Secret<String>) -> Result<(), Error> {
        let hash = self.passwords.hash(password).await?;
        self.database
            .transaction(|tx| {
                let hash = &hash;
                async move {
                    Accounts::lock(&tx, id).await?;
                    Accounts::set_password(&tx, id, hash.as_str()).await?;
                    // The owner has proved their identity.
                    self.lockout.reset(&tx, &id.to_string()).await?;
                    self.end_sessions(&tx, id).await
                }
            })
            .await
    }
}
