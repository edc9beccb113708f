use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::{FutureExt as _, future, future::BoxFuture};
use hashbrown::HashMap;
use parking_lot::RwLock;

use super::{ClockReading, TokenError, VerifiedToken};

/// Says of a valid token whether it was taken back. Asked at every use of one, also of a cached one, so it should answer from memory.
pub trait Revocation: Send + Sync + 'static {
    /// What is known of the token.
    fn status(&self, token: &Arc<VerifiedToken>) -> RevocationStatus;
}

/// An answer that needs waiting: whether the token is revoked. An error refuses the request with 503: who cannot find out does not let in.
pub type RevocationFuture = BoxFuture<'static, Result<bool, TokenError>>;

/// Whether a token was taken back.
pub enum RevocationStatus {
    /// It was not.
    Valid,
    /// It was.
    Revoked,
    /// Somebody has to be asked.
    Pending(RevocationFuture),
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

/// Revocations in memory, by the version of an actor's tokens and by single tokens. An actor or a token that is not here is in good standing. Cheap to clone; all
/// clones are the same list, which a consumer of events or a worker keeps up to date.
///
/// Whoever reads them elsewhere from time to time makes a list by [`Revocations::with_max_stale`], which refuses every token with 503 before it was read and after it
/// could not be read for long: whoever keeps a service from reading gains that time and no more.
///
/// A version is kept until [`Revocations::remove_expired`] is called after the time that was given with it, which is that of the longest token in use: after it
/// no token of an older version can be valid.
#[derive(Debug, Clone, Default)]
pub struct Revocations(Arc<RwLock<Lists>>);

/// Looked into at every request, so by a faster hash than that of the standard library; its seed is random too, and who chooses what is listed has signed it.
#[derive(Debug, Default)]
struct Lists {
    versions: HashMap<Box<str>, (u64, SystemTime)>,
    tokens: HashMap<Box<str>, SystemTime>,
    source: Source,
}

/// Where the lists come from.
#[derive(Debug, Default)]
enum Source {
    /// Whoever raises a version is who takes tokens back.
    #[default]
    Told,
    Read {
        at: Option<ClockReading>,
        max_stale: Duration,
    },
}

impl Source {
    fn is_stale(&self) -> bool {
        match self {
            Self::Told => false,
            Self::Read { at, max_stale } => {
                at.is_none_or(|at| at.elapsed_until(ClockReading::now()) > *max_stale)
            }
        }
    }
}

/// The claim with the version of an actor's tokens; absent it is 0.
const VERSION: &str = "ver";

impl Revocations {
    /// Nothing is revoked.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing is known before [`Revocations::record_read`] is called, nor longer than `max_stale` after it.
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
    /// database. It does not start at a time of this machine, because a suspended machine does not
    /// know for how long it was suspended.
    pub fn record_read(&self, now: ClockReading) {
        if let Source::Read { at, .. } = &mut self.0.write().source {
            *at = Some(at.map_or(now, |before| before.later(now)));
        }
    }

    /// Takes back every token of an actor whose `ver` is below `version`. Kept until `until`; versions only rise.
    pub fn raise_version(&self, actor: &str, version: u64, until: SystemTime) {
        let mut lists = self.0.write();
        let known = lists
            .versions
            .entry(actor.into())
            .or_insert((version, until));
        *known = (known.0.max(version), known.1.max(until));
    }

    /// Takes back one token by its `jti`. Kept until `until`, its own `exp`.
    pub fn revoke(&self, token_id: &str, until: SystemTime) {
        self.0.write().tokens.insert(token_id.into(), until);
    }

    /// Forgets what can concern no valid token any more.
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
            // A version that is no number is below every version.
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
