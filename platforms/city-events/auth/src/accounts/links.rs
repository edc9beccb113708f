use city_events_contract::messages::PasswordResetRequested;
use seaworthy::{account::SecretToken, audit_log::AuditEntry, prelude::*};

use super::{Accounts, required};
use crate::{
    domain::{EmailAddress, User, UserId, errors},
    store::{Identities, Users},
};

/// The purpose of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkKind {
    Verification,
    PasswordReset,
}

impl Accounts {
    /// Sends a new verification message. The response does not reveal whether the user exists.
    pub(crate) async fn request_verification(&self, email: Option<&str>) -> Result<(), Error> {
        self.request_link(email, LinkKind::Verification).await
    }

    /// Sends a password reset message. The response does not reveal whether the user exists.
    pub(crate) async fn request_password_reset(&self, email: Option<&str>) -> Result<(), Error> {
        self.request_link(email, LinkKind::PasswordReset).await
    }

    async fn request_link(&self, email: Option<&str>, kind: LinkKind) -> Result<(), Error> {
        let email = EmailAddress::parse(email)?;
        let user = Users::by_email(&self.database, &email).await?;
        let user = user.filter(|user| kind == LinkKind::PasswordReset || !user.email_verified);
        let Some(user) = user else {
            return self.simulate(kind).await;
        };
        self.database
            .transaction(|tx| {
                let user = &user;
                async move {
                    // The user is locked before the links, as in all other changes.
                    Users::lock(&tx, user.id).await?;
                    match kind {
                        LinkKind::Verification => self.send_verification(&tx, user).await,
                        LinkKind::PasswordReset => self.send_password_reset(&tx, user).await,
                    }
                }
            })
            .await
    }

    /// Does the same work as for an existing user, and removes the result. So the response time
    /// does not reveal whether the user exists.
    async fn simulate(&self, kind: LinkKind) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let placeholder = User {
            id: UserId::new(),
            email: Personal::new("unknown@example.invalid".to_owned()),
            password_hash: None,
            role: city_events_contract::Role::User,
            email_verified: false,
            locked: false,
            name: None,
            avatar: None,
        };
        Users::lock(&tx, placeholder.id).await?;
        match kind {
            LinkKind::Verification => self.send_verification(&tx, &placeholder).await?,
            LinkKind::PasswordReset => self.send_password_reset(&tx, &placeholder).await?,
        }
        tx.rollback().await?;
        // A commit waits for the disk, but a rollback does not.
        let tokens = match kind {
            LinkKind::Verification => &self.verify_email,
            LinkKind::PasswordReset => &self.password_reset,
        };
        let id = placeholder.id.to_string();
        self.database
            .transaction(|tx| {
                let id = id.as_str();
                async move {
                    tokens.issue(&tx, id).await?;
                    Ok::<_, Error>(tokens.revoke_all(&tx, id).await?)
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
        self.publish(tx, user.id, &event).await
    }

    /// Verifies the address of the user of a verification link.
    pub(crate) async fn verify_email(&self, token: Option<Secret<String>>) -> Result<(), Error> {
        let token = parse_token(token)?;
        let holder = self.verify_email.user(&token).await?;
        let id = UserId::parse(&holder.ok_or_else(errors::token_invalid)?)?;
        self.database
            .transaction(|tx| {
                let token = &token;
                async move {
                    // The user is locked before the links, as in all other changes.
                    Users::lock(&tx, id).await?;
                    if self.verify_email.consume(&tx, token).await?.is_none() {
                        return Err(errors::token_invalid());
                    }
                    Users::set_verified(&tx, id).await?;
                    let entry = AuditEntry::new("user.verify_email")
                        .actor(id.to_string())
                        .target("user", id.to_string());
                    Ok::<_, Error>(self.audit.append(&tx, entry).await?)
                }
            })
            .await
    }

    /// Checks a password reset link without consuming it.
    pub(crate) async fn validate_password_reset(
        &self,
        token: Option<Secret<String>>,
    ) -> Result<(), Error> {
        let holder = self.password_reset.user(&parse_token(token)?).await?;
        holder.map(drop).ok_or_else(errors::token_invalid)
    }

    /// Resets a password. Ends all sessions and other links of the user. Returns the user and the
    /// new version of the tokens.
    pub(crate) async fn reset_password(
        &self,
        token: Option<Secret<String>>,
        password: Option<Secret<String>>,
    ) -> Result<(UserId, u64), Error> {
        let token = required("token", token)?;
        let password = required("new_password", password)?;
        // A weak password is reported for an invalid link too.
        self.policy
            .check(&password, &[])
            .map_err(errors::weak_password)?;
        let token = SecretToken::parse(token.expose()).ok_or_else(errors::token_invalid)?;
        let holder = self.password_reset.user(&token).await?;
        let id = UserId::parse(&holder.ok_or_else(errors::token_invalid)?)?;
        let user = Users::by_id(&self.database, id).await?;
        let user = user.ok_or_else(errors::token_invalid)?;
        // Hash only after the link is verified, because hashing is expensive.
        let email = user.email.expose();
        let reservation = self.passwords.reserve()?;
        let hash = self.hash(&reservation, password, email).await?;
        drop(reservation);
        let version = self
            .database
            .transaction(|tx| {
                let (token, hash) = (&token, hash.as_str());
                async move {
                    // The user is locked before the links, as in all other changes.
                    Users::lock(&tx, id).await?;
                    if self.password_reset.consume(&tx, token).await?.is_none() {
                        return Err(errors::token_invalid());
                    }
                    // The link proves the address. Identities with an unverified address may belong
                    // to another person.
                    Identities::unlink_unverified(&tx, id).await?;
                    // The link proves the owner, so earlier failed logins do not delay the owner.
                    self.lockout.reset(&tx, &email.to_lowercase()).await?;
                    self.replace_password(&tx, id, hash, "user.reset_password")
                        .await
                }
            })
            .await?;
        Ok((id, version))
    }
}

/// Returns the token of a link.
///
/// # Errors
/// `MISSING_FIELD`, or `TOKEN_INVALID` for a text that is not a token.
fn parse_token(token: Option<Secret<String>>) -> Result<SecretToken, Error> {
    let token = required("token", token)?;
    SecretToken::parse(token.expose()).ok_or_else(errors::token_invalid)
}
