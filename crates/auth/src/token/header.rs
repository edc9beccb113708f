use serde_json::Value;

use super::{Algorithm, TokenError, json};

/// The header is flat; one level more for `crit`, which is refused with a reason of its own.
const HEADER_DEPTH: u8 = 4;
/// A `kid` names a key in a list of a few; what is longer is no name.
const LONGEST_KEY_ID: usize = 256;
/// Members by which a token would bring its own key, or the place of one. They are never followed, and a token that has one was not made for us (RFC 8725,
/// section 3.10).
const FOREIGN_KEYS: [&str; 4] = ["jku", "jwk", "x5u", "x5c"];

/// What a token's header says. It is read before the signature is checked, so nothing in it is more than a question to an allowlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    pub(crate) kind: Option<String>,
}

impl Header {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let header = json::object(bytes, HEADER_DEPTH)?;
        // No extension is understood, so whatever `crit` names is not; an empty or misplaced one is a mistake of its own (RFC 7515, section 4.1.11). Keys that
        // come with the token, and an unencoded payload (`b64`), are refused with it.
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
        if key_id.as_ref().is_some_and(|id| id.len() > LONGEST_KEY_ID) {
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
