use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The faults within [`WINDOW`] that disable a plugin: more than a single bad request causes.
const MAX_FAULTS: usize = 5;
/// The window of [`MAX_FAULTS`]: long enough to see repeated faults at a low request rate.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// The time until the first trial of a disabled plugin. Each failed trial doubles it.
const INITIAL_BACKOFF: Duration = Duration::from_secs(60);
/// The failed trials after which the plugin stays disabled until an operator enables it.
const MAX_ROUNDS: u32 = 3;

/// Disables a plugin after too many faults, and enables it after a successful trial.
#[derive(Debug, Default)]
pub(crate) struct FaultCount {
    recent: VecDeque<Instant>,
    state: State,
    rounds: u32,
    trials: u64,
}

/// The permission for one call. Only the call of a trial ends it. Calls that began before the plugin
/// was disabled may end during the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission(Option<u64>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Enabled,
    DisabledUntil(Instant),
    /// One call tries whether the plugin works again. The number identifies it.
    Trial(u64),
    Disabled,
}

/// The change of the state after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transition {
    None,
    Disabled,
    Enabled,
}

impl FaultCount {
    /// Permits a call, or returns `None`. After the backoff the first call is a trial, and others are
    /// rejected.
    pub(crate) fn permit(&mut self, now: Instant) -> Option<Permission> {
        match self.state {
            State::Enabled => Some(Permission(None)),
            State::DisabledUntil(end) if now >= end => {
                self.trials += 1;
                self.state = State::Trial(self.trials);
                Some(Permission(Some(self.trials)))
            }
            State::DisabledUntil(_) | State::Trial(_) | State::Disabled => None,
        }
    }

    fn is_trial(&self, call: Permission) -> bool {
        call.0
            .is_some_and(|trial| self.state == State::Trial(trial))
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.state != State::Enabled
    }

    /// Returns the time of the next trial, if faults disable the plugin until then.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        match self.state {
            State::DisabledUntil(end) => Some(end),
            State::Enabled | State::Trial(_) | State::Disabled => None,
        }
    }

    /// Whether the plugin is disabled until an operator enables it.
    pub(crate) fn needs_operator(&self) -> bool {
        self.state == State::Disabled
    }

    /// Records a call without a fault.
    pub(crate) fn succeed(&mut self, call: Permission) -> Transition {
        if !self.is_trial(call) {
            return Transition::None;
        }
        self.reset();
        Transition::Enabled
    }

    /// Records a fault.
    pub(crate) fn fail(&mut self, call: Permission, now: Instant) -> Transition {
        if self.is_trial(call) {
            return self.disable(now);
        }
        if self.state != State::Enabled {
            return Transition::None;
        }
        self.recent.push_back(now);
        while let Some(first) = self.recent.front()
            && now.saturating_duration_since(*first) > WINDOW
        {
            self.recent.pop_front();
        }
        if self.recent.len() >= MAX_FAULTS {
            return self.disable(now);
        }
        Transition::None
    }

    /// Ends a trial whose call did not run, so that the next call is the trial. Does nothing for other
    /// calls.
    pub(crate) fn abandon(&mut self, call: Permission, now: Instant) {
        if self.is_trial(call) {
            self.state = State::DisabledUntil(now);
        }
    }

    /// Enables the plugin again, after a trial or by an operator.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            // A call of an earlier trial must not end a later one.
            trials: self.trials,
            ..Self::default()
        };
    }

    fn disable(&mut self, now: Instant) -> Transition {
        self.recent.clear();
        self.state = if self.rounds >= MAX_ROUNDS {
            State::Disabled
        } else {
            State::DisabledUntil(now + INITIAL_BACKOFF * 2_u32.pow(self.rounds))
        };
        self.rounds += 1;
        Transition::Disabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The permission of a call of an enabled plugin.
    const CALL: Permission = Permission(None);

    fn fail_often(faults: &mut FaultCount, now: Instant) -> Transition {
        (0..MAX_FAULTS).fold(Transition::None, |_, _| faults.fail(CALL, now))
    }

    #[test]
    fn many_faults_disable_until_a_trial_succeeds_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        assert_eq!(fail_often(&mut faults, start), Transition::Disabled);
        assert_eq!(faults.permit(start + Duration::from_secs(59)), None);
        assert_eq!(faults.next_trial(), Some(start + INITIAL_BACKOFF));
        let later = start + INITIAL_BACKOFF;
        let trial = faults.permit(later).unwrap();
        assert_eq!(faults.permit(later), None, "only one call is a trial");
        assert_eq!(faults.succeed(trial), Transition::Enabled);
        assert_eq!(faults.permit(later), Some(CALL));
    }

    #[test]
    fn rare_faults_do_not_disable_a_plugin_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        for minute in 0..100 {
            let now = start + Duration::from_secs(16 * minute);
            assert_eq!(faults.fail(CALL, now), Transition::None);
        }
    }

    #[test]
    fn failed_rounds_disable_until_an_operator_acts_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        fail_often(&mut faults, now);
        for _ in 0..MAX_ROUNDS {
            now += Duration::from_secs(3_600);
            let trial = faults.permit(now).unwrap();
            assert_eq!(faults.fail(trial, now), Transition::Disabled);
        }
        assert_eq!(faults.permit(now + Duration::from_secs(86_400)), None);
        assert!(faults.needs_operator() && faults.next_trial().is_none());
        faults.reset();
        assert_eq!(faults.permit(now), Some(CALL));
    }

    #[test]
    fn abandoned_trial_allows_the_next_call_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        fail_often(&mut faults, start);
        let later = start + INITIAL_BACKOFF;
        let trial = faults.permit(later).unwrap();
        faults.abandon(trial, later);
        assert!(faults.permit(later).is_some());
    }

    #[test]
    fn calls_from_before_do_not_end_a_trial_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        let earlier = faults.permit(start).unwrap();
        fail_often(&mut faults, start);
        let later = start + INITIAL_BACKOFF;
        let trial = faults.permit(later).unwrap();
        faults.abandon(earlier, later);
        assert_eq!(faults.permit(later), None, "the trial still runs");
        assert_eq!(faults.succeed(earlier), Transition::None);
        assert_eq!(faults.fail(earlier, later), Transition::None);
        assert!(faults.is_disabled());
        assert_eq!(faults.succeed(trial), Transition::Enabled);
        // Nor does the call of an earlier trial end a later one.
        fail_often(&mut faults, later);
        let last = faults.permit(later + INITIAL_BACKOFF).unwrap();
        assert_eq!(faults.succeed(trial), Transition::None);
        assert_eq!(faults.succeed(last), Transition::Enabled);
    }

    #[test]
    fn only_failed_trials_disable_permanently_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        for _ in 0..10 {
            assert_eq!(fail_often(&mut faults, now), Transition::Disabled);
            now += Duration::from_secs(3_600);
            let trial = faults.permit(now).unwrap();
            assert_eq!(faults.succeed(trial), Transition::Enabled);
        }
    }
}
