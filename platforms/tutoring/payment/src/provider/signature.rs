use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use seaworthy::prelude::*;

use super::api_key::ApiKeys;

/// The signatures of the provider.
#[derive(Clone)]
pub(crate) struct Signatures {
    keys: ApiKeys,
    /// Follows rotations (CONF-5).
    webhook: Secret<String>,
}

impl Signatures {
    pub(super) fn new(keys: &ApiKeys, webhook: &Secret<String>) -> Self {
        Self {
            keys: keys.clone(),
            webhook: webhook.clone(),
        }
    }

    /// Whether a signature belongs to an order and a payment. The comparison takes constant time.
    pub(crate) fn is_confirmation(&self, order: &str, payment: &str, signature: &str) -> bool {
        is_valid(
            &key(&self.keys.current().secret),
            format!("{order}|{payment}").as_bytes(),
            signature,
        )
    }

    /// Whether a signature belongs to the bytes of a webhook. The comparison takes constant time.
    pub(crate) fn is_webhook(&self, body: &[u8], signature: &str) -> bool {
        is_valid(&key(&self.webhook.current()), body, signature)
    }

    /// Signs a confirmation, as the fake provider does.
    pub(crate) fn sign_confirmation(&self, order: &str, payment: &str) -> String {
        let api = key(&self.keys.current().secret);
        let tag = hmac::sign(&api, format!("{order}|{payment}").as_bytes());
        HEXLOWER.encode(tag.as_ref())
    }

    /// Signs a webhook, as the fake provider does.
    pub(crate) fn sign_webhook(&self, body: &[u8]) -> String {
        HEXLOWER.encode(hmac::sign(&key(&self.webhook.current()), body).as_ref())
    }
}

fn key(secret: &Secret<String>) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

fn is_valid(key: &hmac::Key, message: &[u8], signature: &str) -> bool {
    let decoded = HEXLOWER.decode(signature.as_bytes());
    decoded.is_ok_and(|tag| hmac::verify(key, message, &tag).is_ok())
}

impl std::fmt::Debug for Signatures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signatures")
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::{config::Reloadable, core::SecretRotation};

    use super::*;
    use crate::config::PaymentConfig;

    fn keys(secret: &str) -> ApiKeys {
        let mut config = PaymentConfig::default();
        config.provider.key_id = "id".to_owned();
        config.provider.key_secret = Some(Secret::new(secret.to_owned()));
        ApiKeys::new(Reloadable::fixed(config)).unwrap()
    }

    #[test]
    fn signatures_depend_on_every_byte_sec_1() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let signatures = Signatures::new(&keys("api"), &secret("webhook"));
        let confirmation = signatures.sign_confirmation("order_1", "pay_1");
        assert!(signatures.is_confirmation("order_1", "pay_1", &confirmation));
        assert!(!signatures.is_confirmation("order_1", "pay_2", &confirmation));
        assert!(!signatures.is_confirmation("order_1|pay", "_1", &confirmation));
        let webhook = signatures.sign_webhook(b"{}");
        assert!(signatures.is_webhook(b"{}", &webhook));
        for forged in ["", "00", &webhook.to_uppercase(), &webhook[..62]] {
            assert!(!signatures.is_webhook(b"{}", forged), "{forged}");
        }
        assert!(!signatures.is_webhook(b"{} ", &webhook));
        // The two keys are not interchangeable.
        let other = Signatures::new(&keys("webhook"), &secret("api"));
        assert!(!other.is_webhook(b"{}", &webhook));
    }

    #[test]
    fn webhooks_follow_the_rotated_secret_conf_5() {
        let rotation = SecretRotation::default();
        let webhook = Secret::with_rotation("first".to_owned(), &rotation);
        let signatures = Signatures::new(&keys("api"), &webhook);
        let first = signatures.sign_webhook(b"{}");
        rotation.set(Secret::new("second".to_owned()));
        let second = signatures.sign_webhook(b"{}");
        assert!(!signatures.is_webhook(b"{}", &first));
        assert!(signatures.is_webhook(b"{}", &second));
    }

    #[test]
    fn confirmation_equals_the_documented_example_sec_1() {
        // HMAC-SHA256 of "order_1|pay_1" with the key "secret", by another implementation.
        let secret = Secret::new("secret".to_owned());
        let signed =
            Signatures::new(&keys("secret"), &secret).sign_confirmation("order_1", "pay_1");
        assert_eq!(
            signed,
            "52115a0d3400de9e86aade1f1b6eba9e8974604f4e267a9e9a16633a4c8dd2cb"
        );
    }
}
