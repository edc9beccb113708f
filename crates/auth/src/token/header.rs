use serde_json::Value;

use super::{Algorithm, TokenError, json};

/// Maximum depth of a header. It is flat, but `crit` has one more level and its own error.
const HEADER_DEPTH: u8 = 4;
/// The maximum length of a `kid` in bytes.
const MAX_KEY_ID_LENGTH: usize = 256;
/// Members that contain or locate a key. The verifier rejects tokens with them (RFC 8725, section
/// 3.10).
const FOREIGN_KEYS: [&str; 4] = ["jku", "jwk", "x5u", "x5c"];

/// The header of a token. It is parsed before the signature is verified, so its values are only
/// compared to allowlists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    pub(crate) kind: Option<String>,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let header = json::object(bytes, HEADER_DEPTH)?;
        // No extension is supported, so any `crit` is rejected (RFC 7515, section 4.1.11). So are
        // keys in the token and an unencoded payload (`b64`).
        let unsupported = |name: &str| header.contains_key(name);
        if unsupported("crit") || unsupported("b64") || FOREIGN_KEYS.into_iter().any(unsupported) {
            return Err(TokenError::Unsupported);
        }
        if unsupported("zip") || unsupported("enc") {
            return Err(TokenError::Unsupported);
        }
        let algorithm = match header.get("alg") {
            Some(Value::String(name)) => name.parse().map_err(|_| TokenError::Algorithm)?,
            _ => return Err(TokenError::Malformed),
        };
        let key_id = text(&header, "kid")?;
        if key_id
            .as_ref()
            .is_some_and(|id| id.len() > MAX_KEY_ID_LENGTH)
        {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            algorithm,
            key_id,
            kind: text(&header, "typ")?,
        })
    }
}

fn text(header: &json::Object, name: &str) -> Result<Option<String>, TokenError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(TokenError::Malformed),
    }
}
