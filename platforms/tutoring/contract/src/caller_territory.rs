use std::sync::Arc;

use seaworthy::{
    auth::token::VerifiedToken,
    axum::{extract::FromRequestParts, http::request::Parts},
    core::Grants,
    prelude::*,
};

use crate::{AdminRole, Role, SERVICE_ROLE, Territory, grants};

/// The territory in which the caller may read and write data. It limits administrators only.
/// Ownership and permissions limit other callers, and handlers check them separately.
///
/// Handlers take it as an extractor.
///
/// ```
/// use tutoring_contract::{CallerTerritory, Territory};
///
/// let kerala = Territory { state: Some("Kerala".to_owned()), ..Territory::default() };
/// let caller = CallerTerritory::Within(kerala.clone());
/// assert!(caller.require(Some(&kerala)).is_ok());
/// // An entity whose place is unknown is outside.
/// assert!(caller.require(None).is_err());
/// assert!(CallerTerritory::Everywhere.require(None).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerTerritory {
    /// A super admin, or a caller who is not an administrator.
    Everywhere,
    /// An administrator of these places.
    Within(Territory),
    /// An administrator without a territory.
    Nowhere,
}

/// Whether callers with these grants see every place: super admins, students, trainers and
/// services. A caller with an unknown role sees none.
fn is_everywhere(grants: &Grants) -> bool {
    let others = [Role::Student.as_str(), Role::Trainer.as_str(), SERVICE_ROLE];
    let is_other = others.into_iter().any(|role| grants.has_role(role));
    let is_admin = grants.has_role(Role::Admin.as_str());
    is_admin && grants.has_role(AdminRole::SuperAdmin.as_str()) || is_other && !is_admin
}

fn outside() -> Error {
    let message = "the place is outside your territory, or the service does not know the place";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

/// Requires that the caller of the current request is not an administrator with a territory. Use it
/// for entities of the whole platform, and for those whose place the service does not know.
///
/// # Errors
/// `FORBIDDEN`, also outside of a request.
pub fn require_everywhere() -> Result<(), Error> {
    match is_everywhere(&grants()) {
        true => Ok(()),
        false => Err(outside()),
    }
}

/// Requires a permission and [`require_everywhere`] of an administrator. Other callers need no
/// permission. Returns whether the caller is an administrator.
///
/// # Errors
/// `FORBIDDEN`.
pub fn require_admin_scope(scope: &str) -> Result<bool, Error> {
    let grants = grants();
    let is_admin = grants.has_role(Role::Admin.as_str());
    if is_admin {
        grants.require_scope(scope)?;
        require_everywhere()?;
    }
    Ok(is_admin)
}

impl CallerTerritory {
    /// Returns the territory of the caller with an access token.
    ///
    /// # Errors
    /// `TOKEN_INVALID` if the claim is malformed.
    pub fn from_token(token: &VerifiedToken) -> Result<Self, Error> {
        if is_everywhere(token.grants()) {
            return Ok(Self::Everywhere);
        }
        let territory = Territory::from_token(token)?;
        Ok(match territory.state {
            Some(_) => Self::Within(territory),
            None => Self::Nowhere,
        })
    }

    /// Returns the territory for a condition of a list. It is empty for every place. Returns `None`
    /// for an administrator without a territory.
    #[must_use]
    pub fn within(&self) -> Option<Territory> {
        match self {
            Self::Everywhere => Some(Territory::default()),
            Self::Within(territory) => Some(territory.clone()),
            Self::Nowhere => None,
        }
    }

    /// Whether the caller sees every place.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        matches!(self, Self::Everywhere)
    }

    /// Requires that an entity is in the territory. An entity without a known place is outside of
    /// every territory.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require(&self, place: Option<&Territory>) -> Result<(), Error> {
        let is_within = match self {
            Self::Everywhere => true,
            Self::Within(territory) => place.is_some_and(|place| territory.contains(place)),
            Self::Nowhere => false,
        };
        is_within.then_some(()).ok_or_else(outside)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CallerTerritory {
    type Rejection = Error;

    /// A request without a token has the territory [`Nowhere`](Self::Nowhere).
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        match parts.extensions.get::<Arc<VerifiedToken>>() {
            Some(token) => Self::from_token(token),
            None => Ok(Self::Nowhere),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn territory_limits_administrators_only_auth_5() {
        let everywhere = |roles: &[&str]| is_everywhere(&Grants::new(roles.to_vec(), [""; 0]));
        for roles in [
            &["student"][..],
            &["trainer"],
            &["service"],
            &["admin", "super_admin"],
        ] {
            assert!(everywhere(roles), "{roles:?}");
        }
        for role in [
            "state_admin",
            "district_admin",
            "zone_admin",
            "locality_supervisor",
        ] {
            assert!(!everywhere(&["admin", role]), "{role}");
        }
        for roles in [&[][..], &["admin"], &["unknown"], &["super_admin"]] {
            assert!(!everywhere(roles), "{roles:?}");
        }
        assert!(require_everywhere().is_err());
    }

    #[test]
    fn unknown_place_is_outside_of_every_territory_auth_5() {
        let kerala = Territory {
            state: Some("Kerala".to_owned()),
            ..Territory::default()
        };
        let within = CallerTerritory::Within(kerala.clone());
        assert!(within.require(Some(&kerala)).is_ok());
        for place in [None, Some(&Territory::default())] {
            assert_eq!(within.require(place).unwrap_err().reason(), "FORBIDDEN");
        }
        let nowhere = CallerTerritory::Nowhere;
        assert!(nowhere.require(Some(&kerala)).is_err() && nowhere.within().is_none());
        assert!(CallerTerritory::Everywhere.require(None).is_ok());
    }
}
