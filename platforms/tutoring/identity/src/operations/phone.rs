use seaworthy::{data::Transaction, prelude::*};

use super::LoggedIn;
use crate::{Account, Accounts, CallerSession, errors, identity::Parts, store::NewAccount};

impl Parts {
    /// Sends a code to a telephone, by message or by voice. Returns the lifetime of the code in
    /// seconds.
    ///
    /// # Errors
    /// `RATE_LIMITED`, and `SERVICE_DEGRADED` if the provider did not accept the message.
    pub(crate) async fn request_phone_code(
        &self,
        phone: &str,
        by_voice: bool,
    ) -> Result<u64, Error> {
        let sms = self.sms.as_ref().ok_or_else(errors::sms_off)?;
        self.limits.code_request().await?;
        let code = self
            .database
            .transaction(|tx| async move { self.phone_codes.issue(&tx, phone).await })
            .await?;
        let provider = if by_voice { &sms.voice } else { &sms.text };
        let sent = provider.send(phone, &code).await;
        sent.map_err(errors::not_sent)?;
        Ok(self.phone_codes.ttl().as_secs())
    }

    /// Logs in by a code to a telephone. Creates the account if the number has none. Returns
    /// whether it is new. An unverified number of an account is valid for the user of that account,
    /// the `caller`. Otherwise the owner of a number could log in to an account of another person.
    ///
    /// # Errors
    /// `INVALID_CODE` and `RATE_LIMITED`, and `TOKEN_INVALID` if the session of the caller ended
    /// during the call.
    pub(crate) async fn verify_phone(
        &self,
        phone: &str,
        code: &str,
        caller: Option<&CallerSession>,
    ) -> Result<(LoggedIn, bool), Error> {
        self.limits.code_verify(phone).await?;
        self.phone_codes.consume(phone, code).await?;
        self.database
            .transaction(|tx| async move {
                let known = self.lock_owner(&tx, phone, caller).await?;
                let is_new = known.is_none();
                let account = match known {
                    Some(account) => account,
                    None => {
                        let new = NewAccount {
                            phone: Some(phone.to_owned()),
                            is_phone_verified: true,
                            ..NewAccount::default()
                        };
                        self.insert(&tx, new).await?
                    }
                };
                Ok((self.begin_session(&tx, account).await?, is_new))
            })
            .await
    }

    /// Locks the account with a telephone number, and verifies the number if the account is that of
    /// the caller. Removes the number from another account that has not verified it.
    async fn lock_owner(
        &self,
        tx: &Transaction,
        phone: &str,
        caller: Option<&CallerSession>,
    ) -> Result<Option<Account>, Error> {
        let Some(account) = Accounts::lock_by_phone(tx, phone).await? else {
            return Ok(None);
        };
        if account.is_phone_verified {
            return Ok(Some(account));
        }
        let Some(caller) = caller.filter(|caller| caller.user() == account.id) else {
            let released = Account {
                phone: None,
                ..account
            };
            Accounts::update(tx, released).await?;
            return Ok(None);
        };
        caller.require_active(tx).await?;
        let verified = Account {
            is_phone_verified: true,
            ..account
        };
        self.update(tx, verified).await.map(Some)
    }
}
