use std::sync::Arc;

use crate::{Code, Error};

/// The roles and scopes of an authenticated actor. Cheap to clone.
///
/// It is empty by default, so that permissions that are not granted are denied (AUTH-5).
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
    /// Whether a scope with a `*` at its end grants those that begin with its text.
    has_wildcards: bool,
}

impl Grants {
    /// Creates grants.
    pub fn new<R, S>(roles: R, scopes: S) -> Self
    where
        R: IntoIterator<Item: Into<Box<str>>>,
        S: IntoIterator<Item: Into<Box<str>>>,
    {
        let roles: Box<[_]> = roles.into_iter().map(Into::into).collect();
        let scopes: Box<[_]> = scopes.into_iter().map(Into::into).collect();
        let is_empty = roles.is_empty() && scopes.is_empty();
        Self((!is_empty).then(|| {
            Arc::new(Inner {
                roles,
                scopes,
                has_wildcards: false,
            })
        }))
    }

    /// Creates grants whose scopes are permissions such as `order:read`. A scope with a `*` at its
    /// end grants all permissions that begin with its text: `order:*`, or `*` for all.
    ///
    /// ```
    /// use seaworthy_core::Grants;
    ///
    /// let grants = Grants::with_wildcards([""; 0], ["order:*", "account:read"]);
    /// assert!(grants.has_scope("order:read") && grants.has_scope("account:read"));
    /// assert!(!grants.has_scope("account:write") && !grants.has_scope("orders:read"));
    /// ```
    pub fn with_wildcards<R, S>(roles: R, scopes: S) -> Self
    where
        R: IntoIterator<Item: Into<Box<str>>>,
        S: IntoIterator<Item: Into<Box<str>>>,
    {
        let mut grants = Self::new(roles, scopes);
        if let Some(inner) = grants.0.as_mut().and_then(Arc::get_mut) {
            inner.has_wildcards = true;
        }
        grants
    }

    /// Returns the roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.iter();
        inner.flat_map(|inner| inner.roles.iter().map(|role| &**role))
    }

    /// Returns the scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.iter();
        inner.flat_map(|inner| inner.scopes.iter().map(|scope| &**scope))
    }

    /// Returns whether the actor has a role. The comparison is case-sensitive.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// Returns whether the actor has a scope. The comparison is case-sensitive.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        let has_wildcards = self.0.as_ref().is_some_and(|inner| inner.has_wildcards);
        self.scopes().any(|own| match own.strip_suffix('*') {
            Some(start) if has_wildcards => scope.starts_with(start),
            _ => own == scope,
        })
    }

    /// Requires a role, for domain rules beyond those of the route.
    ///
    /// # Errors
    /// 403 `INSUFFICIENT_ROLE` if the actor lacks the role.
    pub fn require_role(&self, role: &str) -> Result<(), Error> {
        if self.has_role(role) {
            return Ok(());
        }
        Err(Self::missing_role())
    }

    /// Requires a scope, for domain rules beyond those of the route.
    ///
    /// # Errors
    /// 403 `INSUFFICIENT_SCOPE` if the actor lacks the scope.
    pub fn require_scope(&self, scope: &str) -> Result<(), Error> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(Self::missing_scope())
    }

    /// Returns the error of a caller that lacks the required role.
    #[must_use]
    pub fn missing_role() -> Error {
        let message = "the caller does not have the required role";
        Error::new(Code::Forbidden, "INSUFFICIENT_ROLE", message)
    }

    /// Returns the error of credentials that lack the required scope.
    #[must_use]
    pub fn missing_scope() -> Error {
        let message = "the credentials do not have the required scope";
        Error::new(Code::Forbidden, "INSUFFICIENT_SCOPE", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_roles_and_scopes_are_granted_auth_5() {
        let none = Grants::default();
        assert!(!none.has_role("admin") && !none.has_scope(""));
        let grants = Grants::new(["admin"], ["read", "write"]);
        assert!(grants.has_role("admin") && grants.has_scope("write"));
        for other in ["Admin", "adm", "admin ", "read", ""] {
            assert!(!grants.has_role(other), "{other:?}");
        }
        assert_eq!(Grants::new([""; 0], [""; 0]), none);
    }

    #[test]
    fn wildcards_grant_only_where_they_are_enabled_auth_5() {
        for scope in ["*", "order:*", "order:read"] {
            let grants = Grants::with_wildcards(["admin"], [scope]);
            assert!(grants.has_scope("order:read"), "{scope}");
            assert_eq!(grants.has_scope("orders:read"), scope == "*", "{scope}");
            assert!(grants.has_role("admin") && !grants.has_role("*"));
        }
        let plain = Grants::new([""; 0], ["*", "order:*"]);
        assert!(!plain.has_scope("order:read") && plain.has_scope("order:*"));
        assert!(!Grants::with_wildcards([""; 0], [""; 0]).has_scope("order:read"));
    }
}
