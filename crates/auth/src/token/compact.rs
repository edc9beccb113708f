use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{TokenError, header::Header};

/// A token in its compact form (RFC 7515, section 7.1), taken apart and not yet believed.
#[derive(Debug)]
pub(crate) struct Compact<'token> {
    pub(crate) header: Header,
    /// What was signed: header and payload as they were written.
    pub(crate) signed: &'token [u8],
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'token> Compact<'token> {
    /// Takes a token apart. base64url is strict: no padding, no blanks, no foreign letters, no bits left over, so that one token has one spelling.
    pub(crate) fn parse(token: &'token str, longest: usize) -> Result<Self, TokenError> {
        if token.len() > longest {
            return Err(TokenError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        // A third point is in the payload now, and no letter of base64url.
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
