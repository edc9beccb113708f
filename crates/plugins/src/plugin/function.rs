use std::time::Duration;

/// A function of a component.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    /// The name in spans: a hook point or a function of the interface.
    pub(super) name: &'static str,
    pub(super) timeout: Duration,
    pub(super) place: Place,
    /// Whether the function fails if the plugin is stopped or a dependency of it is disabled.
    pub(super) needs_start: bool,
}

impl Function {
    /// Returns a function for which a request waits.
    pub(super) fn for_request(name: &'static str, timeout: Duration) -> Self {
        Self {
            name,
            timeout,
            place: Place::TaskIfBrief,
            needs_start: true,
        }
    }
}

/// Where a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On a thread for guests, whose priority is low. The change of threads takes microseconds.
    Thread,
    /// In a task, usually on the same worker, if the last such call of the plugin was brief and the
    /// plugin cannot wait for HTTP. Calls of other plugins run on a thread for guests, so that
    /// other requests keep the threads of the service.
    TaskIfBrief,
}
