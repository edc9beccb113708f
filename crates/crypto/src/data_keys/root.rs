use std::{num::NonZeroU32, sync::Arc};

use aws_lc_rs::pbkdf2;
use data_encoding::HEXLOWER;
use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_service::{Assembly, SettingProblem, StartError};

use super::config::{DataKeysConfig, Derivation, KeyLength, SeedConfig, VaultRootConfig};
use crate::{
    CryptoError, DataKey, KeyId, Keyring, PassphraseSalt, VaultTransit, VaultTransitConfig,
    WrapKeys, aead::KEY_LENGTH, derive_key, key_from_passphrase,
};

/// Minimum length of a seed, in bytes: 256 bits.
const MIN_SEED: usize = 32;
const MIN_SALT: usize = 16;
/// Default and minimum number of PBKDF2 iterations, as OWASP recommends for HMAC-SHA-256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
/// Minimum number of iterations of the other root key, as in the legacy service.
const MIN_OTHER_ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
const NO_SEED: &str = "the seed must be set to at least 32 bytes";
const NO_TOKEN: &str = "the token of the root key in Vault is not set";
/// The name of the HTTP client for Vault in the settings of the service.
const CLIENT: &str = "vault";
/// Length of the hash in the name of a root key, in bytes.
const NAME_BYTES: usize = 6;

/// The root key, which encrypts data keys.
#[derive(Clone)]
pub struct Root {
    pub(super) keys: Arc<dyn WrapKeys>,
    /// The root keys as the legacy service used them: the current one, and the other one.
    pub(super) legacy: Arc<[RootKey]>,
}

/// A root key that is derived from a seed.
pub(super) struct RootKey {
    /// The key, padded with zero bytes. HMAC in `derive_key` pads each key in the same way.
    bytes: Secret<[u8; KEY_LENGTH]>,
    length: KeyLength,
}

impl RootKey {
    /// Returns the key without the zero bytes.
    pub(super) fn expose(&self) -> &[u8] {
        let bytes = self.bytes.expose();
        bytes.get(..self.length.get()).unwrap_or(bytes)
    }

    /// Returns the key as a data key, if it is as long as one.
    pub(super) fn data_key(&self) -> Option<DataKey> {
        (self.length.get() == KEY_LENGTH).then(|| DataKey::new(&self.bytes))
    }
}

impl Root {
    /// Creates a root from another holder of keys, such as a cloud service.
    #[must_use]
    pub fn new(keys: impl WrapKeys) -> Self {
        Self {
            keys: Arc::new(keys),
            legacy: Arc::new([]),
        }
    }

    /// Creates the root of seed and salt. A second root only decrypts. Blocks the calling thread
    /// for some hundred milliseconds.
    ///
    /// # Errors
    /// A seed or a salt is missing or too short, or iterations are out of range.
    pub fn from_seed(seed: &SeedConfig, other: Option<&SeedConfig>) -> Result<Self, CryptoError> {
        let key = derived(seed, ITERATIONS)?;
        let keyring = Keyring::new(name(&key.bytes)?, &derive_key(&key.bytes, "data keys"))?;
        let mut legacy = vec![key];
        if let Some(other) = other {
            let key = derived(other, MIN_OTHER_ITERATIONS)?;
            keyring.add(name(&key.bytes)?, &derive_key(&key.bytes, "data keys"))?;
            legacy.push(key);
        }
        Ok(Self {
            keys: Arc::new(keyring),
            legacy: legacy.into(),
        })
    }

    /// Creates the root of the settings: seed and salt, or a key in Vault. Call it before you
    /// connect a database, so that missing settings stop the start first.
    ///
    /// # Errors
    /// A setting is missing or invalid.
    pub fn from_settings<C: Settings>(
        service: &Assembly<C>,
        config: &DataKeysConfig,
    ) -> Result<Self, StartError> {
        match &config.vault {
            Some(vault) => vault_root(service, config, vault),
            None => {
                Self::from_seed(&config.own_seed(), config.other_root.as_ref()).map_err(|error| {
                    StartError::with_cause("the settings of the root key cannot be used", error)
                })
            }
        }
    }
}

impl SeedConfig {
    /// Returns the settings that no root key can be derived from, each with its problem.
    fn problems(&self, min: NonZeroU32) -> Vec<(&'static str, &'static str)> {
        let is_short = |secret: &Option<Secret<String>>, min| {
            let length = secret.as_ref().map(|secret| secret.expose().len());
            length.unwrap_or_default() < min
        };
        let mut found = Vec::new();
        if is_short(&self.seed, MIN_SEED) {
            found.push(("seed", NO_SEED));
        }
        if is_short(&self.salt, MIN_SALT) {
            found.push(("salt", "the salt must be set to at least 16 bytes"));
        }
        match (self.derivation, self.iterations) {
            (Some(Derivation::Argon2id), Some(_)) => found.push((
                "iterations",
                "iterations apply to pbkdf2 only: remove them or derivation",
            )),
            (_, Some(iterations)) if iterations < min => found.push((
                "iterations",
                "pbkdf2 needs at least 600000 iterations, and 10000 as the other root",
            )),
            _ => {}
        }
        found
    }
}

impl DataKeysConfig {
    /// Returns what [`Root::from_settings`] rejects, for
    /// [`Service::check_settings`](seaworthy_service::Service::check_settings). `section` is the
    /// key of these settings.
    #[must_use]
    pub fn problems(&self, section: &str) -> Vec<SettingProblem> {
        let problem = |(key, problem)| SettingProblem::new(format!("{section}.{key}"), problem);
        let Some(vault) = &self.vault else {
            let own = self.own_seed().problems(ITERATIONS).into_iter();
            let other = self.other_root.iter();
            let other = other.flat_map(|other| other.problems(MIN_OTHER_ITERATIONS));
            let other = other.map(|(key, text)| (format!("other_root.{key}"), text));
            let own = own.map(|(key, text)| (key.to_owned(), text));
            return own.chain(other).map(problem).collect();
        };
        let problems = self.vault_problems(vault).into_iter();
        problems
            .map(|(key, text)| problem((key.to_owned(), text)))
            .collect()
    }

    fn vault_problems(&self, vault: &VaultRootConfig) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        if self.seed.is_some() || self.salt.is_some() || self.other_root.is_some() {
            found.push((
                "vault",
                "a root key in Vault has no seed, no salt and no other_root: remove them or vault",
            ));
        }
        if vault.token.is_none() {
            found.push(("vault.token", NO_TOKEN));
        }
        found
    }

    fn own_seed(&self) -> SeedConfig {
        SeedConfig {
            seed: self.seed.clone(),
            salt: self.salt.clone(),
            derivation: self.derivation,
            iterations: self.iterations,
            key_length: self.key_length,
        }
    }
}

fn vault_root<C: Settings>(
    service: &Assembly<C>,
    config: &DataKeysConfig,
    vault: &VaultRootConfig,
) -> Result<Root, StartError> {
    if let Some((_, problem)) = config.vault_problems(vault).first() {
        return Err(StartError::new(*problem));
    }
    let token = vault.token.clone();
    let token = token.ok_or_else(|| StartError::new(NO_TOKEN))?;
    let because = |error| {
        StartError::with_cause(
            "the settings of the root key in Vault cannot be used",
            error,
        )
    };
    let key = KeyId::new(&vault.key).map_err(|error| {
        StartError::with_cause("the name of the root key in Vault cannot be used", error)
    })?;
    let client = service
        .http_client(CLIENT)
        .map_err(|error| StartError::with_cause("clients.vault cannot be used", error))?;
    let transit = VaultTransitConfig {
        mount: vault.mount.clone(),
        key,
        namespace: vault.namespace.clone(),
    };
    let transit = VaultTransit::new(client, token, transit).map_err(because)?;
    Ok(Root::new(transit))
}

/// Returns the name of a root key, by which a wrong seed is recognized.
fn name(key: &Secret<[u8; KEY_LENGTH]>) -> Result<KeyId, CryptoError> {
    let hash = derive_key(key, "name of the root key");
    let hash: Vec<u8> = hash.expose().iter().copied().take(NAME_BYTES).collect();
    KeyId::new(&format!("root-{}", HEXLOWER.encode(&hash))).map_err(|_| CryptoError::Malformed)
}

/// Derives a root key. A shorter key is the beginning of a longer one.
fn derived(config: &SeedConfig, min: NonZeroU32) -> Result<RootKey, CryptoError> {
    let key = derived_bytes(config, min)?;
    let mut bytes = [0; KEY_LENGTH];
    let kept = key.expose().iter().take(config.key_length.get());
    bytes
        .iter_mut()
        .zip(kept)
        .for_each(|(to, from)| *to = *from);
    Ok(RootKey {
        bytes: Secret::new(bytes),
        length: config.key_length,
    })
}

fn derived_bytes(
    config: &SeedConfig,
    min: NonZeroU32,
) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
    if let Some((_, problem)) = config.problems(min).first() {
        return Err(CryptoError::Key(problem));
    }
    let (Some(seed), Some(salt)) = (&config.seed, &config.salt) else {
        return Err(CryptoError::Key(NO_SEED));
    };
    match (config.derivation, config.iterations) {
        (None | Some(Derivation::Argon2id), None) => {
            key_from_passphrase(seed, PassphraseSalt::from_text(salt.expose())?)
        }
        (_, iterations) => {
            let iterations = iterations.unwrap_or(ITERATIONS);
            let mut key = [0; KEY_LENGTH];
            pbkdf2::derive(
                pbkdf2::PBKDF2_HMAC_SHA256,
                iterations,
                salt.expose().as_bytes(),
                seed.expose().as_bytes(),
                &mut key,
            );
            Ok(Secret::new(key))
        }
    }
}

impl std::fmt::Debug for Root {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Root(***)")
    }
}
