use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::engine::{MAX_CORE_INSTANCES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use crate::{
    runtime::{CallError, CallLimits, Imports},
    sandbox::CpuTime,
};

/// The maximum usual time between two ticks of a guest.
const USUAL_TICK: Duration = Duration::from_millis(2);

/// The limits and counters of one call, which host functions and ticks read and change.
pub(super) struct CallState {
    pub(super) imports: Arc<Imports>,
    pub(super) limits: CallLimits,
    pub(super) deadline: Instant,
    started: Instant,
    /// The time that the guest waited for responses.
    waited: Duration,
    begun: CpuTime,
    /// The CPU time at the last tick.
    ticked: Duration,
    /// The longest CPU time between two ticks. Code without branches and calls makes it long.
    longest: Duration,
    host_calls: u32,
    /// The data that the guest passed to the host, in bytes.
    sent: usize,
    /// The data that the host passed to the guest, in bytes.
    received: usize,
    /// The limit that ended the call, if one did.
    pub(super) exceeded: Option<CallError>,
}

impl CallState {
    pub(super) fn new(imports: Arc<Imports>, limits: CallLimits, started: Instant) -> Self {
        Self {
            imports,
            deadline: started + limits.timeout,
            limits,
            started,
            waited: Duration::ZERO,
            begun: CpuTime::now(),
            ticked: Duration::ZERO,
            longest: Duration::ZERO,
            host_calls: 0,
            sent: 0,
            received: 0,
            exceeded: None,
        }
    }

    /// Checks the deadline and the CPU time of a running guest at each tick. Ticks can be
    /// late, so the check reads the clock. See [`margin`].
    ///
    /// # Errors
    /// The deadline or the CPU time is exceeded.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        let used = self.begun.elapsed();
        self.longest = self.longest.max(used.saturating_sub(self.ticked));
        self.ticked = used;
        let margin = margin(self.longest, self.limits.timeout);
        if Instant::now() + margin >= self.deadline {
            return Err(self.exceed_timeout());
        }
        self.check_caller()?;
        if used > self.limits.cpu_time {
            let error = CallError::CpuTime(self.limits.cpu_time);
            return Err(self.exceed(error));
        }
        // A guest that runs for longer than a tick lets other threads run first.
        thread::yield_now();
        Ok(UpdateDeadline::Continue(1))
    }

    /// Counts a call to the host.
    ///
    /// # Errors
    /// The call made too many calls to the host, or its deadline passed. The error ends the call.
    pub(super) fn admit(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.limits.host_calls {
            return Err(self.exceed(CallError::HostCalls(self.limits.host_calls)));
        }
        self.check_deadline()
    }

    /// Marks that a host function waits for a response. Returns the time.
    pub(super) fn begin_wait(&self) -> Instant {
        self.limits.caller.set_guest_waiting(true);
        Instant::now()
    }

    /// Checks the deadline after a host function that waited since `begin`.
    ///
    /// # Errors
    /// The deadline passed. The error ends the call.
    pub(super) fn end_wait(&mut self, begin: Instant) -> wasmtime::Result<()> {
        self.waited += begin.elapsed();
        // After the deadline the caller may leave before it gets the result, so the mark remains.
        self.check_deadline()?;
        self.limits.caller.set_guest_waiting(false);
        Ok(())
    }

    fn check_deadline(&mut self) -> wasmtime::Result<()> {
        match Instant::now() >= self.deadline {
            true => Err(self.exceed_timeout()),
            false => self.check_caller(),
        }
    }

    /// Checks that the caller still waits.
    ///
    /// # Errors
    /// The caller left. The error ends the call.
    fn check_caller(&mut self) -> wasmtime::Result<()> {
        match self.limits.caller.has_left() {
            true => Err(self.exceed(CallError::Cancelled)),
            false => Ok(()),
        }
    }

    /// Ends a call at its deadline. The guest is not at fault if it waited for a core during most
    /// of its time. Waits for responses count against the guest.
    fn exceed_timeout(&mut self) -> wasmtime::Error {
        let active = self.begun.elapsed() + self.waited;
        let timeout = self.limits.timeout;
        self.exceed(match active < self.started.elapsed() / 2 {
            true => CallError::Starved(timeout),
            false => CallError::Timeout(timeout),
        })
    }

    /// Checks the CPU time of a guest that has returned, because it may pass its deadline between
    /// two ticks. A guest that was late because it waited for a core is not at fault.
    ///
    /// # Errors
    /// The deadline passed, and the guest used more CPU time than its timeout.
    pub(super) fn check_end(&mut self) -> wasmtime::Result<()> {
        match Instant::now() >= self.deadline && self.begun.elapsed() > self.limits.timeout {
            true => Err(self.exceed(CallError::Timeout(self.limits.timeout))),
            false => Ok(()),
        }
    }

    /// Counts data that the guest passes to the host.
    ///
    /// # Errors
    /// The data of the call exceed the limit. The error ends the call.
    pub(super) fn count_sent(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.sent = self.sent.saturating_add(bytes);
        self.check_payload(self.sent)
    }

    /// Counts data that the host passes to the guest.
    ///
    /// # Errors
    /// The data of the call exceed the limit. The error ends the call.
    pub(super) fn count_received(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.received = self.received.saturating_add(bytes);
        self.check_payload(self.received)
    }

    /// Returns how many bytes the host may still pass to the guest.
    pub(super) fn receivable(&self) -> usize {
        self.limits.payload.saturating_sub(self.received)
    }

    fn check_payload(&mut self, bytes: usize) -> wasmtime::Result<()> {
        match bytes > self.limits.payload {
            true => Err(self.exceed(CallError::Payload(self.limits.payload))),
            false => Ok(()),
        }
    }

    fn exceed(&mut self, error: CallError) -> wasmtime::Error {
        let text = error.to_string();
        self.exceeded = Some(error);
        wasmtime::Error::msg(text)
    }
}

/// Returns how long before its deadline a guest ends: `longest`, the longest time between two ticks
/// of the call, without that of a usual tick, but at most half of `timeout`.
fn margin(longest: Duration, timeout: Duration) -> Duration {
    longest.saturating_sub(USUAL_TICK).min(timeout / 2)
}

impl ResourceLimiter for CallState {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match desired > self.limits.memory {
            true => Err(self.exceed(CallError::Memory(self.limits.memory))),
            false => Ok(true),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match desired > MAX_TABLE_ELEMENTS {
            true => Err(self.exceed(CallError::Memory(self.limits.memory))),
            false => Ok(true),
        }
    }

    fn instances(&self) -> usize {
        MAX_CORE_INSTANCES.into()
    }

    fn tables(&self) -> usize {
        MAX_TABLES.into()
    }

    fn memories(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_telemetry::metrics::Counter;

    use super::*;
    use crate::{
        Interface,
        runtime::Caller,
        sandbox::{KeyValueStore, LogAccess},
    };

    /// Returns the state of a call that began 100 ms ago, at its deadline.
    fn late_call() -> CallState {
        let timeout = Duration::from_millis(100);
        let imports = Imports {
            plugin: "guard".into(),
            api: Interface::V0_2,
            capabilities: Vec::new(),
            settings: Arc::default(),
            keys: Arc::new(KeyValueStore::new(0)),
            http: None,
            events: None,
            log: Arc::new(LogAccess::new(0, Counter::default())),
        };
        let limits = CallLimits {
            timeout,
            memory: 0,
            payload: 0,
            host_calls: 1,
            cpu_time: Duration::from_secs(10),
            caller: Caller::default(),
        };
        let started = Instant::now().checked_sub(timeout).unwrap();
        CallState::new(Arc::new(imports), limits, started)
    }

    #[cfg(unix)]
    #[test]
    fn guest_that_waited_for_a_core_is_not_at_fault_plug_2() {
        let timeout = Duration::from_millis(100);
        let mut state = late_call();
        assert!(state.tick().is_err());
        assert_eq!(state.exceeded, Some(CallError::Starved(timeout)));
        let mut state = late_call();
        assert!(state.admit().is_err());
        assert_eq!(state.exceeded, Some(CallError::Starved(timeout)));
        assert!(!CallError::Starved(timeout).is_caused_by_guest());
        // The guest used its time, or waited for responses.
        let mut state = late_call();
        while state.begun.elapsed() < timeout * 2 {}
        assert!(state.tick().is_err());
        // On a busy machine the loop takes more than twice its CPU time.
        let is_busy = state.started.elapsed() > timeout * 4;
        assert!(is_busy || state.exceeded == Some(CallError::Timeout(timeout)));
        let mut state = late_call();
        let begin = state.started;
        assert!(state.end_wait(begin).is_err());
        assert_eq!(state.exceeded, Some(CallError::Timeout(timeout)));
    }

    #[test]
    fn long_time_between_ticks_ends_a_guest_early_plug_2() {
        let timeout = Duration::from_millis(50);
        let milliseconds = Duration::from_millis;
        assert_eq!(margin(milliseconds(1), timeout), Duration::ZERO);
        assert_eq!(margin(milliseconds(12), timeout), milliseconds(10));
        assert_eq!(margin(milliseconds(500), timeout), milliseconds(25));
    }
}
