//! Secrets that are rotated while the service runs (CONF-5).

use seaworthy_core::{Delay, SecretRotation};

use super::*;

const FIRST: &str = "0f8b1d0c6a3e47f2b95d2c81a7e6f439";
const SECOND: &str = "9f2b6c1d0e3a47f2b95d2c81a7e6f4aa";

struct Rotated {
    rotation: SecretRotation,
    signer: TokenSigner,
    verifier: TokenVerifier,
}

impl Rotated {
    fn new(previous_key_ttl: Delay) -> Self {
        let rotation = SecretRotation::default();
        let secret = Secret::with_rotation(FIRST.to_owned(), &rotation);
        let signing = TokenSignerConfig {
            issuer: ISSUER.to_owned(),
            ..TokenSignerConfig::default()
        };
        let issuer = IssuerConfig {
            token_key: Some(secret.clone()),
            previous_key_ttl,
            ..config(&[Algorithm::Hs256])
        };
        let signer = TokenSigner::with_secret(signing, "k1", Algorithm::Hs256, &secret);
        Self {
            rotation,
            signer: signer.unwrap(),
            verifier: TokenVerifier::new([Issuer::new(issuer).unwrap()]).unwrap(),
        }
    }

    fn sign(&self) -> Secret<String> {
        let token = NewToken::for_subject("ada").audience("events");
        self.signer.sign_at(token, now()).unwrap()
    }

    fn accepts(&self, token: &Secret<String>) -> bool {
        self.verifier.verify_now(token.expose(), now()).is_ok()
    }

    fn rotate(&self, secret: &str) {
        self.rotation.set(Secret::new(secret.to_owned()));
    }
}

/// Whether a service that only knows `secret` accepts the token.
fn is_signed_with(secret: &str, token: &Secret<String>) -> bool {
    let issuer = Issuer::new(IssuerConfig {
        token_key: Some(Secret::new(secret.to_owned())),
        ..config(&[Algorithm::Hs256])
    });
    let verifier = TokenVerifier::new([issuer.unwrap()]).unwrap();
    verifier.verify_now(token.expose(), now()).is_ok()
}

#[test]
fn rotated_secret_signs_and_previous_one_verifies_conf_5() {
    let service = Rotated::new(Delay::from_secs(900));
    let (old, generation) = (service.sign(), service.verifier.generation());
    service.rotate(SECOND);
    let new = service.sign();
    assert!(is_signed_with(SECOND, &new) && !is_signed_with(FIRST, &new));
    assert!(service.accepts(&new) && service.accepts(&old));
    // Cached tokens are verified again.
    assert_ne!(service.verifier.generation(), generation);
}

#[test]
fn process_started_after_a_rotation_rejects_old_tokens_conf_5() {
    let service = Rotated::new(Delay::from_secs(900));
    let old = service.sign();
    service.rotate(SECOND);
    // The running process accepts the previous secret. A process that starts does not know it.
    assert!(service.accepts(&old));
    assert!(!is_signed_with(SECOND, &old));
}

#[test]
fn previous_secret_expires_after_its_ttl_conf_5() {
    let service = Rotated::new(Delay::ZERO);
    let old = service.sign();
    assert!(service.accepts(&old));
    service.rotate(SECOND);
    assert!(!service.accepts(&old));
    assert!(service.accepts(&service.sign()));
}

#[test]
fn invalid_rotated_secret_changes_nothing_conf_5() {
    let service = Rotated::new(Delay::ZERO);
    let old = service.sign();
    service.rotate("short");
    assert!(service.accepts(&old) && service.accepts(&service.sign()));
    service.rotate(SECOND);
    assert!(!service.accepts(&old) && service.accepts(&service.sign()));
}

#[test]
fn additional_secrets_verify_and_follow_rotations_conf_5() {
    let rotation = SecretRotation::default();
    let next = Secret::with_rotation(FIRST.to_owned(), &rotation);
    let issuer = IssuerConfig {
        token_key: Some(Secret::new("another-secret-of-this-service-32".to_owned())),
        previous_key_ttl: Delay::ZERO,
        ..config(&[Algorithm::Hs256])
    };
    let issuer = Issuer::with_additional_keys(issuer, &[next]).unwrap();
    let verifier = TokenVerifier::new([issuer]).unwrap();
    let other = Rotated::new(Delay::ZERO);
    let token = other.sign();
    assert!(verifier.verify_now(token.expose(), now()).is_ok());
    rotation.set(Secret::new(SECOND.to_owned()));
    assert!(verifier.verify_now(token.expose(), now()).is_err());
}

/// A public key in a file, such as a mounted volume of Kubernetes.
struct PublicKeyFile {
    path: tempfile::TempPath,
    verifier: TokenVerifier,
}

impl PublicKeyFile {
    fn new(pem: &str, previous_key_ttl: Delay) -> Self {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, pem).unwrap();
        let issuer = IssuerConfig {
            public_key: Some(format!("file:{}", path.display())),
            previous_key_ttl,
            ..config(&[Algorithm::EdDsa])
        };
        Self {
            path,
            verifier: TokenVerifier::new([Issuer::new(issuer).unwrap()]).unwrap(),
        }
    }

    fn accepts(&self, token: &str) -> bool {
        self.verifier.verify_now(token, now()).is_ok()
    }

    fn eventually_accepts(&self, token: &str) {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while !self.accepts(token) {
            assert!(std::time::Instant::now() < end);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Returns a public key in PEM and a token that its private key signed.
fn public_key_and_token() -> (String, String) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let private = Secret::new(pair.serialize_pem());
    let key = SigningKey::pem("k", Algorithm::EdDsa, &private).unwrap();
    let payload = claims().to_string();
    let token = signed(&key, r#"{"alg":"EdDSA","typ":"JWT"}"#, payload.as_bytes());
    (pair.public_key_pem(), token)
}

#[test]
fn rotated_file_of_a_public_key_is_read_again_conf_5() {
    let [(first, old), (second, new)] = [public_key_and_token(), public_key_and_token()];
    let service = PublicKeyFile::new(&first, Delay::from_secs(900));
    let generation = service.verifier.generation();
    assert!(service.accepts(&old) && !service.accepts(&new));
    std::fs::write(&service.path, "not yet complete").unwrap();
    std::fs::write(&service.path, second).unwrap();
    service.eventually_accepts(&new);
    assert!(service.accepts(&old));
    // Cached tokens are verified again.
    assert_ne!(service.verifier.generation(), generation);
}

#[test]
fn previous_file_of_a_public_key_expires_after_its_ttl_conf_5() {
    let [(first, old), (second, new)] = [public_key_and_token(), public_key_and_token()];
    let service = PublicKeyFile::new(&first, Delay::ZERO);
    assert!(service.accepts(&old));
    std::fs::write(&service.path, second).unwrap();
    service.eventually_accepts(&new);
    assert!(!service.accepts(&old));
}
