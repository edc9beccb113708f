use seaworthy::prelude::*;

use crate::{
    Account, AccountChecks as _, Accounts, CallerSession, Checks, errors, identity::Parts,
};

impl Parts {
    /// Returns the account of the caller.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if it does not exist.
    pub(crate) async fn account(&self, id: Uuid) -> Result<Account, Error> {
        let account = Accounts::find_by_id(&self.database, id).await?;
        account.ok_or_else(errors::token_invalid)
    }

    /// Changes the user name and the telephone number of the caller. A new number has to be
    /// verified by a code.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `CONFLICT` if one of them is taken, and `TOKEN_INVALID` if the session
    /// of the caller ended during the call.
    pub(crate) async fn change_profile(
        &self,
        caller: &CallerSession,
        username: Option<&str>,
        phone: Option<&str>,
    ) -> Result<Account, Error> {
        let mut checks = Checks::new();
        let username = checks.username("username", username);
        let phone = checks.phone("phone", phone).map(Personal::new);
        checks.finish()?;
        self.database
            .transaction(|tx| {
                let (username, phone) = (username.clone(), phone.clone());
                async move {
                    let account = Accounts::lock(&tx, caller.user()).await?;
                    caller.require_active(&tx).await?;
                    let phone = phone.or_else(|| account.phone.clone());
                    let changed = Account {
                        is_phone_verified: account.is_phone_verified && account.phone == phone,
                        username: username.or_else(|| account.username.clone()),
                        phone,
                        ..account
                    };
                    self.update(&tx, changed).await
                }
            })
            .await
    }
}
