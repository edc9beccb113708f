use std::time::Duration;

use crate::{runtime::LifecycleStep, sandbox::CallOrigin};

/// A function of a component.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    /// The name in spans: a hook point or a function of the interface.
    pub(super) name: &'static str,
    pub(super) timeout: Duration,
    pub(super) executor: Executor,
    /// Whether the guest ends when its caller leaves. Guests after work, handlers and steps run to
    /// completion.
    pub(super) ends_with_caller: bool,
    /// The step of the life cycle. `None` for other functions.
    pub(super) step: Option<LifecycleStep>,
    /// The caller whose part of the CPU share the guest uses.
    pub(super) origin: CallOrigin,
}

impl Function {
    /// Returns a function for which a request waits. If `decides`, its result can change the
    /// request, so it is not needed without the caller.
    pub(super) fn for_request(
        name: &'static str,
        timeout: Duration,
        decides: bool,
        origin: CallOrigin,
    ) -> Self {
        Self {
            name,
            timeout,
            executor: Executor::TaskIfBrief,
            ends_with_caller: decides,
            step: None,
            origin,
        }
    }

    /// Returns true if the function fails if the plugin is not started or a dependency of it is
    /// disabled.
    pub(super) fn needs_start(self) -> bool {
        self.step.is_none()
    }

    /// Returns true if the function is a step that loads, starts or ends the plugin.
    pub(super) fn is_change(self) -> bool {
        self.step
            .is_some_and(|step| step != LifecycleStep::HealthCheck)
    }
}

/// The kind of thread on which a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Executor {
    /// A thread for guests, whose priority is low. The change of threads takes microseconds.
    Thread,
    /// A worker of the runtime, usually that of the caller. This needs a plugin that cannot wait for
    /// HTTP and whose last such call was brief. Calls of other plugins run on a thread for
    /// guests, so that other requests keep the threads of the service.
    TaskIfBrief,
}
