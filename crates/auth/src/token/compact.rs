use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{TokenError, header::Header};

/// A parsed token in compact form (RFC 7515, section 7.1), not yet verified.
#[derive(Debug)]
pub(crate) struct Compact<'token> {
    pub(crate) header: Header,
    /// The signed bytes: header and payload in base64url.
    pub(crate) signed: &'token [u8],
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'token> Compact<'token> {
    /// Parses a token of at most `max_length` bytes. base64url is strict: no padding, blanks, other
    /// characters or leftover bits. So each token has one spelling.
    pub(crate) fn parse(token: &'token str, max_length: usize) -> Result<Self, TokenError> {
        if token.len() > max_length {
            return Err(TokenError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        // A third dot would be in the payload, where base64url rejects it.
        Ok(Self {
            header: Header::parse(&decode(header)?)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signed: signed.as_bytes(),
        })
    }
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Malformed)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
