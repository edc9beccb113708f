use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use super::{
    TokenError,
    json::{self, Object},
};

/// Maximum depth of claims. They have a few levels, such as `realm_access.roles`.
const CLAIMS_DEPTH: u8 = 8;
/// Maximum length of an identifier, which appears in logs, in bytes.
const MAX_TEXT: usize = 256;
/// The maximum of a time: the end of the year 9999. A later one is an error, such as milliseconds.
const LATEST: u64 = 253_402_300_799;

/// The claims of a token. The registered claims have the types of RFC 7519. The claims of a
/// [`VerifiedToken`](super::VerifiedToken) are verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    pub(crate) issuer: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) audience: Option<Vec<String>>,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) issued: Option<SystemTime>,
    pub(crate) id: Option<String>,
    all: Object,
}

impl Claims {
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let all = json::object(payload, CLAIMS_DEPTH)?;
        Ok(Self {
            issuer: text(&all, "iss")?,
            subject: text(&all, "sub")?,
            audience: audience(&all)?,
            expires: time(&all, "exp")?,
            not_before: time(&all, "nbf")?,
            issued: time(&all, "iat")?,
            id: text(&all, "jti")?,
            all,
        })
    }

    /// Returns `iss`, the issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns `sub`, the subject.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Returns `aud`, the audience.
    #[must_use]
    pub fn audience(&self) -> Option<&[String]> {
        self.audience.as_deref()
    }

    /// Returns `exp`, the expiry.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Returns `iat`, the time of issue.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.issued
    }

    /// Returns `jti`, the ID of the token.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns a claim. A dot selects a member of an object, as in `realm_access.roles`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.all.get(name) {
            return Some(value);
        }
        let mut path = name.split('.');
        let first = self.all.get(path.next()?)?;
        path.try_fold(first, |value, name| value.get(name))
    }

    /// Returns a claim that is a non-empty text.
    ///
    /// # Errors
    /// [`TokenError::Claim`] if it has another type.
    pub fn text(&self, name: &str) -> Result<Option<&str>, TokenError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if is_identifier(text) => Ok(Some(text)),
            Some(_) => Err(TokenError::Claim),
        }
    }

    /// Returns a claim that is a non-negative integer.
    ///
    /// # Errors
    /// [`TokenError::Claim`] if it has another type.
    pub fn number(&self, name: &str) -> Result<Option<u64>, TokenError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => whole(number).map(Some).ok_or(TokenError::Claim),
            Some(_) => Err(TokenError::Claim),
        }
    }

    /// Returns a claim that is a list of texts, or one text. The text is not split: the role
    /// `super admin` is not the role `admin`.
    ///
    /// # Errors
    /// [`TokenError::Claim`] if it has another type.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, TokenError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(texts)) => texts
                .iter()
                .map(|text| text.as_str().ok_or(TokenError::Claim))
                .collect(),
            Some(_) => Err(TokenError::Claim),
        }
    }

    /// Returns a claim that is a text of words separated by spaces, as `scope` (RFC 8693, section
    /// 4.2), or a list of texts.
    ///
    /// # Errors
    /// [`TokenError::Claim`] if it has another type.
    pub fn space_separated(&self, name: &str) -> Result<Vec<&str>, TokenError> {
        match self.get(name) {
            Some(Value::String(text)) => {
                Ok(text.split(' ').filter(|word| !word.is_empty()).collect())
            }
            _ => self.list(name),
        }
    }

    /// Deserializes all claims.
    ///
    /// # Errors
    /// [`TokenError::Claim`] if they do not match the type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        T::deserialize(Value::Object(self.all.clone())).map_err(|_| TokenError::Claim)
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control)
}

fn text(claims: &Object, name: &str) -> Result<Option<String>, TokenError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_identifier(text) => Ok(Some(text.clone())),
        Some(_) => Err(TokenError::Claim),
    }
}

fn audience(claims: &Object) -> Result<Option<Vec<String>>, TokenError> {
    match claims.get("aud") {
        None => Ok(None),
        Some(Value::String(one)) => Ok(Some(vec![one.clone()])),
        Some(Value::Array(many)) => many
            .iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or(TokenError::Claim))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(TokenError::Claim),
    }
}

/// Returns a `NumericDate`: seconds since 1970, which may have a fraction.
fn time(claims: &Object, name: &str) -> Result<Option<SystemTime>, TokenError> {
    let number = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(TokenError::Claim),
    };
    let since = match number.as_u64() {
        Some(seconds) => Duration::from_secs(seconds),
        None => {
            let seconds = number.as_f64().ok_or(TokenError::Claim)?;
            Duration::try_from_secs_f64(seconds).map_err(|_| TokenError::Claim)?
        }
    };
    if since.as_secs() > LATEST {
        return Err(TokenError::Claim);
    }
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .map(Some)
        .ok_or(TokenError::Claim)
}

/// Returns a non-negative integer. It may be written as `5.0`, as some JSON writers do.
fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        let is_whole = float.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&float);
        // The float is an integer below 2^53, so its text is exact.
        is_whole.then(|| format!("{float:.0}").parse().ok())?
    })
}
