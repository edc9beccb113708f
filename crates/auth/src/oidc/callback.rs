use seaworthy_core::Secret;
use url::form_urlencoded;

use super::{OpenIdError, ProviderRejection};

/// The authorization response in the query of the callback.
#[derive(Debug)]
pub(super) struct Callback {
    pub(super) state: String,
    pub(super) issuer: Option<String>,
    pub(super) outcome: Result<Secret<String>, ProviderRejection>,
}

impl Callback {
    /// Parses the query. A repeated parameter is an error (RFC 6749, section 3.1), because parsers
    /// could use different values.
    pub(super) fn parse(query: &str) -> Result<Self, OpenIdError> {
        let (mut state, mut issuer, mut code, mut error) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let parameter = match &*name {
                "state" => &mut state,
                "iss" => &mut issuer,
                "code" => &mut code,
                "error" => &mut error,
                _ => continue,
            };
            if parameter.replace(value.into_owned()).is_some() {
                return Err(OpenIdError::Callback);
            }
        }
        let outcome = match (code, error) {
            (Some(code), None) if !code.is_empty() => Ok(Secret::new(code)),
            (None, Some(error)) => Err(ProviderRejection::from_code(&error)),
            _ => return Err(OpenIdError::Callback),
        };
        let state = state
            .filter(|state| !state.is_empty())
            .ok_or(OpenIdError::State)?;
        Ok(Self {
            state,
            issuer,
            outcome,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ambiguous_callbacks_are_rejected_auth_4() {
        for query in [
            "",
            "state=a",
            "code=&state=a",
            "code=a&error=b&state=a",
            "code=a&code=b&state=a",
            "code=a&state=a&state=a",
            "code=a&state=a&iss=a&iss=a",
        ] {
            assert!(
                matches!(Callback::parse(query), Err(OpenIdError::Callback)),
                "{query}"
            );
        }
        assert!(matches!(Callback::parse("code=a"), Err(OpenIdError::State)));
        let read =
            Callback::parse("code=a%2Bb&state=c&iss=https%3A%2F%2Fa&other=1&other=2").unwrap();
        assert_eq!(
            (
                read.outcome.unwrap().expose().as_str(),
                read.state.as_str(),
                read.issuer.as_deref()
            ),
            ("a+b", "c", Some("https://a"))
        );
        let refused =
            Callback::parse("error=access_denied&error_description=%3Cscript%3E&state=c").unwrap();
        assert_eq!(
            refused.outcome.unwrap_err(),
            ProviderRejection::AccessDenied
        );
    }

    proptest! {
        #[test]
        fn hostile_callbacks_are_rejected_or_complete_auth_4(
            any in ".{0,100}",
            near in "((state|iss|code|error|other)(=[a-z%0-9]{0,6})?&){0,6}",
        ) {
            for query in [any, near] {
                if let Ok(callback) = Callback::parse(&query) {
                    prop_assert!(!callback.state.is_empty());
                    if let Ok(code) = callback.outcome {
                        prop_assert!(!code.expose().is_empty());
                    }
                    let count = |name| form_urlencoded::parse(query.as_bytes())
                        .filter(|(key, _)| key == name)
                        .count();
                    prop_assert_eq!(count("state"), 1);
                    prop_assert_eq!(count("code") + count("error"), 1);
                }
            }
        }
    }
}
