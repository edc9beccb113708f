use aws_lc_rs::hmac;
use seaworthy_core::Secret;

use crate::aead::KEY_LENGTH;

/// Separates derived keys from other uses of the root key.
const LABEL: &[u8] = b"seaworthy derived key 1:";

/// Derives the key of a purpose from a root key: HMAC-SHA-256 over the purpose. Keys of different
/// purposes are independent, and none of them reveals the root key.
///
/// ```
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::derive_key;
///
/// let root = Secret::new([7; 32]);
/// let (columns, cookies) = (derive_key(&root, "columns"), derive_key(&root, "cookies"));
/// assert_ne!(columns.expose(), cookies.expose());
/// ```
#[must_use]
pub fn derive_key(root: &Secret<[u8; KEY_LENGTH]>, purpose: &str) -> Secret<[u8; KEY_LENGTH]> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, root.expose()));
    context.update(LABEL);
    context.update(purpose.as_bytes());
    let tag = context.sign();
    let mut key = [0; KEY_LENGTH];
    key.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(byte, derived)| *byte = *derived);
    Secret::new(key)
}
