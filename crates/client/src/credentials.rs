use std::{fmt, sync::Arc};

use http::HeaderValue;

use crate::ClientError;

/// The reason why credentials are not available.
pub type CredentialsError = Box<dyn std::error::Error + Send + Sync>;

/// Provides the credentials of a client (AUTH-6). See
/// [`HttpClientBuilder::credentials`](crate::HttpClientBuilder::credentials).
///
/// The client calls it before each attempt, so that short-lived credentials are current. It must
/// return immediately: fetch tokens in advance.
pub trait Credentials: Send + Sync + 'static {
    /// Returns the value of `Authorization` for one attempt.
    ///
    /// # Errors
    /// Any error prevents the attempt.
    fn authorization(&self) -> Result<HeaderValue, CredentialsError>;
}

/// The credentials of a client.
#[derive(Clone)]
pub(crate) struct Caller(Arc<dyn Credentials>);

impl Caller {
    pub(crate) fn new(credentials: impl Credentials) -> Self {
        Self(Arc::new(credentials))
    }

    /// Returns the value for one attempt, marked as sensitive.
    pub(crate) fn authorization(&self, host: &Arc<str>) -> Result<HeaderValue, ClientError> {
        let mut value = self
            .0
            .authorization()
            .map_err(|source| ClientError::Credentials {
                host: Arc::clone(host),
                source,
            })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Caller(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct StaticToken;

    impl Credentials for StaticToken {
        fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
            Ok(HeaderValue::from_static("Bearer token"))
        }
    }

    #[test]
    fn debug_output_omits_credentials_auth_6_obs_3() {
        let caller = Caller::new(StaticToken);
        let value = caller.authorization(&"stock".into()).unwrap();
        assert!(value.is_sensitive());
        assert!(!format!("{caller:?} {value:?}").contains("token"));
    }
}
