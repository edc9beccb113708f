use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash as Text, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::legacy::BcryptHash;

/// The default memory in KiB: the minimum of OWASP's cheat sheet with two iterations and one lane.
const DEFAULT_MEMORY_KIB: u32 = 19 * 1024;
const DEFAULT_ITERATIONS: u32 = 2;
/// The number of lanes. More cores for one login would help attackers, who have more cores.
const LANES: u32 = 1;
/// The length of a salt, in bytes. 16 bytes are enough (RFC 9106, section 3.1).
pub(super) const SALT_LENGTH: usize = 16;
const TAG_LENGTH: usize = 32;
/// Maximum memory of a stored hash in KiB. A hash of another program must not use up memory.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 8;

/// The cost of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordParameters {
    /// The memory in KiB. Each thread keeps it for half a minute. Production rejects less than the
    /// default.
    #[schemars(extend("x-unsafe" = [{
        "id": "AUTH-2",
        "below": DEFAULT_MEMORY_KIB,
        "why": "stolen hashes of passwords with so little memory can be guessed on graphics cards"
    }]))]
    pub memory_kib: u32,
    /// The iterations over the memory. Production rejects less than the default.
    #[schemars(extend("x-unsafe" = [{
        "id": "AUTH-2",
        "below": DEFAULT_ITERATIONS,
        "why": "stolen hashes of passwords with so few iterations can be guessed quickly"
    }]))]
    pub iterations: u32,
}

impl Default for PasswordParameters {
    fn default() -> Self {
        Self {
            memory_kib: DEFAULT_MEMORY_KIB,
            iterations: DEFAULT_ITERATIONS,
        }
    }
}

/// A stored hash: the PHC string of Argon2id, which contains its parameters, or a bcrypt hash of a
/// legacy service.
///
/// ```
/// use seaworthy_auth::password::PasswordHash;
///
/// let legacy = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// assert!(PasswordHash::parse(legacy).is_ok());
/// // The cost is out of range.
/// assert!(PasswordHash::parse(&legacy.replace("$05$", "$31$")).is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// The text is not a usable hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is malformed, or its cost is out of range")]
pub struct InvalidHash;

/// A parsed hash.
pub(super) enum Scheme<'hash> {
    Argon2id(Parts),
    Bcrypt(BcryptHash<'hash>),
}

/// The parts of an Argon2id hash.
pub(super) struct Parts {
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) tag: Zeroizing<Vec<u8>>,
}

impl PasswordHash {
    /// Parses a stored hash.
    ///
    /// # Errors
    /// The text is neither an Argon2id hash of version 1.3 nor a bcrypt hash, or its cost is out of
    /// range. The maximum cost of bcrypt is 14.
    pub fn parse(text: &str) -> Result<Self, InvalidHash> {
        let hash = Self(text.to_owned());
        hash.scheme()?;
        Ok(hash)
    }

    /// Returns the text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn scheme(&self) -> Result<Scheme<'_>, InvalidHash> {
        match BcryptHash::parse(&self.0) {
            Some(hash) => hash.map(Scheme::Bcrypt),
            None => self.argon2id().map(Scheme::Argon2id),
        }
    }

    fn argon2id(&self) -> Result<Parts, InvalidHash> {
        let text = Text::new(&self.0).map_err(|_| InvalidHash)?;
        let is_supported = text.algorithm == Algorithm::Argon2id.ident()
            && text.version == Some(Version::V0x13.into());
        if !is_supported {
            return Err(InvalidHash);
        }
        let params = Params::try_from(&text).map_err(|_| InvalidHash)?;
        let is_bounded = params.m_cost() <= MAX_MEMORY_KIB
            && params.t_cost() <= MAX_ITERATIONS
            && params.p_cost() <= MAX_LANES;
        let (Some(salt), Some(tag), true) = (text.salt, text.hash, is_bounded) else {
            return Err(InvalidHash);
        };
        let mut bytes = [0; 64];
        let salt = salt.decode_b64(&mut bytes).map_err(|_| InvalidHash)?;
        Ok(Parts {
            params,
            salt: salt.to_vec(),
            tag: Zeroizing::new(tag.as_bytes().to_vec()),
        })
    }

    pub(super) fn encode(params: &Params, salt: &[u8], tag: &[u8]) -> Self {
        Self(format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            params.m_cost(),
            params.t_cost(),
            params.p_cost(),
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(tag)
        ))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(***)")
    }
}

impl Parts {
    pub(super) fn has_params(&self, params: &Params) -> bool {
        self.params.m_cost() == params.m_cost()
            && self.params.t_cost() == params.t_cost()
            && self.params.p_cost() == params.p_cost()
    }
}

impl PasswordParameters {
    pub(super) fn params(self) -> Result<Params, InvalidHash> {
        if self.memory_kib > MAX_MEMORY_KIB || self.iterations > MAX_ITERATIONS {
            return Err(InvalidHash);
        }
        Params::new(self.memory_kib, self.iterations, LANES, Some(TAG_LENGTH))
            .map_err(|_| InvalidHash)
    }
}

/// The minimum size in bytes that an allocator such as glibc's maps separately and returns to the
/// system when it is freed. It keeps smaller ones. Only the used part becomes resident.
const MAPPED_BYTES: usize = 32 << 20;
const MAPPED_BLOCKS: usize = MAPPED_BYTES / size_of::<Block>() + 1;

/// The memory of one thread, reused for each hash.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Returns whether memory of the last hash can be freed.
    pub(super) fn is_held(&self) -> bool {
        self.0.capacity() > 0
    }

    /// Computes the tag of a password.
    pub(super) fn tag(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, argon2::Error> {
        let length = params.output_len().unwrap_or(TAG_LENGTH);
        let mut tag = Zeroizing::new(vec![0; length]);
        if self.0.len() < params.block_count() {
            let capacity = params.block_count().max(MAPPED_BLOCKS);
            self.0.reserve_exact(capacity.saturating_sub(self.0.len()));
            self.0.resize(params.block_count(), Block::default());
        }
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let blocks = self.0.get_mut(..params.block_count()).unwrap_or_default();
        argon.hash_password_into_with_memory(password, salt, &mut tag, blocks)?;
        Ok(tag)
    }
}
