use seaworthy_client::ClientError;
use seaworthy_core::{Code, Error};

use crate::token::TokenError;

/// The reason for a failed login. The error contains no values of the browser or the provider.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdError {
    /// The callback has no code and no error, or a parameter twice.
    #[error("the callback is malformed")]
    Callback,
    /// This browser did not begin the login, or the login has expired.
    #[error("the login has expired, or another browser began it: begin a new login")]
    State,
    /// The callback was used already.
    #[error("the login was already completed: begin a new login")]
    Used,
    /// The response is from another provider (RFC 9207), or has no `iss` although the provider
    /// always sends it.
    #[error("the response is not from the requested provider")]
    Issuer,
    /// The provider rejected the login.
    #[error("the provider rejected the login: {0}")]
    Rejected(ProviderRejection),
    /// The application received the code at an address that the settings do not contain.
    #[error("the redirect URI is not registered at this service")]
    RedirectUri,
    /// The provider rejected the code or the verifier.
    #[error("the provider rejected the code")]
    Code,
    /// The provider rejected the client ID or the secret.
    #[error("the provider rejected the client credentials of this service")]
    Client,
    /// The ID token is invalid.
    #[error("the ID token is invalid: {0}")]
    Token(#[from] TokenError),
    /// The ID token is for another login.
    #[error("the ID token is for another login")]
    Nonce,
    /// The ID token is for another client, or for several.
    #[error("the ID token is for another client")]
    AuthorizedParty,
    /// The access token does not match the ID token.
    #[error("the access token does not match the ID token")]
    AccessTokenHash,
    /// The userinfo is about another subject.
    #[error("the userinfo is about another subject")]
    Subject,
    /// The provider sent no e-mail address.
    #[error("the provider sent no e-mail address")]
    EmailMissing,
    /// The provider has not verified the e-mail address.
    #[error("the provider has not verified the e-mail address")]
    EmailUnverified,
    /// A request to the provider failed.
    #[error("the provider is not available")]
    Unavailable(#[source] ClientError),
    /// The requests of one step took too long.
    #[error("the provider did not respond in time")]
    TimedOut,
    /// A concurrent request to the provider failed.
    #[error("the provider is unavailable: try again later")]
    RecentlyFailed,
    /// A response of the provider is invalid.
    #[error("the provider sent an invalid response: {0}")]
    InvalidResponse(&'static str),
    /// A failure of this service, such as of its store of used logins.
    #[error("the login failed: {0}")]
    Failed(Error),
}

/// The reason with which a provider rejected a login (RFC 6749, section 4.1.2.1, and OpenID Connect
/// Core 1.0, section 3.1.2.6). Other parameters are ignored, because the browser could change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderRejection {
    /// The user or the provider denied access.
    #[error("access denied")]
    AccessDenied,
    /// The provider is temporarily unavailable.
    #[error("temporarily unavailable")]
    Unavailable,
    /// Any other error.
    #[error("another error")]
    Other,
}

impl ProviderRejection {
    pub(super) fn from_code(code: &str) -> Self {
        match code {
            "access_denied" => Self::AccessDenied,
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::Other,
        }
    }
}

impl OpenIdError {
    /// Returns the reason as in responses and in `openid_logins_total{outcome}`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Callback => "OPENID_CALLBACK",
            Self::State => "OPENID_STATE",
            Self::Used => "OPENID_USED",
            Self::Issuer => "OPENID_ISSUER",
            Self::Rejected(_) => "OPENID_REJECTED",
            Self::RedirectUri => "OPENID_REDIRECT_URI",
            Self::Code => "OPENID_CODE",
            Self::Client => "OPENID_CLIENT",
            Self::Token(error) if error.is_transient() => "OPENID_UNAVAILABLE",
            Self::Token(_) => "OPENID_TOKEN",
            Self::Nonce => "OPENID_NONCE",
            Self::AuthorizedParty => "OPENID_AUTHORIZED_PARTY",
            Self::AccessTokenHash => "OPENID_ACCESS_TOKEN_HASH",
            Self::Subject => "OPENID_SUBJECT",
            Self::EmailMissing => "OPENID_EMAIL_MISSING",
            Self::EmailUnverified => "OPENID_EMAIL_UNVERIFIED",
            Self::Unavailable(_) | Self::TimedOut | Self::RecentlyFailed => "OPENID_UNAVAILABLE",
            Self::InvalidResponse(_) => "OPENID_RESPONSE",
            Self::Failed(_) => "OPENID_FAILED",
        }
    }

    /// Whether the same login may succeed later without a change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.code(), Code::Unavailable)
    }

    fn code(&self) -> Code {
        match self {
            Self::Callback | Self::RedirectUri => Code::Invalid,
            Self::Rejected(ProviderRejection::Unavailable)
            | Self::Client
            | Self::Unavailable(_)
            | Self::TimedOut
            | Self::RecentlyFailed
            | Self::InvalidResponse(_) => Code::Unavailable,
            Self::Token(error) if error.is_transient() => Code::Unavailable,
            Self::EmailMissing | Self::EmailUnverified => Code::Forbidden,
            Self::Failed(error) => error.code(),
            _ => Code::Unauthenticated,
        }
    }
}

impl From<OpenIdError> for Error {
    fn from(error: OpenIdError) -> Self {
        match error {
            OpenIdError::Failed(error) => error,
            error => Self::new(error.code(), error.reason(), error.to_string()).with_cause(error),
        }
    }
}
