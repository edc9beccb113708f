use seaworthy_core::Personal;
use serde_json::Value;

use super::OpenIdError;

/// The maximum length of an address in bytes (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS_LENGTH: usize = 254;

/// The identity of a user at a provider. Issuer and subject identify the user permanently. An
/// e-mail address may belong to another user later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdIdentity {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) profile: Profile,
}

/// The profile of a user, from the ID token or the userinfo endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) email: Option<Personal<String>>,
    pub(super) email_verified: bool,
    pub(super) name: Option<Personal<String>>,
}

impl Profile {
    /// Parses the claims of OpenID Connect Core 1.0, section 5.1. `email_verified` must be the
    /// boolean `true`, because some providers send `"false"` as a text.
    pub(super) fn parse<'a>(claim: impl Fn(&str) -> Option<&'a Value>) -> Self {
        let text = |name| {
            claim(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
        };
        let email = text("email")
            .filter(|address| address.contains('@') && address.len() <= MAX_ADDRESS_LENGTH);
        Self {
            email: email.map(|email| Personal::new(email.to_owned())),
            email_verified: claim("email_verified") == Some(&Value::Bool(true)),
            name: text("name").map(|name| Personal::new(name.to_owned())),
        }
    }
}

impl OpenIdIdentity {
    /// Returns the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns `sub`, the ID of the user at the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the address if the provider has verified it. Only such an address may identify an
    /// account.
    ///
    /// # Errors
    /// [`OpenIdError::EmailMissing`] and [`OpenIdError::EmailUnverified`].
    pub fn verified_email(&self) -> Result<&Personal<String>, OpenIdError> {
        let email = self
            .profile
            .email
            .as_ref()
            .ok_or(OpenIdError::EmailMissing)?;
        if !self.profile.email_verified {
            return Err(OpenIdError::EmailUnverified);
        }
        Ok(email)
    }

    /// Returns the address, verified or not. Do not identify accounts by it.
    #[must_use]
    pub fn email(&self) -> Option<&Personal<String>> {
        self.profile.email.as_ref()
    }

    /// Returns the display name.
    #[must_use]
    pub fn name(&self) -> Option<&Personal<String>> {
        self.profile.name.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_boolean_true_verifies_an_address_auth_4() {
        let verified = |value: Value| {
            let claims = json!({ "email": "ada@example.org", "email_verified": value });
            let profile = Profile::parse(|name| claims.get(name));
            OpenIdIdentity {
                issuer: String::new(),
                subject: String::new(),
                profile,
            }
            .verified_email()
            .is_ok()
        };
        assert!(verified(json!(true)));
        for value in [
            json!(false),
            json!("true"),
            json!("false"),
            json!(1),
            json!(null),
            json!([true]),
            json!({}),
        ] {
            assert!(!verified(value.clone()), "{value}");
        }
    }
}
