use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use seaworthy_core::Secret;

use super::{Algorithm, KeyError, KeySet, VerificationKey, key_file::KeyFile};

/// The keys of an issuer in the settings of this service. They follow rotations of their secrets or
/// of their file (CONF-5).
#[derive(Clone)]
pub(super) struct RotatingKeys(Arc<Inner>);

/// Where keys come from.
#[derive(Debug, Clone)]
pub(super) enum KeySource {
    /// Secrets that the issuer shares with this service, the first of which signs new tokens.
    Secrets(Algorithm, Vec<Secret<String>>),
    /// The public key of the issuer in a file.
    File(Arc<KeyFile>),
}

struct Inner {
    source: KeySource,
    previous_key_ttl: Duration,
    state: ArcSwap<State>,
    /// Held during a change of the state.
    changing: Mutex<()>,
}

/// The keys between two changes.
pub(super) struct State {
    /// The version of the source.
    version: u64,
    /// The number of changes.
    generation: u64,
    current: Vec<VerificationKey>,
    /// Keys before a rotation, and when they expire.
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

impl RotatingKeys {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`KeyError`] if a key cannot be used.
    pub(super) fn new(source: KeySource, previous_key_ttl: Duration) -> Result<Self, KeyError> {
        // A rotation after this line is found by the first token.
        let version = source.version();
        let state = State::new((version, 0), source.keys()?, Vec::new());
        Ok(Self(Arc::new(Inner {
            source,
            previous_key_ttl,
            state: ArcSwap::from_pointee(state),
            changing: Mutex::default(),
        })))
    }

    /// Replaces the time for which keys are valid after a rotation.
    pub(super) fn with_previous_key_ttl(self, previous_key_ttl: Duration) -> Self {
        Self(Arc::new(Inner {
            source: self.0.source.clone(),
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
        let is_rotated = |state: &State| state.version != inner.source.version();
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
        let version = self.source.version();
        let now = Instant::now();
        let mut previous = state.previous.clone();
        let current = if version == state.version {
            state.current.clone()
        } else {
            match self.source.keys() {
                Ok(current) => {
                    tracing::info!("the keys of tokens are replaced after a rotation");
                    let until = now + self.previous_key_ttl;
                    let replaced = state.current.iter().map(|key| (key.clone(), until));
                    previous.splice(..0, replaced);
                    current
                }
                Err(error) => {
                    tracing::error!(%error, "a rotated key of tokens cannot be used, so its previous value remains valid");
                    state.current.clone()
                }
            }
        };
        previous.retain(|(_, until)| now < *until);
        State::new((version, state.generation + 1), current, previous)
    }
}

impl KeySource {
    /// Returns a number that changes with each rotation.
    fn version(&self) -> u64 {
        match self {
            Self::Secrets(_, secrets) => {
                let versions = secrets.iter().map(Secret::version);
                versions.fold(0, u64::wrapping_add)
            }
            Self::File(file) => file.version(),
        }
    }

    fn keys(&self) -> Result<Vec<VerificationKey>, KeyError> {
        match self {
            Self::Secrets(algorithm, secrets) => {
                let key = |secret: &Secret<String>| {
                    let bytes = Secret::new(secret.current().expose().clone().into_bytes());
                    VerificationKey::secret(*algorithm, &bytes)
                };
                secrets.iter().map(key).collect()
            }
            Self::File(file) => file.key().map(|key| vec![key]),
        }
    }
}

fn has_expired(state: &State) -> bool {
    // Without previous keys, no request reads the clock.
    let mut previous = state.previous.iter();
    !state.previous.is_empty() && {
        let now = Instant::now();
        previous.any(|(_, until)| now >= *until)
    }
}

impl fmt::Debug for RotatingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RotatingKeys")
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}
