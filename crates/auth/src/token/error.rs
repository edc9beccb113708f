use seaworthy_core::{Code, Error};

/// The reason for a rejected token. The client gets the name of the reason and no value of the
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token is longer than 8 KiB.
    #[error("the token is too large")]
    TooLarge,
    /// The token is not three parts of base64url, or its JSON is invalid, too deep or has a
    /// duplicate name.
    #[error("the token is malformed")]
    Malformed,
    /// The header has an unsupported parameter, such as `crit` or a key.
    #[error("the token's header has an unsupported parameter")]
    Unsupported,
    /// The issuer does not list the algorithm.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// The type is not accepted.
    #[error("the token's type is not accepted")]
    Type,
    /// The issuer does not have a key with this `kid`.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is not by a key of the issuer.
    #[error("the token's signature is wrong")]
    Signature,
    /// The issuer is not trusted.
    #[error("the token's issuer is not trusted")]
    Issuer,
    /// The audience is another service.
    #[error("the token's audience is not this service")]
    Audience,
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The token is not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim is missing or has a wrong type.
    #[error("a claim of the token is missing or has a wrong type")]
    Claim,
    /// The token was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The keys of the issuer are not available.
    #[error("tokens cannot be verified: try again later")]
    KeysUnavailable,
    /// The revocations are not available.
    #[error("revocations cannot be checked: try again later")]
    RevocationUnavailable,
}

impl TokenError {
    /// Returns the reason as in responses and in `auth_failures_total{reason}`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "TOKEN_TOO_LARGE",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Unsupported => "TOKEN_UNSUPPORTED",
            Self::Algorithm => "TOKEN_ALGORITHM",
            Self::Type => "TOKEN_TYPE",
            Self::UnknownKey => "TOKEN_UNKNOWN_KEY",
            Self::Signature => "TOKEN_SIGNATURE",
            Self::Issuer => "TOKEN_ISSUER",
            Self::Audience => "TOKEN_AUDIENCE",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            Self::Claim => "TOKEN_CLAIM",
            Self::Revoked => "TOKEN_REVOKED",
            Self::KeysUnavailable => "TOKEN_KEYS_UNAVAILABLE",
            Self::RevocationUnavailable => "TOKEN_REVOCATION_UNAVAILABLE",
        }
    }

    /// Whether the same token may be accepted later.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::KeysUnavailable | Self::RevocationUnavailable)
    }
}

/// The `Retry-After` of transient errors.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        if error.is_transient() {
            return Self::new(Code::Unavailable, error.reason(), error.to_string())
                .with_retry_after(RETRY_AFTER);
        }
        Self::new(Code::Unauthenticated, error.reason(), error.to_string())
    }
}
