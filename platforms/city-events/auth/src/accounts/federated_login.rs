use city_events_contract::Role;
use seaworthy::{
    audit_log::{AuditEntry, Outcome},
    auth::oidc::{OpenIdError, OpenIdIdentity},
    data::Transaction,
    prelude::*,
};

use super::{Accounts, LoggedIn, login::named};
use crate::{
    domain::{EmailAddress, User, UserId, refusal},
    store::{Identities, Users},
};

/// Two windows of somebody new: the first makes the user, and the second finds it.
const TRIES: usize = 2;

/// Who comes from a provider, and what of it is written down.
struct Found {
    user: User,
    action: &'static str,
}

impl Accounts {
    /// Logs in whom a provider vouches for.
    ///
    /// An identity that is known is its user's, whatever its address is today. One that is not is found by its address: of an account that has shown that the address is its own, by a
    /// provider that has too. Where either has not, one of the two may be somebody else. Who has no account gets one.
    ///
    /// A verified address does not prove that its owner registered: an attacker may have registered
    /// it, and the owner or a mail scanner may have opened the link. So linking by address removes
    /// the password and ends all sessions, tokens and links, in the transaction of the login.
    pub(crate) async fn log_in_by(
        &self,
        provider: &'static str,
        identity: &OpenIdIdentity,
    ) -> Result<LoggedIn, Error> {
        let mut outcome = self.try_log_in_by(provider, identity).await;
        for _ in 1..TRIES {
            if !matches!(&outcome, Err(error) if error.code() == Code::Conflict) {
                break;
            }
            outcome = self.try_log_in_by(provider, identity).await;
        }
        self.counts.login(&outcome);
        outcome
    }

    async fn try_log_in_by(
        &self,
        provider: &'static str,
        identity: &OpenIdIdentity,
    ) -> Result<LoggedIn, Error> {
        self.database
            .transaction(|tx| async move {
                let Found { user, action } = match self.find(&tx, provider, identity).await? {
                    Ok(found) => found,
                    Err(refused) => return Ok(Err(refused)),
                };
                if user.locked {
                    let entry = refused("user.login", &user, provider);
                    self.audit.append(&tx, entry).await?;
                    return Ok(Err(refusal::account_locked()));
                }
                let entry = AuditEntry::new(action).detail("provider", provider);
                let (access, refresh) = self.begin(&tx, &user, entry).await?;
                Ok::<_, Error>(Ok(LoggedIn {
                    user,
                    access,
                    refresh,
                }))
            })
            .await?
    }

    /// The user of an identity, found, linked or made. A refusal inside of the outcome is written down with the transaction.
    async fn find(
        &self,
        tx: &Transaction,
        provider: &'static str,
        identity: &OpenIdIdentity,
    ) -> Result<Result<Found, Error>, Error> {
        let subject = identity.subject();
        if let Some(id) = Identities::holder(tx, provider, subject).await?
            && let Some(user) = Users::locked(tx, id).await?
        {
            let action = "user.login";
            return Ok(Ok(Found { user, action }));
        }
        let Some(told) = identity.email() else {
            return Ok(Err(OpenIdError::EmailMissing.into()));
        };
        let email = match EmailAddress::entered(Some(told.expose())) {
            Ok(email) => email,
            Err(refused) => return Ok(Err(refused)),
        };
        let is_verified = identity.verified_email().is_ok();
        let known = match Users::by_email(tx, &email).await? {
            Some(user) => Users::locked(tx, user.id).await?,
            None => None,
        };
        let Some(mut user) = known else {
            let email = match email.deliverable() {
                Ok(email) => email,
                Err(refused) => return Ok(Err(refused)),
            };
            let user = User {
                id: UserId::new(),
                email: Personal::new(email.as_str().to_owned()),
                password_hash: None,
                role: Role::User,
                email_verified: is_verified,
                locked: false,
                name: named(identity.name().map(|name| name.expose().as_str())),
                avatar: None,
            };
            Users::insert(tx, &user).await?;
            Identities::link(tx, provider, subject, (&email, is_verified), user.id).await?;
            if !is_verified {
                self.send_verification(tx, &user).await?;
            }
            let action = "user.register";
            return Ok(Ok(Found { user, action }));
        };
        let unproven = if !user.email_verified {
            Some(refusal::email_not_verified())
        } else if !is_verified {
            Some(OpenIdError::EmailUnverified.into())
        } else {
            None
        };
        if let Some(unproven) = unproven {
            let entry = refused("user.link", &user, provider);
            self.audit.append(tx, entry).await?;
            return Ok(Err(unproven));
        }
        // Who is banned gains nothing, not even another way to come.
        if !user.locked {
            self.drop_unproven_access(tx, user.id).await?;
            user.password_hash = None;
            Identities::link(tx, provider, subject, (&email, is_verified), user.id).await?;
        }
        let action = "user.link";
        Ok(Ok(Found { user, action }))
    }
}

fn refused(action: &'static str, user: &User, provider: &'static str) -> AuditEntry {
    AuditEntry::new(action)
        .target("user", user.id.to_string())
        .detail("provider", provider)
        .outcome(Outcome::Refused)
}
