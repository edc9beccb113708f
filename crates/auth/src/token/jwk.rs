use seaworthy_core::Secret;
use serde_json::Value;

use super::{KeyError, TokenError, algorithm::Family, compact::decode, json};

/// Maximum depth of a key set, an object with a list of flat objects that contain lists.
pub(super) const SET_DEPTH: u8 = 8;
/// The maximum length of an RSA modulus in bytes: 8192 bits.
const MAX_MODULUS_LENGTH: usize = 1_024;
/// The minimum length of an RSA modulus in bytes: 2048 bits (RFC 7518, section 3.3).
const MIN_MODULUS_LENGTH: usize = 256;

/// The public part of a JSON Web Key (RFC 7517, 7518 and 8037).
pub(crate) struct Jwk {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Option<String>,
    pub(crate) is_for_signatures: bool,
    pub(crate) kind: JwkKind,
}

pub(crate) enum JwkKind {
    Secret(Secret<Vec<u8>>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Curve {
        family: Family,
        /// The public point: uncompressed for ECDSA, raw for Ed25519.
        point: Vec<u8>,
    },
}

impl Jwk {
    /// Parses one key of a set.
    pub(crate) fn parse(key: &Value) -> Result<Self, KeyError> {
        let text = |name: &str| match key.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(KeyError::Unreadable),
        };
        let bytes = |name: &str| {
            let text = text(name)?.ok_or(KeyError::Unreadable)?;
            decode(text).map_err(|_| KeyError::Unreadable)
        };
        let kind = match text("kty")?.ok_or(KeyError::Unreadable)? {
            "oct" => JwkKind::Secret(Secret::new(bytes("k")?)),
            "RSA" => {
                let (n, e) = (unsigned(bytes("n")?)?, unsigned(bytes("e")?)?);
                if n.len() < MIN_MODULUS_LENGTH {
                    return Err(KeyError::Unreadable);
                }
                JwkKind::Rsa { n, e }
            }
            "EC" => {
                let (family, length) = match text("crv")? {
                    Some("P-256") => (Family::P256, 32),
                    Some("P-384") => (Family::P384, 48),
                    Some("P-521") => (Family::P521, 66),
                    _ => return Err(KeyError::Unsupported),
                };
                let (x, y) = (bytes("x")?, bytes("y")?);
                // The length of a coordinate is fixed (RFC 7518, section 6.2.1.2).
                if x.len() != length || y.len() != length {
                    return Err(KeyError::Unreadable);
                }
                // The prefix of an uncompressed point (SEC 1, section 2.3.3).
                let point = [&[4_u8][..], &x, &y].concat();
                JwkKind::Curve { family, point }
            }
            "OKP" => match text("crv")? {
                Some("Ed25519") => JwkKind::Curve {
                    family: Family::Ed25519,
                    point: bytes("x")?,
                },
                _ => return Err(KeyError::Unsupported),
            },
            _ => return Err(KeyError::Unsupported),
        };
        Ok(Self {
            id: text("kid")?.map(str::to_owned),
            algorithm: text("alg")?.map(str::to_owned),
            is_for_signatures: is_for_signatures(key, text("use")?),
            kind,
        })
    }
}

/// Whether `use` and `key_ops` allow it, if they are present (RFC 7517, sections 4.2 and 4.3).
fn is_for_signatures(key: &Value, usage: Option<&str>) -> bool {
    let operations = match key.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    operations && usage.is_none_or(|usage| usage == "sig")
}

/// Removes leading zeros, which some issuers write and `aws-lc-rs` rejects.
fn unsigned(bytes: Vec<u8>) -> Result<Vec<u8>, KeyError> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let number = bytes.get(zeros..).unwrap_or_default();
    if number.is_empty() || number.len() > MAX_MODULUS_LENGTH {
        return Err(KeyError::Unreadable);
    }
    Ok(number.to_vec())
}

/// Returns the unparsed keys of a set.
pub(super) fn keys(document: &[u8]) -> Result<Vec<Value>, TokenError> {
    match json::object(document, SET_DEPTH)?.remove("keys") {
        Some(Value::Array(keys)) => Ok(keys),
        _ => Err(TokenError::Malformed),
    }
}
