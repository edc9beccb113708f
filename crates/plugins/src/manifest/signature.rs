use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The size of a public key of Ed25519 in bytes (RFC 8032, section 5.1.5).
const PUBLIC_KEY_SIZE: usize = 32;

/// A detached signature of a manifest, the file `plugin.sig`: Ed25519 over the bytes of
/// `plugin.toml`, in Base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Reads the text of `plugin.sig`. Returns `None` if it is not Base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok().map(Self)
    }

    /// Returns the text of `plugin.sig`.
    #[must_use]
    pub fn encode(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Returns true if one of the trusted public keys, in Base64, signed `manifest`. Skips invalid
    /// keys.
    #[must_use]
    pub fn is_valid_for_any(&self, trusted_keys: &[String], manifest: &[u8]) -> bool {
        let keys = trusted_keys.iter().filter_map(|key| public_key(key));
        keys.into_iter().any(|key| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(manifest, &self.0)
                .is_ok()
        })
    }
}

/// Returns the bytes of a public key in Base64, or `None` if it is not valid.
pub(crate) fn public_key(text: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(text.trim()).ok()?;
    (key.len() == PUBLIC_KEY_SIZE).then_some(key)
}
