use crate::runtime::{CallError, CallLimits, LifecycleStep, Program};

use super::Plugin;

/// The last steps that a version still needs. The stop of the service can end the wait for a step,
/// so the thread of the guest records its end.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct LastSteps {
    stop: bool,
    cleanup: bool,
}

impl LastSteps {
    /// Returns true if the version needs a last step.
    pub(crate) fn needs(self, step: LifecycleStep) -> bool {
        match step {
            LifecycleStep::Stop => self.stop,
            LifecycleStep::Cleanup => self.cleanup,
            _ => false,
        }
    }

    /// Records that a step begins. A last step is not repeated if it fails.
    fn begin(&mut self, step: LifecycleStep) {
        match step {
            LifecycleStep::Stop => self.stop = false,
            LifecycleStep::Cleanup => self.cleanup = false,
            _ => {}
        }
    }

    /// Records that a step succeeded.
    fn succeed(&mut self, step: LifecycleStep) {
        match step {
            LifecycleStep::Initialize => self.cleanup = true,
            LifecycleStep::Start => self.stop = true,
            _ => {}
        }
    }
}

impl Plugin {
    /// Runs a step on this thread. The inner error is the failure that the plugin reports.
    ///
    /// # Errors
    /// The component traps or exceeds a limit.
    pub(super) fn run_step(
        &self,
        program: &dyn Program,
        step: LifecycleStep,
        limits: &CallLimits,
    ) -> Result<Result<(), String>, CallError> {
        self.state.lock().last_steps.begin(step);
        let ended = program.step(step, limits);
        if ended == Ok(Ok(())) {
            self.state.lock().last_steps.succeed(step);
        }
        ended
    }

    /// Returns true if the plugin needs a last step: `stop` after a successful `start`, and
    /// `cleanup` after a successful `initialize`.
    pub(crate) fn needs(&self, step: LifecycleStep) -> bool {
        self.state.lock().last_steps.needs(step)
    }
}
