use seaworthy_client::ClientError;
use seaworthy_core::{Code, Error};

use crate::token::TokenError;

/// Why somebody is not logged in. Nothing of it is a value that came from the browser or the provider.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdError {
    /// The callback has no code and no error, or a parameter twice.
    #[error("the callback is malformed")]
    Callback,
    /// This browser has not begun the login, or too long ago.
    #[error("the login was not begun in this browser, or its time is over")]
    State,
    /// It came back before.
    #[error("the login came back before")]
    Used,
    /// The answer is that of another provider (RFC 9207), or does not say whose it is where its provider always does.
    #[error("the answer is not that of the provider that was asked")]
    Issuer,
    /// The provider let nobody in.
    #[error("the provider refused: {0}")]
    Refused(ProviderRefusal),
    /// The provider does not take the code, or not with this verifier.
    #[error("the provider does not take the code")]
    Code,
    /// The provider does not take this service for its client: the settings are wrong.
    #[error("the provider does not take this service for its client")]
    Client,
    /// The ID token.
    #[error("the ID token is not believed: {0}")]
    Token(#[from] TokenError),
    /// The ID token is for another login.
    #[error("the ID token is for another login")]
    Nonce,
    /// The ID token was made for others too, or for somebody else.
    #[error("the ID token is meant for another client")]
    AuthorizedParty,
    /// The access token is not the one that the ID token came with.
    #[error("the access token is not the one of the ID token")]
    AccessTokenHash,
    /// What the provider tells of the user is about somebody else.
    #[error("what the provider tells is about somebody else")]
    Subject,
    /// The provider tells no address.
    #[error("the provider tells no e-mail address")]
    EmailMissing,
    /// The provider has not verified that the address is this person's.
    #[error("the provider has not verified the e-mail address")]
    EmailUnverified,
    /// The provider cannot be asked.
    #[error("the provider does not answer")]
    Unavailable(#[source] ClientError),
    /// The provider did not answer all questions of one step in time.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// It could not be asked a moment ago.
    #[error("the provider did not answer a moment ago")]
    JustFailed,
    /// What it answers cannot be used.
    #[error("the provider's answer cannot be used: {0}")]
    Answer(&'static str),
    /// A fault on this side: no random bytes, or nobody to ask which logins came back.
    #[error("the login cannot be handled: {0}")]
    Failed(Error),
}

/// Why a provider let nobody in (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6). What else it writes is not looked at: it comes by way of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderRefusal {
    /// The user or the provider said no.
    #[error("access denied")]
    AccessDenied,
    /// It cannot now.
    #[error("it cannot answer now")]
    Unavailable,
    /// Anything else: the request, or what the user would have had to do.
    #[error("another error")]
    Other,
}

impl ProviderRefusal {
    pub(super) fn named(code: &str) -> Self {
        match code {
            "access_denied" => Self::AccessDenied,
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::Other,
        }
    }
}

impl OpenIdError {
    /// The reason as answers and `openid_logins_total{outcome}` name it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Callback => "OPENID_CALLBACK",
            Self::State => "OPENID_STATE",
            Self::Used => "OPENID_USED",
            Self::Issuer => "OPENID_ISSUER",
            Self::Refused(_) => "OPENID_REFUSED",
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
            Self::Unavailable(_) | Self::TimedOut | Self::JustFailed => "OPENID_UNAVAILABLE",
            Self::Answer(_) => "OPENID_ANSWER",
            Self::Failed(_) => "OPENID_FAILED",
        }
    }

    /// Whether the same person may succeed by beginning again in a moment, with nothing to change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.code(), Code::Unavailable)
    }

    fn code(&self) -> Code {
        match self {
            Self::Callback => Code::Invalid,
            Self::Refused(ProviderRefusal::Unavailable)
            | Self::Client
            | Self::Unavailable(_)
            | Self::TimedOut
            | Self::JustFailed
            | Self::Answer(_) => Code::Unavailable,
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
