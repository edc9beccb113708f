use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::{FutureExt as _, future, future::BoxFuture};
use hashbrown::HashMap;
use parking_lot::RwLock;

use super::{ClockReading, TokenError, VerifiedToken};

/// Decides whether a valid token is revoked. It is called for each request, also with a cached
/// token, so it should respond from memory.
pub trait Revocation: Send + Sync + 'static {
    /// Returns the status of a token.
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus;
}

/// Resolves to whether the token is revoked. An error rejects the request with 503.
pub type RevocationFuture = BoxFuture<'static, Result<bool, TokenError>>;

/// Whether a token is revoked.
pub enum RevocationStatus {
    /// The token is not revoked.
    Valid,
    /// The token is revoked.
    Revoked,
    /// The status is not known yet.
    Pending(RevocationFuture),
}

impl RevocationStatus {
    /// Returns whether the token is revoked, as soon as that is known.
    ///
    /// # Errors
    /// [`TokenError`] if the status cannot be read.
    pub async fn is_revoked(self) -> Result<bool, TokenError> {
        match self {
            Self::Valid => Ok(false),
            Self::Revoked => Ok(true),
            Self::Pending(status) => status.await,
        }
    }
}

impl fmt::Debug for RevocationStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Valid => "Valid",
            Self::Revoked => "Revoked",
            Self::Pending(_) => "Pending",
        })
    }
}

/// Revocations in memory, by the version of an actor's tokens and by single tokens. Cheap to clone.
/// All clones share the list, which a consumer of events or a worker keeps up to date.
///
/// A service that polls revocations creates the list by [`Revocations::with_max_stale`]. That list
/// rejects all tokens with 503 until the first read, and when the last read is too old.
///
/// [`Revocations::remove_expired`] removes entries whose tokens have expired.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use seaworthy_auth::token::Revocations;
///
/// let revoked = Revocations::new();
/// let until = SystemTime::now() + Duration::from_secs(900);
/// // Revokes all tokens of Ada whose `ver` is below 2.
/// revoked.raise_version("ada", 2, until);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Revocations(Arc<RwLock<Lists>>);

/// The revocations. They are read for each request, so the hash is faster than that of the standard
/// library. Its seed is random.
#[derive(Debug, Default)]
struct Lists {
    versions: HashMap<Box<str>, (u64, SystemTime)>,
    tokens: HashMap<Box<str>, SystemTime>,
    source: Source,
}

/// How the lists are updated.
#[derive(Debug, Default)]
enum Source {
    /// The service itself records revocations.
    #[default]
    Recorded,
    Read {
        at: Option<ClockReading>,
        max_stale: Duration,
    },
}

impl Source {
    fn is_stale(&self) -> bool {
        match self {
            Self::Recorded => false,
            Self::Read { at, max_stale } => {
                at.is_none_or(|at| at.elapsed_until(ClockReading::now()) > *max_stale)
            }
        }
    }
}

/// The claim with the version of an actor's tokens. A token without it has version 0.
const VERSION: &str = "ver";

impl Revocations {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a list that is valid for `max_stale` after each [`Revocations::record_read`].
    #[must_use]
    pub fn with_max_stale(max_stale: Duration) -> Self {
        let lists = Lists {
            source: Source::Read {
                at: None,
                max_stale,
            },
            ..Lists::default()
        };
        Self(Arc::new(RwLock::new(lists)))
    }

    /// Records that the list contains all revocations until `now`. Pass the reading from before the
    /// request, because the response may miss later revocations.
    ///
    /// The next request starts at a position of the remote service, such as the time of its
    /// database. It does not start at a time of this machine, because a machine cannot measure how
    /// long it was suspended.
    pub fn record_read(&self, now: ClockReading) {
        if let Source::Read { at, .. } = &mut self.0.write().source {
            *at = Some(at.map_or(now, |before| before.later(now)));
        }
    }

    /// Revokes each token of an actor whose `ver` is below `version`. The entry is kept until
    /// `until`, when the last such token has expired. Versions only rise.
    pub fn raise_version(&self, actor: &str, version: u64, until: SystemTime) {
        let mut lists = self.0.write();
        let entry = lists
            .versions
            .entry(actor.into())
            .or_insert((version, until));
        *entry = (entry.0.max(version), entry.1.max(until));
    }

    /// Revokes one token by its `jti`. The entry is kept until `until`, the token's `exp`.
    pub fn revoke(&self, token_id: &str, until: SystemTime) {
        self.0.write().tokens.insert(token_id.into(), until);
    }

    /// Removes entries whose tokens have expired.
    pub fn remove_expired(&self, now: SystemTime) {
        let mut lists = self.0.write();
        lists.versions.retain(|_, (_, until)| *until > now);
        lists.tokens.retain(|_, until| *until > now);
    }
}

impl Revocation for Revocations {
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus {
        let lists = self.0.read();
        if lists.source.is_stale() {
            let unknown = future::ready(Err(TokenError::RevocationUnavailable));
            return RevocationStatus::Pending(unknown.boxed());
        }
        let claims = token.claims();
        if let Some((version, _)) = lists.versions.get(token.actor().as_str()) {
            // A version that is not a number counts as 0.
            let own = claims.number(VERSION).ok().flatten().unwrap_or_default();
            if own < *version {
                return RevocationStatus::Revoked;
            }
        }
        match claims.id() {
            Some(id) if lists.tokens.contains_key(id) => RevocationStatus::Revoked,
            _ => RevocationStatus::Valid,
        }
    }
}
