use seaworthy_core::{Code, Error};

/// Why a token proves nothing. The caller learns the reason's name and no more: never a value of the token, and never how far a forgery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is longer than a token may be.
    #[error("the token is too large")]
    TooLarge,
    /// It is not three parts of base64url, its JSON is none, names something twice, or is too deep.
    #[error("the token is malformed")]
    Malformed,
    /// Its header asks for what is not understood: `crit`, or a key that comes with the token.
    #[error("the token's header asks for what is not supported")]
    Unsupported,
    /// Its algorithm is not one that its issuer may use.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// Its type says that it is for something else.
    #[error("the token is not of a type that is accepted here")]
    Type,
    /// No key of its issuer has its `kid`.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature is not one of a key of its issuer.
    #[error("the token's signature is wrong")]
    Signature,
    /// Nobody here trusts who issued it.
    #[error("the token's issuer is not trusted")]
    Issuer,
    /// It is meant for somebody else.
    #[error("the token is not meant for this service")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim is missing or of a wrong type.
    #[error("a claim of the token is missing or has a wrong type")]
    Claim,
    /// It was valid and was taken back.
    #[error("the token was revoked")]
    Revoked,
    /// The keys of its issuer cannot be had, so nothing can be said of it.
    #[error("tokens cannot be checked now")]
    KeysUnavailable,
    /// Whether it was taken back cannot be found out.
    #[error("whether the token was revoked cannot be checked now")]
    RevocationUnavailable,
}

impl TokenError {
    /// The reason as answers and `auth_failures_total{reason}` name it.
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

    /// Whether the fault is not the caller's: the same token may be right in a moment.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::KeysUnavailable | Self::RevocationUnavailable)
    }
}

/// What is left to a caller whose token could not be checked.
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
