use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use seaworthy_telemetry::metrics::Metrics;
use serde_json::{Value, json};

use super::{
    author::{Author, Changed, NewOverride},
    error::ChangeError,
    pending::{Pending, put},
    state::{Change, ChangeAction, Override, OverrideScope, RuntimeState},
};
use crate::{Flags, Kind};

/// Maximum number of overrides. Each evaluation reads all user overrides of its flag.
pub(super) const MAX_OVERRIDES: usize = 1_000;

impl Flags {
    /// Sets an override and waits until it is stored.
    ///
    /// # Errors
    /// [`ChangeError`]. Nothing changes then.
    pub async fn set_override(
        &self,
        new: &NewOverride,
        author: &Author,
    ) -> Result<Changed, ChangeError> {
        let (actor, reason) = author.check()?;
        new.check_scope()?;
        let is_kill_switch = self.is_kill_switch(&new.key);
        let expiry = new.expiry(is_kill_switch)?;
        self.check_variant(&new.key, &new.variant)?;
        self.check_switch(&new.key)?;
        let edit = |state: &mut RuntimeState, now: DateTime<Utc>| {
            let length = expiry.map(|time| TimeDelta::from_std(time.get()).unwrap_or_default());
            let set = Override {
                key: new.key.clone(),
                scope: new.scope.clone(),
                variant: new.variant.clone(),
                reason: reason.clone(),
                actor: actor.clone(),
                set_at: now,
                expires_at: length.map(|length| now + length),
            };
            put(state, &set)
        };
        let changed = self.change(&new.key, is_kill_switch, edit).await?;
        if changed.stored {
            self.drop_pending(|other| other.set.key == new.key && other.set.scope == new.scope);
        }
        Ok(changed)
    }

    /// Removes an override and waits until that is stored.
    ///
    /// # Errors
    /// [`ChangeError`]. Nothing changes then.
    pub async fn unset_override(
        &self,
        key: &str,
        scope: &OverrideScope,
        author: &Author,
    ) -> Result<Changed, ChangeError> {
        let (actor, reason) = author.check()?;
        let was_pending =
            self.drop_pending(|other| other.set.key == key && other.set.scope == *scope);
        let edit = |state: &mut RuntimeState, _: DateTime<Utc>| {
            let before = overridden(state, key);
            let count = state.overrides.len();
            state
                .overrides
                .retain(|set| set.key != key || set.scope != *scope);
            if state.overrides.len() == count {
                return Err(ChangeError::NoOverride(key.to_owned()));
            }
            Ok(Change {
                action: ChangeAction::Unset,
                key: key.to_owned(),
                actor: actor.clone(),
                reason: reason.clone(),
                before,
                after: overridden(state, key),
            })
        };
        match self.change(key, false, edit).await {
            Err(ChangeError::NoOverride(_) | ChangeError::Store(_)) if was_pending => Ok(Changed {
                version: self.runtime_state().version,
                stored: false,
            }),
            changed => changed,
        }
    }

    /// Registers the age of the oldest override.
    pub(crate) fn observe_overrides(&self, metrics: &Metrics) {
        // The flags own the metrics, so the metrics hold only a weak reference to the flags.
        let flags = Arc::downgrade(&self.0);
        let age = move || {
            flags
                .upgrade()
                .map_or(0.0, |flags| Self(flags).oldest_override())
        };
        let help = "How long the oldest override of an operator has been in effect. 0 without one.";
        metrics.observable_gauge("feature_flag_oldest_override_seconds", help, &[], age);
    }

    /// Returns the age of the oldest override in seconds, or 0 without one.
    fn oldest_override(&self) -> f64 {
        let now = self.now();
        let sources = self.0.runtime.sources.lock();
        let all = sources.state.overrides.iter().chain(sources.waiting());
        let oldest = all
            .filter(|set| set.is_active(now))
            .map(|set| set.set_at)
            .min();
        drop(sources);
        let age = oldest.and_then(|oldest| (now - oldest).to_std().ok());
        age.unwrap_or_default().as_secs_f64()
    }

    /// Removes changes that wait for the store. Returns whether there was one.
    pub(super) fn drop_pending(&self, is: impl Fn(&Pending) -> bool) -> bool {
        let mut sources = self.0.runtime.sources.lock();
        let count = sources.pending.len();
        sources.pending.retain(|other| !is(other));
        let was_pending = sources.pending.len() < count;
        drop(sources);
        if was_pending {
            self.rebuild_or_log();
        }
        was_pending
    }

    fn check_variant(&self, key: &str, variant: &str) -> Result<(), ChangeError> {
        let set = self.set();
        let declared = self.declarations();
        let declared = declared.iter().find(|flag| &*flag.key == key);
        let known: Vec<String> = match (set.get(key), declared) {
            (Some(flag), _) => {
                let names = flag.variants().iter().map(|variant| variant.name());
                names.map(ToOwned::to_owned).collect()
            }
            (None, Some(flag)) if flag.value_type == "boolean" => on_and_off(),
            (None, None) if self.is_switch(key) => on_and_off(),
            (None, Some(_)) => Vec::new(),
            (None, None) => return Err(ChangeError::UnknownFlag(key.to_owned())),
        };
        if known.iter().any(|name| name == variant) {
            return Ok(());
        }
        Err(ChangeError::UnknownVariant {
            key: key.to_owned(),
            variant: variant.to_owned(),
            known,
        })
    }

    fn is_kill_switch(&self, key: &str) -> bool {
        let declared = self.declarations();
        let mut named = declared.iter().filter(|flag| &*flag.key == key);
        named.any(|flag| flag.kind == Kind::KillSwitch)
    }
}

fn on_and_off() -> Vec<String> {
    vec!["on".to_owned(), "off".to_owned()]
}

/// Returns the overrides of a flag for the audit log.
pub(super) fn overridden(state: &RuntimeState, key: &str) -> Value {
    let of_flag = state.overrides.iter().filter(|set| set.key == key);
    of_flag
        .map(
            |set| json!({"scope": set.scope, "variant": set.variant, "expires_at": set.expires_at}),
        )
        .collect()
}
