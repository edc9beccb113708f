//! Checks before a guest runs: the state of the plugin, its CPU share, and permits.

use std::{sync::Arc, time::Instant};

use seaworthy_core::{RequestContext, context};
use tokio::time::{Instant as TokioInstant, timeout_at};

use crate::{
    PluginStatus,
    plugin::{Plugin, State, function::Function},
    runtime::{CallError, LifecycleStep},
    sandbox::{CallOrigin, Permission, Permit, Permits},
};

/// The permission for a call. If it is dropped before its guest runs, the next call is the trial of
/// a disabled plugin.
pub(super) struct Admission {
    pub(super) permission: Permission,
    /// The plugin, until its guest ran.
    unused: Option<Arc<Plugin>>,
}

impl Admission {
    /// Marks that the guest ran.
    pub(super) fn mark_used(mut self) {
        self.unused = None;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(plugin) = &self.unused {
            let mut state = plugin.state.lock();
            state.faults.abandon(self.permission, Instant::now());
        }
    }
}

impl Plugin {
    /// Admits a call before it waits for permits.
    ///
    /// # Errors
    /// The plugin is stopped, disabled or throttled.
    pub(super) fn admit(
        self: &Arc<Self>,
        function: Function,
        now: Instant,
    ) -> Result<Admission, CallError> {
        let mut state = self.state.lock();
        state.check_started(function)?;
        let permission = match function.step {
            None => state.faults.permit(now),
            Some(LifecycleStep::HealthCheck) if state.faults.is_disabled() => None,
            // A step does not show that the hooks work again, so it is not a trial.
            Some(_) => Some(Permission::WITHOUT_TRIAL),
        };
        let permission = permission.ok_or(CallError::Disabled)?;
        if let Err(error) = state.check_share(function, now) {
            state.faults.abandon(permission, now);
            return Err(error);
        }
        Ok(Admission {
            permission,
            unused: Some(Arc::clone(self)),
        })
    }
}

impl State {
    /// Checks that the status of the plugin permits a call.
    ///
    /// # Errors
    /// The plugin is not started, and the function needs a started plugin.
    pub(super) fn check_started(&self, function: Function) -> Result<(), CallError> {
        match function.needs_start() && self.status != PluginStatus::Started {
            true => Err(CallError::Stopped),
            false => Ok(()),
        }
    }

    /// Checks that the CPU share permits a call. A step that changes the plugin runs anyway, and
    /// its own limit of CPU time applies.
    ///
    /// # Errors
    /// The plugin exceeds its CPU share.
    pub(super) fn check_share(
        &mut self,
        function: Function,
        now: Instant,
    ) -> Result<(), CallError> {
        if function.is_change() || self.share.may_run(function.origin, now) {
            return Ok(());
        }
        self.throttled_at = Some(now);
        Err(CallError::Throttled)
    }
}

/// Waits for a permit until a deadline. `request_end` is the end of the request, if the call ends
/// with it. `group` names the calls that the permits limit.
///
/// # Errors
/// A permit does not become free in time, or the request ends first.
pub(super) async fn permit(
    permits: &Permits,
    origin: CallOrigin,
    deadline: TokioInstant,
    request_end: Option<TokioInstant>,
    group: &'static str,
) -> Result<Permit, CallError> {
    // Usually a permit is free, and no timer is needed.
    if let Ok(permit) = permits.try_acquire(origin) {
        return Ok(permit);
    }
    match timeout_at(deadline, permits.acquire(origin)).await {
        Ok(Some(permit)) => Ok(permit),
        // A policy that fails open must not skip a decision because its request ends.
        _ if request_end.is_some_and(|end| end <= TokioInstant::now()) => Err(CallError::Cancelled),
        _ => Err(CallError::Concurrency(group)),
    }
}

/// Returns the deadline of the current request.
pub(super) fn request_end() -> Option<TokioInstant> {
    let deadline = context::with_current(|request| request.and_then(RequestContext::deadline));
    deadline.map(|deadline| TokioInstant::now() + deadline.remaining().unwrap_or_default())
}
