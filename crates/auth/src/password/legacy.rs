use std::{
    ops::Range,
    sync::atomic::{AtomicU32, Ordering},
};

use bcrypt::HashParts;

use super::hash::InvalidHash;

/// The prefixes of compatible bcrypt versions. `$2x$` marks hashes by a faulty implementation.
const PREFIXES: [&str; 3] = ["$2a$", "$2b$", "$2y$"];
/// The minimum cost of the format.
const MIN_COST: u32 = 4;
/// The maximum cost: about a second. A hash that another program wrote must not occupy a
/// thread for longer.
const MAX_COST: u32 = 14;
/// The bytes of a password that bcrypt uses. It ignores further ones.
pub(super) const MAX_PASSWORD_BYTES: usize = 72;
/// The number of base64 characters of the salt and the tag.
const ENCODED_LENGTH: usize = 53;

/// A bcrypt hash of a legacy service. It can be verified but not created.
pub(super) struct BcryptHash<'hash> {
    text: &'hash str,
    cost: u32,
}

impl<'hash> BcryptHash<'hash> {
    /// Parses a hash. Returns `None` if the text has no prefix of bcrypt.
    pub(super) fn parse(text: &'hash str) -> Option<Result<Self, InvalidHash>> {
        let has_prefix = PREFIXES.iter().any(|prefix| text.starts_with(prefix));
        has_prefix.then(|| {
            let parts: HashParts = text.parse().map_err(|_| InvalidHash)?;
            let cost = parts.get_cost();
            // The parser also accepts a cost such as `+5`.
            let is_canonical = text.get(4..6) == Some(format!("{cost:02}").as_str());
            if !is_canonical || !(MIN_COST..=MAX_COST).contains(&cost) {
                return Err(InvalidHash);
            }
            Ok(Self { text, cost })
        })
    }

    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Verifies the first [`MAX_PASSWORD_BYTES`] of a password.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, self.text).unwrap_or(false)
    }
}

/// The highest cost of the bcrypt hashes that were verified in this process, or 0.
///
/// A bcrypt hash takes much longer than an Argon2id hash. So after the first bcrypt hash, each
/// verification computes both. Otherwise the time would reveal which accounts exist.
#[derive(Debug, Default)]
pub(super) struct LegacyCost(AtomicU32);

impl LegacyCost {
    /// Returns whether a bcrypt hash was recorded.
    pub(super) fn is_recorded(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    pub(super) fn record(&self, cost: u32) {
        self.0.fetch_max(cost, Ordering::Relaxed);
    }

    /// Computes the bcrypt hashes that make the work of every verification equal. `computed` is the
    /// cost of the hash that the verification has computed, or 0.
    pub(super) fn equalize(&self, password: &[u8], computed: u32) {
        for cost in self.missing_costs(computed) {
            let text = format!("$2b${cost:02}${}", ".".repeat(ENCODED_LENGTH));
            let _ = std::hint::black_box(bcrypt::verify(password, &text));
        }
    }

    /// Returns the costs of the hashes that a verification lacks. Each cost doubles the work. So
    /// hashes of the costs from `computed` up to one less than the recorded cost add the missing
    /// work.
    pub(super) fn missing_costs(&self, computed: u32) -> Range<u32> {
        let recorded = self.0.load(Ordering::Relaxed);
        match (computed, recorded) {
            (0, 0) => 0..0,
            (0, recorded) => recorded..recorded + 1,
            (computed, recorded) => computed..recorded,
        }
    }
}
