use std::fmt;

use aws_lc_rs::hmac;
use seaworthy_core::Secret;

use crate::{Context, aead::KEY_LENGTH, derive_key};

/// The purpose from which the key of an index is derived.
const PURPOSE: &str = "blind index";

/// Finds encrypted values by equality, and keeps them unique. The database stores a keyed hash next
/// to the encrypted value. Without the key, a hash cannot be found by trying all telephone numbers.
///
/// A rotation of encryption keys does not change the index. Its key stays the same for as long as
/// the column exists.
///
/// ```
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::{BlindIndex, Context};
///
/// let index = BlindIndex::new(&Secret::new([7; 32]));
/// let phones = Context::new("users", "phone");
/// assert_eq!(index.compute(&phones, "+33612345678"), index.compute(&phones, "+33612345678"));
/// assert_ne!(index.compute(&phones, "+33612345678"), index.compute(&Context::new("users", "fax"), "+33612345678"));
/// ```
#[derive(Clone)]
pub struct BlindIndex(hmac::Key);

impl BlindIndex {
    /// Creates the index. It derives its own key, so the root key may also encrypt.
    #[must_use]
    pub fn new(root: &Secret<[u8; KEY_LENGTH]>) -> Self {
        let key = derive_key(root, PURPOSE);
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// Returns the 32 bytes to store for a value of a column. Normalize the value first, so that
    /// equal values have equal texts.
    #[must_use]
    pub fn compute(&self, column: &Context, value: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        // The context has the length of each part, so it cannot be confused with the value.
        context.update(column.as_bytes());
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlindIndex(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_depends_on_key_column_and_value_sec_5() {
        let email = Context::new("users", "email");
        let phone = Context::new("users", "phone");
        let of = |key: u8, column: &Context, value: &str| {
            BlindIndex::new(&Secret::new([key; KEY_LENGTH])).compute(column, value)
        };
        let first = of(1, &email, "ada@example.org");
        assert_eq!(first.len(), 32);
        assert_eq!(of(1, &email, "ada@example.org"), first);
        assert_ne!(of(2, &email, "ada@example.org"), first);
        assert_ne!(of(1, &phone, "ada@example.org"), first);
        assert_ne!(of(1, &email, "ada@example.or"), first);
    }
}
