//! Operations on admins, independent of the transport.

mod login;
mod manage;
mod passwords;
mod roles;
mod second_factor;
mod sessions;

use seaworthy::{
    account::{Lockout, SecondFactors, Sessions},
    audit_log::AuditLog,
    auth::password::Passwords,
    data::Database,
};
use tutoring_contract::AccessTokens;
use tutoring_identity::{ActiveSessions, CallerSession, LoginLimit, RefreshCookies};

use crate::domain::Admin;

pub(crate) use manage::{AdminChange, NewAdmin};
pub(crate) use second_factor::second_factors;
pub(crate) use sessions::LoggedIn;

/// The admin of an access token, and the session of the token.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) admin: Admin,
    session: CallerSession,
}

/// The admins and their dependencies.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) database: Database,
    pub(crate) sessions: Sessions,
    /// The sessions whose access tokens all services accept.
    pub(crate) active_sessions: ActiveSessions,
    pub(crate) lockout: Lockout,
    pub(crate) limit: LoginLimit,
    pub(crate) factors: SecondFactors,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: AccessTokens,
    pub(crate) audit: AuditLog,
    /// The cookies of browsers.
    pub(crate) cookies: RefreshCookies,
}
