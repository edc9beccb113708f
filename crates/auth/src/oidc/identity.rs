use seaworthy_core::Personal;
use serde_json::Value;

use super::OpenIdError;

/// The longest path of a mail (RFC 5321, section 4.5.3.1.3) without its brackets.
const LONGEST_ADDRESS: usize = 254;

/// Whom a provider says somebody is. Issuer and subject together are who they are for ever; an address may be somebody else's tomorrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdIdentity {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) about: About,
}

/// What a provider tells of a person, in a token or where it is asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) email: Option<Personal<String>>,
    pub(super) email_verified: bool,
    pub(super) name: Option<Personal<String>>,
}

impl About {
    /// Reads the claims of OpenID Connect Core 1.0, section 5.1. `email_verified` is `true` and nothing that looks like it: some write `"false"` as a text.
    pub(super) fn read<'a>(claim: impl Fn(&str) -> Option<&'a Value>) -> Self {
        let text = |name| {
            claim(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
        };
        let email = text("email")
            .filter(|address| address.contains('@') && address.len() <= LONGEST_ADDRESS);
        Self {
            email: email.map(|email| Personal::new(email.to_owned())),
            email_verified: claim("email_verified") == Some(&Value::Bool(true)),
            name: text("name").map(|name| Personal::new(name.to_owned())),
        }
    }
}

impl OpenIdIdentity {
    /// Who says so.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: who it is at this issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The address, if the provider has verified that it is theirs: what an account may be found by.
    ///
    /// # Errors
    /// [`OpenIdError::EmailMissing`] and [`OpenIdError::EmailUnverified`].
    pub fn verified_email(&self) -> Result<&Personal<String>, OpenIdError> {
        let email = self.about.email.as_ref().ok_or(OpenIdError::EmailMissing)?;
        if !self.about.email_verified {
            return Err(OpenIdError::EmailUnverified);
        }
        Ok(email)
    }

    /// The address as the provider tells it, verified or not: nobody's account is found by it.
    #[must_use]
    pub fn email(&self) -> Option<&Personal<String>> {
        self.about.email.as_ref()
    }

    /// What they call themselves there.
    #[must_use]
    pub fn name(&self) -> Option<&Personal<String>> {
        self.about.name.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_verified_where_it_says_true_and_nowhere_else_auth_4() {
        let verified = |value: Value| {
            let claims = json!({ "email": "ada@example.org", "email_verified": value });
            let about = About::read(|name| claims.get(name));
            OpenIdIdentity {
                issuer: String::new(),
                subject: String::new(),
                about,
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
