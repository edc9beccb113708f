use std::{fmt, sync::Arc};

use http::HeaderValue;

use crate::ClientError;

/// Why a caller cannot prove who it is.
pub type CredentialsError = Box<dyn std::error::Error + Send + Sync>;

/// What proves to a dependency who calls (AUTH-6); see [`HttpClientBuilder::credentials`](crate::HttpClientBuilder::credentials).
///
/// It is asked before each attempt, so that what is short-lived is fresh also in the last one, and answers at once: fetch or sign ahead what takes time.
pub trait Credentials: Send + Sync + 'static {
    /// The value of `Authorization`, for one attempt.
    ///
    /// # Errors
    /// Whatever keeps the caller from proving who it is. The attempt then is not made: without credentials it would only be refused elsewhere, for a reason that hides this one.
    fn authorization(&self) -> Result<HeaderValue, CredentialsError>;
}

/// The credentials of a client.
#[derive(Clone)]
pub(crate) struct Caller(Arc<dyn Credentials>);

impl Caller {
    pub(crate) fn new(credentials: impl Credentials) -> Self {
        Self(Arc::new(credentials))
    }

    /// The value for one attempt, which nothing shows, whatever the credentials say of it.
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

    struct Careless;

    impl Credentials for Careless {
        fn authorization(&self) -> Result<HeaderValue, CredentialsError> {
            Ok(HeaderValue::from_static("Bearer token"))
        }
    }

    #[test]
    fn what_proves_who_calls_is_never_shown_auth_6_obs_3() {
        let caller = Caller::new(Careless);
        let value = caller.authorization(&"stock".into()).unwrap();
        assert!(value.is_sensitive());
        assert!(!format!("{caller:?} {value:?}").contains("token"));
    }
}
