use std::sync::Arc;

use crate::{Code, Error};

/// What the actor of a request may do, as proved credentials say. Empty where they say nothing: what is not granted is refused (AUTH-5). Cheap to clone.
///
/// ```
/// use seaworthy_core::Grants;
///
/// let grants = Grants::new(["moderator"], ["events:write"]);
/// assert!(grants.require_role("moderator").is_ok());
/// assert_eq!(grants.require_scope("events:delete").unwrap_err().reason(), "INSUFFICIENT_SCOPE");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(Option<Arc<Inner>>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    roles: Box<[Box<str>]>,
    scopes: Box<[Box<str>]>,
}

impl Grants {
    /// These roles and scopes.
    pub fn new<R, S>(roles: R, scopes: S) -> Self
    where
        R: IntoIterator<Item: Into<Box<str>>>,
        S: IntoIterator<Item: Into<Box<str>>>,
    {
        let roles: Box<[_]> = roles.into_iter().map(Into::into).collect();
        let scopes: Box<[_]> = scopes.into_iter().map(Into::into).collect();
        let is_empty = roles.is_empty() && scopes.is_empty();
        Self((!is_empty).then(|| Arc::new(Inner { roles, scopes })))
    }

    /// The roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.iter();
        inner.flat_map(|inner| inner.roles.iter().map(|role| &**role))
    }

    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.iter();
        inner.flat_map(|inner| inner.scopes.iter().map(|scope| &**scope))
    }

    /// Whether the actor has a role. Names are compared whole and with case.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// Whether the actor has a scope. Names are compared whole and with case.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|own| own == scope)
    }

    /// Refuses who lacks a role: for rules of the domain, behind those of the route.
    ///
    /// # Errors
    /// 403 `INSUFFICIENT_ROLE`.
    pub fn require_role(&self, role: &str) -> Result<(), Error> {
        if self.has_role(role) {
            return Ok(());
        }
        Err(Self::missing_role())
    }

    /// Refuses who lacks a scope: for rules of the domain, behind those of the route.
    ///
    /// # Errors
    /// 403 `INSUFFICIENT_SCOPE`.
    pub fn require_scope(&self, scope: &str) -> Result<(), Error> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(Self::missing_scope())
    }

    /// The refusal of who has none of the roles that are asked for.
    #[must_use]
    pub fn missing_role() -> Error {
        let message = "the caller does not have the role that this needs";
        Error::new(Code::Forbidden, "INSUFFICIENT_ROLE", message)
    }

    /// The refusal of whose credentials do not reach this far.
    #[must_use]
    pub fn missing_scope() -> Error {
        let message = "the credentials do not have the scope that this needs";
        Error::new(Code::Forbidden, "INSUFFICIENT_SCOPE", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_granted_that_was_not_named_auth_5() {
        let none = Grants::default();
        assert!(!none.has_role("admin") && !none.has_scope(""));
        let grants = Grants::new(["admin"], ["read", "write"]);
        assert!(grants.has_role("admin") && grants.has_scope("write"));
        for other in ["Admin", "adm", "admin ", "read", ""] {
            assert!(!grants.has_role(other), "{other:?}");
        }
        assert_eq!(Grants::new([""; 0], [""; 0]), none);
    }
}
