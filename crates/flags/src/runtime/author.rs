use seaworthy_core::{Timeout, context};

use super::{error::ChangeError, state::OverrideScope};

/// The maximum length of a reason, in characters.
const MAX_REASON: usize = 1_000;
/// The maximum length of the identifier of a user or tenant, in bytes.
const MAX_ID: usize = 200;
/// The default expiry of an override: long enough to find the cause of an incident, and short
/// enough to limit the effect of a forgotten override.
const DEFAULT_EXPIRY: Timeout = Timeout::from_secs(60 * 60);
/// The maximum expiry of an override. For a longer time, change the flag file.
const MAX_EXPIRY: Timeout = Timeout::from_secs(24 * 60 * 60);

/// The operator of a change and the reason, for the audit log.
///
/// ```
/// use seaworthy_flags::Author;
///
/// let author = Author::new("payments fail, see INC-7").actor("ann");
/// ```
#[derive(Debug, Clone)]
pub struct Author {
    actor: Option<String>,
    reason: String,
}

impl Author {
    /// Creates an author with a reason. The actor is that of the current request.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            actor: None,
            reason: reason.into(),
        }
    }

    /// Sets the actor.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Returns the actor and the reason.
    pub(super) fn check(&self) -> Result<(String, String), ChangeError> {
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(ChangeError::Field {
                field: "reason",
                problem: format!("must have 1–{MAX_REASON} characters"),
            });
        }
        let of_request = || {
            let request = context::current()?;
            Some(request.actor()?.as_str().to_owned())
        };
        let actor = self.actor.clone().or_else(of_request);
        Ok((
            actor.unwrap_or_else(|| "unknown".to_owned()),
            reason.to_owned(),
        ))
    }
}

/// An override to set.
///
/// ```
/// use seaworthy_core::Timeout;
/// use seaworthy_flags::{NewOverride, OverrideScope};
///
/// let off = NewOverride::new("checkout.new", "off")
///     .scope(OverrideScope::Tenant("acme".into()))
///     .expires_in(Timeout::from_secs(3_600));
/// ```
#[derive(Debug, Clone)]
pub struct NewOverride {
    pub(super) key: String,
    pub(super) variant: String,
    pub(super) scope: OverrideScope,
    expires_in: Option<Timeout>,
}

impl NewOverride {
    /// Creates an override of a flag by a variant, for all callers. It ends after one hour, or
    /// never if the code declares the flag as a kill switch.
    #[must_use]
    pub fn new(key: impl Into<String>, variant: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            variant: variant.into(),
            scope: OverrideScope::All,
            expires_in: None,
        }
    }

    /// Sets the callers that get the variant.
    #[must_use]
    pub fn scope(mut self, scope: OverrideScope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the time after which the override ends, at most 24 hours.
    #[must_use]
    pub fn expires_in(mut self, time: Timeout) -> Self {
        self.expires_in = Some(time);
        self
    }

    /// Returns the time after which the override ends.
    pub(super) fn expiry(&self, is_kill_switch: bool) -> Result<Option<Timeout>, ChangeError> {
        match self.expires_in {
            None if is_kill_switch => Ok(None),
            None => Ok(Some(DEFAULT_EXPIRY)),
            Some(time) if time > MAX_EXPIRY || time.get().is_zero() => Err(ChangeError::Field {
                field: "expires_in",
                problem: format!("must be at most {MAX_EXPIRY}: otherwise change the flag file"),
            }),
            Some(time) => Ok(Some(time)),
        }
    }

    pub(super) fn check_scope(&self) -> Result<(), ChangeError> {
        match &self.scope {
            OverrideScope::Tenant(id) | OverrideScope::User(id)
                if id.is_empty() || id.len() > MAX_ID =>
            {
                Err(ChangeError::Field {
                    field: "scope",
                    problem: format!("must name a user or tenant of 1–{MAX_ID} bytes"),
                })
            }
            _ => Ok(()),
        }
    }
}

/// The result of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    /// The version of the state after the change.
    pub version: u64,
    /// Whether the store has the change. A kill switch also changes while the store is down. Then
    /// only this replica has the change, and stores it as soon as the store responds.
    pub stored: bool,
}
