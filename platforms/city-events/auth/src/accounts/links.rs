use city_events_contract::messages::PasswordResetRequested;
use seaworthy::{account::SecretToken, audit_log::AuditEntry, prelude::*};

use super::{Accounts, required};
use crate::{
    domain::{EmailAddress, User, UserId, refusal},
    store::{Identities, Users},
};

/// Which message somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Verification,
    PasswordReset,
}

impl Accounts {
    /// Sends the message that verifies an address once more. Nobody learns whether there is such a user.
    pub(crate) async fn ask_for_verification(&self, email: Option<&str>) -> Result<(), Error> {
        self.ask(email, Wanted::Verification).await
    }

    /// Sends the message with which a forgotten password is replaced. Nobody learns whether there is such a user.
    pub(crate) async fn ask_for_password_reset(&self, email: Option<&str>) -> Result<(), Error> {
        self.ask(email, Wanted::PasswordReset).await
    }

    async fn ask(&self, email: Option<&str>, wanted: Wanted) -> Result<(), Error> {
        let email = EmailAddress::entered(email)?;
        let user = Users::by_email(&self.database, &email).await?;
        let user = user.filter(|user| wanted == Wanted::PasswordReset || !user.email_verified);
        let Some(user) = user else {
            return self.pretend(wanted).await;
        };
        self.database
            .transaction(|tx| {
                let user = &user;
                async move {
                    match wanted {
                        Wanted::Verification => self.send_verification(&tx, user).await,
                        Wanted::PasswordReset => self.send_password_reset(&tx, user).await,
                    }
                }
            })
            .await
    }

    /// What is done for a user who exists, for one who does not, and nothing of it stays: so that the time tells nothing.
    async fn pretend(&self, wanted: Wanted) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let nobody = User {
            id: UserId::new(),
            email: Personal::new("nobody@example.invalid".to_owned()),
            password_hash: None,
            role: city_events_contract::Role::User,
            email_verified: false,
            locked: false,
            name: None,
            avatar: None,
        };
        match wanted {
            Wanted::Verification => self.send_verification(&tx, &nobody).await?,
            Wanted::PasswordReset => self.send_password_reset(&tx, &nobody).await?,
        }
        tx.rollback().await?;
        // A commit waits for the disk, and a rollback for nothing.
        let tokens = match wanted {
            Wanted::Verification => &self.verify_email,
            Wanted::PasswordReset => &self.password_reset,
        };
        let id = nobody.id.to_string();
        self.database
            .transaction(|tx| {
                let id = id.as_str();
                async move {
                    tokens.issue(&tx, id).await?;
                    Ok::<_, Error>(tokens.end_all(&tx, id).await?)
                }
            })
            .await
    }

    async fn send_password_reset(
        &self,
        tx: &seaworthy::data::Transaction,
        user: &User,
    ) -> Result<(), Error> {
        let user_id = user.id.to_string();
        let token = self.password_reset.issue(tx, &user_id).await?;
        let event = PasswordResetRequested {
            user_id,
            email: user.email.expose().clone(),
            url: format!(
                "{}{}",
                self.settings.password_reset.base_url,
                token.expose()
            ),
        };
        self.tell(tx, user.id, &event).await
    }

    /// Follows the link of a verification message.
    pub(crate) async fn verify_email(&self, token: Option<Secret<String>>) -> Result<(), Error> {
        let token = shown(token)?;
        self.database
            .transaction(|tx| {
                let token = &token;
                async move {
                    let holder = self.verify_email.take(&tx, token).await?;
                    let id = UserId::named(&holder.ok_or_else(refusal::token_invalid)?)?;
                    Users::set_verified(&tx, id).await?;
                    let entry = AuditEntry::new("user.verify_email")
                        .actor(id.to_string())
                        .target("user", id.to_string());
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }

    /// Whether the link of a message about a forgotten password is good, without using it up.
    pub(crate) async fn look_at_password_reset(
        &self,
        token: Option<Secret<String>>,
    ) -> Result<(), Error> {
        let holder = self.password_reset.holder(&shown(token)?).await?;
        holder.map(drop).ok_or_else(refusal::token_invalid)
    }

    /// Replaces a forgotten password: whoever was logged in is so no more, and no other link of the user is good.
    /// Returns the user and the new version of the tokens.
    pub(crate) async fn reset_password(
        &self,
        token: Option<Secret<String>>,
        password: Option<Secret<String>>,
    ) -> Result<(UserId, u64), Error> {
        let token = required("token", token)?;
        let password = required("new_password", password)?;
        let token = SecretToken::parse(token.expose()).ok_or_else(refusal::token_invalid)?;
        let holder = self.password_reset.holder(&token).await?;
        let id = UserId::named(&holder.ok_or_else(refusal::token_invalid)?)?;
        let user = Users::by_id(&self.database, id).await?;
        let user = user.ok_or_else(refusal::token_invalid)?;
        // Nobody pays for a hash without a link that is good.
        let email = user.email.expose();
        let place = self.passwords.reserve()?;
        let hash = self.hash(&place, password, email).await?;
        drop(place);
        let version = self
            .database
            .transaction(|tx| {
                let (token, hash) = (&token, hash.as_str());
                async move {
                    if self.password_reset.take(&tx, token).await?.is_none() {
                        return Err(refusal::token_invalid());
                    }
                    // Who made the account by a provider may not have shown that the address is theirs, and this is who has.
                    Identities::unlink_unverified(&tx, id).await?;
                    // Whoever failed before, the owner need not wait for it.
                    self.lockout.reset(&tx, &email.to_lowercase()).await?;
                    self.replace_password(&tx, id, hash, "user.reset_password")
                        .await
                }
            })
            .await?;
        Ok((id, version))
    }
}

/// The token of a link. A text that can be none is none that is known.
fn shown(token: Option<Secret<String>>) -> Result<SecretToken, Error> {
    let token = required("token", token)?;
    SecretToken::parse(token.expose()).ok_or_else(refusal::token_invalid)
}
