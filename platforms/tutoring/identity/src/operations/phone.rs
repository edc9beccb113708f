use seaworthy::prelude::*;
use uuid::Uuid;

use super::LoggedIn;
use crate::{Account, Accounts, codes::Purpose, errors, identity::Parts, store::NewAccount};

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
            .transaction(
                |tx| async move { self.codes.issue(&tx, phone, Purpose::PhoneLogin).await },
            )
            .await?;
        let provider = if by_voice { &sms.voice } else { &sms.text };
        let sent = provider.send(phone, &code).await;
        sent.map_err(errors::not_sent)?;
        Ok(self.codes.ttl(Purpose::PhoneLogin).as_secs())
    }

    /// Logs in by a code to a telephone. Creates the account if the number has none. Returns
    /// whether it is new. A number that an account has not verified counts for its own user only,
    /// the `caller`. Otherwise the number of a person could lead to the account of another one.
    ///
    /// # Errors
    /// `INVALID_CODE` and `RATE_LIMITED`.
    pub(crate) async fn verify_phone(
        &self,
        phone: &str,
        code: &str,
        caller: Option<Uuid>,
    ) -> Result<(LoggedIn, bool), Error> {
        self.limits.code_verify(phone).await?;
        self.codes.take(phone, Purpose::PhoneLogin, code).await?;
        let (logged_in, is_new) = self
            .database
            .transaction(|tx| async move {
                let mut known = Accounts::by_phone(&tx, phone).await?;
                let is_own =
                    |account: &Account| account.is_phone_verified || caller == Some(account.id);
                if let Some(other) = known.take_if(|account| !is_own(account)) {
                    Accounts::release_phone(&tx, other.id).await?;
                }
                let is_new = known.is_none();
                let id = match known {
                    Some(account) => account.id,
                    None => {
                        let new = NewAccount {
                            phone: Some(phone.to_owned()),
                            is_phone_verified: true,
                            approval_status: self.kind.first_approval_status(),
                            ..NewAccount::default()
                        };
                        Accounts::insert(&tx, new).await?
                    }
                };
                let account = Accounts::lock(&tx, id).await?;
                let account = match account.is_phone_verified && !is_new {
                    true => account,
                    false => {
                        Accounts::set_phone_verified(&tx, id, phone).await?;
                        self.published(&tx, id).await?
                    }
                };
                let logged_in = self.begin_session(&tx, account).await?;
                Ok::<_, Error>((logged_in, is_new))
            })
            .await?;
        Ok((self.started(logged_in).await?, is_new))
    }
}
