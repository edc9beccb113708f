use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use seaworthy_core::Secret;

use super::{Algorithm, KeyError, KeySet, VerificationKey};

/// The keys of secrets that an issuer shares with this service. They follow rotations of the
/// secrets (CONF-5).
#[derive(Clone)]
pub(super) struct SharedSecrets(Arc<Inner>);

struct Inner {
    algorithm: Algorithm,
    secrets: Vec<Secret<String>>,
    previous_key_ttl: Duration,
    state: ArcSwap<State>,
    /// Held during a change of the state.
    changing: Mutex<()>,
}

/// The keys between two changes.
pub(super) struct State {
    /// The sum of the versions of all secrets.
    version: u64,
    /// The number of changes.
    generation: u64,
    current: Vec<VerificationKey>,
    /// Keys of rotated secrets, and when they expire.
    previous: Vec<(VerificationKey, Instant)>,
    pub(super) keys: KeySet,
}

impl State {
    fn new(
        (version, generation): (u64, u64),
        current: Vec<VerificationKey>,
        previous: Vec<(VerificationKey, Instant)>,
    ) -> Self {
        let keys = current
            .iter()
            .chain(previous.iter().map(|(key, _)| key))
            .cloned();
        Self {
            version,
            generation,
            keys: KeySet::new(keys),
            current,
            previous,
        }
    }
}

impl SharedSecrets {
    /// Reads the secrets, the first of which signs new tokens.
    ///
    /// # Errors
    /// [`KeyError`] if a secret cannot be used.
    pub(super) fn new(
        algorithm: Algorithm,
        secrets: Vec<Secret<String>>,
        previous_key_ttl: Duration,
    ) -> Result<Self, KeyError> {
        // A rotation after this line is found by the first token.
        let version = versions(&secrets);
        let state = State::new((version, 0), keys(algorithm, &secrets)?, Vec::new());
        Ok(Self(Arc::new(Inner {
            algorithm,
            secrets,
            previous_key_ttl,
            state: ArcSwap::from_pointee(state),
            changing: Mutex::default(),
        })))
    }

    /// Replaces the time for which the keys of rotated secrets are valid.
    pub(super) fn with_previous_key_ttl(self, previous_key_ttl: Duration) -> Self {
        Self(Arc::new(Inner {
            algorithm: self.0.algorithm,
            secrets: self.0.secrets.clone(),
            previous_key_ttl,
            state: ArcSwap::new(self.0.state.load_full()),
            changing: Mutex::default(),
        }))
    }

    /// Returns a number that changes when a key was added or has expired.
    pub(super) fn generation(&self) -> u64 {
        self.load().generation
    }

    /// Returns the keys that are valid at the current time.
    pub(super) fn load(&self) -> Guard<Arc<State>> {
        let inner = &*self.0;
        let state = inner.state.load();
        let is_rotated = |state: &State| state.version != versions(&inner.secrets);
        if !is_rotated(&state) && !has_expired(&state) {
            return state;
        }
        let _changing = inner.changing.lock();
        let state = inner.state.load();
        if is_rotated(&state) || has_expired(&state) {
            inner.state.store(Arc::new(inner.changed(&state)));
        }
        inner.state.load()
    }
}

impl Inner {
    fn changed(&self, state: &State) -> State {
        let version = versions(&self.secrets);
        let now = Instant::now();
        let mut previous = state.previous.clone();
        let current = if version == state.version {
            state.current.clone()
        } else {
            match keys(self.algorithm, &self.secrets) {
                Ok(current) => {
                    tracing::info!("the keys of tokens are replaced, because a secret was rotated");
                    let until = now + self.previous_key_ttl;
                    let replaced = state.current.iter().map(|key| (key.clone(), until));
                    previous.splice(..0, replaced);
                    current
                }
                Err(error) => {
                    tracing::error!(%error, "a rotated secret of tokens cannot be used, so its previous value remains valid");
                    state.current.clone()
                }
            }
        };
        previous.retain(|(_, until)| now < *until);
        State::new((version, state.generation + 1), current, previous)
    }
}

fn versions(secrets: &[Secret<String>]) -> u64 {
    let versions = secrets.iter().map(Secret::version);
    versions.fold(0, u64::wrapping_add)
}

fn has_expired(state: &State) -> bool {
    // Without previous keys, no request reads the clock.
    let mut previous = state.previous.iter();
    !state.previous.is_empty() && {
        let now = Instant::now();
        previous.any(|(_, until)| now >= *until)
    }
}

fn keys(
    algorithm: Algorithm,
    secrets: &[Secret<String>],
) -> Result<Vec<VerificationKey>, KeyError> {
    let key = |secret: &Secret<String>| {
        let bytes = Secret::new(secret.current().expose().clone().into_bytes());
        VerificationKey::secret(algorithm, &bytes)
    };
    secrets.iter().map(key).collect()
}

impl fmt::Debug for SharedSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedSecrets")
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}
