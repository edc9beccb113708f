use city_events_contract::Role;
use seaworthy::{
    account::TokenVersions,
    audit_log::{AuditEntry, Outcome},
    auth::oidc::{OpenIdError, OpenIdIdentity},
    data::Transaction,
    prelude::*,
};

use super::{Accounts, LoggedIn, login::display_name};
use crate::{
    domain::{EmailAddress, User, UserId, errors},
    store::{Identities, Users},
};

/// Maximum attempts. Of two concurrent logins of a new user, one creates the user, one finds it.
const MAX_ATTEMPTS: usize = 2;

/// The user of an identity, and the action for the audit log.
struct Found {
    user: User,
    action: &'static str,
}

impl Accounts {
    /// Logs in the user of an identity at a provider.
    ///
    /// | Identity | Result |
    /// | --- | --- |
    /// | Linked | Logs in its user, even if the address has changed |
    /// | Not linked, address of an account, both verified | Links the identity to the account |
    /// | Not linked, address of an account, not both verified | Rejected |
    /// | Not linked, no account | Creates an account |
    ///
    /// A verified address does not prove that its owner registered. An attacker may have registered
    /// it, and the owner or a mail scanner may have opened the link. So linking by address removes
    /// the password and revokes all sessions, tokens and links, in the transaction of the login.
    pub(crate) async fn log_in_by(
        &self,
        provider: &'static str,
        identity: &OpenIdIdentity,
    ) -> Result<LoggedIn, Error> {
        let mut outcome = self.try_log_in_by(provider, identity).await;
        for _ in 1..MAX_ATTEMPTS {
            if !matches!(&outcome, Err(error) if error.code() == Code::Conflict) {
                break;
            }
            outcome = self.try_log_in_by(provider, identity).await;
        }
        self.metrics.record_login(&outcome);
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
                    Err(error) => return Ok(Err(error)),
                };
                if user.locked {
                    let entry = refused_entry("user.login", &user, provider);
                    self.audit.append(&tx, entry).await?;
                    return Ok(Err(errors::account_locked()));
                }
                let entry = AuditEntry::new(action).detail("provider", provider);
                let version = TokenVersions::current(&tx, &user.id.to_string()).await?;
                let session = self.begin_session(&tx, &user, version, entry);
                let (access, refresh) = session.await?;
                Ok::<_, Error>(Ok(LoggedIn {
                    user,
                    access,
                    refresh,
                }))
            })
            .await?
    }

    /// Finds, links or creates the user of an identity. The transaction commits an inner error,
    /// with its audit entry.
    async fn find(
        &self,
        tx: &Transaction,
        provider: &'static str,
        identity: &OpenIdIdentity,
    ) -> Result<Result<Found, Error>, Error> {
        let subject = identity.subject();
        if let Some(id) = Identities::find_user(tx, provider, subject).await?
            && let Some(user) = Users::lock(tx, id).await?
            // A new password may have unlinked the identity before this transaction got the lock.
            && Identities::find_user(tx, provider, subject).await? == Some(id)
        {
            let action = "user.login";
            return Ok(Ok(Found { user, action }));
        }
        let Some(address) = identity.email() else {
            return Ok(Err(OpenIdError::EmailMissing.into()));
        };
        let email = match EmailAddress::parse(Some(address.expose())) {
            Ok(email) => email,
            Err(error) => return Ok(Err(error)),
        };
        let is_verified = identity.verified_email().is_ok();
        let existing = match Users::by_email(tx, &email).await? {
            Some(user) => Users::lock(tx, user.id).await?,
            None => None,
        };
        let Some(mut user) = existing else {
            let email = match email.require_deliverable() {
                Ok(email) => email,
                Err(error) => return Ok(Err(error)),
            };
            let user = User {
                id: UserId::new(),
                email: Personal::new(email.as_str().to_owned()),
                password_hash: None,
                role: Role::User,
                email_verified: is_verified,
                locked: false,
                name: display_name(identity.name().map(|name| name.expose().as_str())),
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
        let rejection = if !user.email_verified {
            Some(errors::email_not_verified())
        } else if !is_verified {
            Some(OpenIdError::EmailUnverified.into())
        } else {
            None
        };
        if let Some(rejection) = rejection {
            let entry = refused_entry("user.link", &user, provider);
            self.audit.append(tx, entry).await?;
            return Ok(Err(rejection));
        }
        // A banned user cannot link an identity.
        if !user.locked {
            self.drop_unproven_access(tx, user.id).await?;
            user.password_hash = None;
            Identities::link(tx, provider, subject, (&email, is_verified), user.id).await?;
        }
        let action = "user.link";
        Ok(Ok(Found { user, action }))
    }
}

fn refused_entry(action: &'static str, user: &User, provider: &'static str) -> AuditEntry {
    AuditEntry::new(action)
        .target("user", user.id.to_string())
        .detail("provider", provider)
        .outcome(Outcome::Refused)
}
