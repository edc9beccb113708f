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
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Enabled,
    DisabledUntil(Instant),
    /// One call tries whether the plugin works again.
    Trial,
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
    /// Whether a call may run. After the backoff the first call is a trial, and others are
    /// rejected.
    pub(crate) fn may_run(&mut self, now: Instant) -> bool {
        match self.state {
            State::Enabled => true,
            State::DisabledUntil(end) if now >= end => {
                self.state = State::Trial;
                true
            }
            State::DisabledUntil(_) | State::Trial | State::Disabled => false,
        }
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.state != State::Enabled
    }

    /// Returns the time of the next trial, if faults disable the plugin until then.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        match self.state {
            State::DisabledUntil(end) => Some(end),
            State::Enabled | State::Trial | State::Disabled => None,
        }
    }

    /// Whether the plugin is disabled until an operator enables it.
    pub(crate) fn needs_operator(&self) -> bool {
        self.state == State::Disabled
    }

    /// Records a call without a fault.
    pub(crate) fn succeed(&mut self) -> Transition {
        if self.state != State::Trial {
            return Transition::None;
        }
        self.reset();
        Transition::Enabled
    }

    /// Records a fault.
    pub(crate) fn fail(&mut self, now: Instant) -> Transition {
        if self.state == State::Trial {
            return self.disable(now);
        }
        self.recent.push_back(now);
        while let Some(first) = self.recent.front()
            && now.saturating_duration_since(*first) > WINDOW
        {
            self.recent.pop_front();
        }
        if self.state == State::Enabled && self.recent.len() >= MAX_FAULTS {
            return self.disable(now);
        }
        Transition::None
    }

    /// Ends a trial whose call did not run, so that the next call is the trial.
    pub(crate) fn abandon_trial(&mut self, now: Instant) {
        if self.state == State::Trial {
            self.state = State::DisabledUntil(now);
        }
    }

    /// Enables the plugin again, after a trial or by an operator.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
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

    fn fail_often(faults: &mut FaultCount, now: Instant) -> Transition {
        (0..MAX_FAULTS).fold(Transition::None, |_, _| faults.fail(now))
    }

    #[test]
    fn many_faults_disable_until_a_trial_succeeds_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        assert_eq!(fail_often(&mut faults, start), Transition::Disabled);
        assert!(!faults.may_run(start + Duration::from_secs(59)));
        assert_eq!(faults.next_trial(), Some(start + INITIAL_BACKOFF));
        let later = start + INITIAL_BACKOFF;
        assert!(faults.may_run(later));
        assert!(!faults.may_run(later), "only one call is a trial");
        assert_eq!(faults.succeed(), Transition::Enabled);
        assert!(faults.may_run(later));
    }

    #[test]
    fn rare_faults_do_not_disable_a_plugin_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        for minute in 0..100 {
            let now = start + Duration::from_secs(16 * minute);
            assert_eq!(faults.fail(now), Transition::None);
        }
    }

    #[test]
    fn failed_rounds_disable_until_an_operator_acts_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        fail_often(&mut faults, now);
        for _ in 0..MAX_ROUNDS {
            now += Duration::from_secs(3_600);
            assert!(faults.may_run(now));
            assert_eq!(faults.fail(now), Transition::Disabled);
        }
        assert!(!faults.may_run(now + Duration::from_secs(86_400)));
        assert!(faults.needs_operator() && faults.next_trial().is_none());
        faults.reset();
        assert!(faults.may_run(now));
    }

    #[test]
    fn abandoned_trial_allows_the_next_call_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        fail_often(&mut faults, start);
        let later = start + INITIAL_BACKOFF;
        assert!(faults.may_run(later));
        faults.abandon_trial(later);
        assert!(faults.may_run(later));
    }

    #[test]
    fn only_failed_trials_disable_permanently_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        for _ in 0..10 {
            assert_eq!(fail_often(&mut faults, now), Transition::Disabled);
            now += Duration::from_secs(3_600);
            assert!(faults.may_run(now));
            assert_eq!(faults.succeed(), Transition::Enabled);
        }
    }
}
