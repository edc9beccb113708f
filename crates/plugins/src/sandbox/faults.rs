use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The number of faults within [`WINDOW`] that disables a plugin: more than one bad request causes.
const MAX_FAULTS: usize = 5;
/// The window of [`MAX_FAULTS`]: long enough to see repeated faults at a low request rate.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// The time until the first trial of a disabled plugin. It doubles each time that a failed trial or
/// faults disable the plugin again.
const INITIAL_BACKOFF: Duration = Duration::from_secs(60);
/// The maximum backoff. A plugin that fails occasionally is thus tried twice an hour.
const MAX_BACKOFF: Duration = Duration::from_secs(30 * 60);
/// The time without a fault of an enabled plugin after which the backoff is the initial one again.
/// It is longer than [`WINDOW`], so that a plugin whose calls fail occasionally keeps its backoff.
const RECOVERY: Duration = Duration::from_secs(10 * 60);
/// The number of failed trials in a row after which only an operator enables the plugin.
const MAX_FAILED_TRIALS: u32 = 3;

/// Disables a plugin after too many faults, and enables it after a successful trial.
#[derive(Debug, Default)]
pub(crate) struct FaultCount {
    recent: VecDeque<Instant>,
    state: State,
    /// The time of the last fault, or of the trial that enabled the plugin later.
    recovers_since: Option<Instant>,
    /// The backoff of the next time that the plugin is disabled. `None` is the initial one.
    backoff: Option<Duration>,
    /// The number of failed trials since a trial succeeded.
    failed_trials: u32,
    trials: u64,
}

/// The permission for one call. Only the call of a trial ends it. Calls that began before the
/// plugin was disabled may end during the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission(Option<u64>);

impl Permission {
    /// The permission for a call that is not a trial, also of a disabled plugin.
    pub(crate) const WITHOUT_TRIAL: Self = Self(None);
}

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
    /// Permits a call, or returns `None`. After the backoff the first call is a trial, and others
    /// are rejected.
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

    /// Returns true if all calls are rejected until the end of the backoff, or until an operator
    /// enables the plugin.
    pub(crate) fn is_backing_off(&self, now: Instant) -> bool {
        match self.state {
            State::DisabledUntil(end) => now < end,
            State::Disabled => true,
            State::Enabled | State::Trial(_) => false,
        }
    }

    /// Returns the time of the next trial, if faults disable the plugin until then.
    pub(crate) fn next_trial(&self) -> Option<Instant> {
        match self.state {
            State::DisabledUntil(end) => Some(end),
            State::Enabled | State::Trial(_) | State::Disabled => None,
        }
    }

    /// Returns true if the plugin is disabled until an operator enables it.
    pub(crate) fn needs_operator(&self) -> bool {
        self.state == State::Disabled
    }

    /// Records a call without a fault. One successful trial does not show that the plugin is
    /// repaired, so the backoff stays.
    pub(crate) fn succeed(&mut self, call: Permission, now: Instant) -> Transition {
        if !self.is_trial(call) {
            return Transition::None;
        }
        self.state = State::Enabled;
        self.recovers_since = Some(now);
        self.failed_trials = 0;
        Transition::Enabled
    }

    /// Records a fault.
    pub(crate) fn fail(&mut self, call: Permission, now: Instant) -> Transition {
        if self.is_trial(call) {
            self.failed_trials += 1;
            return self.disable(now);
        }
        if self.state != State::Enabled {
            return Transition::None;
        }
        let recovers_since = self.recovers_since.replace(now);
        if recovers_since.is_some_and(|since| now.saturating_duration_since(since) >= RECOVERY) {
            self.backoff = None;
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

    /// Ends a trial whose call did not run, so that the next call is the trial. Does nothing for
    /// other calls.
    pub(crate) fn abandon(&mut self, call: Permission, now: Instant) {
        if self.is_trial(call) {
            self.state = State::DisabledUntil(now);
        }
    }

    /// Enables the plugin again by an operator.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            // A call of an earlier trial must not end a later one.
            trials: self.trials,
            ..Self::default()
        };
    }

    fn disable(&mut self, now: Instant) -> Transition {
        self.recent.clear();
        let backoff = self.backoff.unwrap_or(INITIAL_BACKOFF);
        self.backoff = Some((backoff * 2).min(MAX_BACKOFF));
        self.state = match self.failed_trials >= MAX_FAILED_TRIALS {
            true => State::Disabled,
            false => State::DisabledUntil(now + backoff),
        };
        Transition::Disabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The permission of a call of an enabled plugin.
    const CALL: Permission = Permission::WITHOUT_TRIAL;

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
        assert_eq!(faults.succeed(trial, later), Transition::Enabled);
        assert_eq!(faults.permit(later), Some(CALL));
    }

    #[test]
    fn backoff_ends_before_its_trial_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        assert!(!faults.is_backing_off(start));
        fail_often(&mut faults, start);
        assert!(faults.is_backing_off(start));
        let later = start + INITIAL_BACKOFF;
        assert!(!faults.is_backing_off(later) && faults.is_disabled());
        let mut trial = faults.permit(later).unwrap();
        assert!(!faults.is_backing_off(later), "the trial runs");
        // A call that is not a trial does not end it.
        assert_eq!(faults.succeed(CALL, later), Transition::None);
        assert_eq!(faults.fail(CALL, later), Transition::None);
        for _ in 1..MAX_FAILED_TRIALS {
            faults.fail(trial, later);
            let end = faults.next_trial().unwrap();
            trial = faults.permit(end).unwrap();
        }
        faults.fail(trial, later);
        assert!(faults.is_backing_off(later + MAX_BACKOFF * 10));
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
        for _ in 0..MAX_FAILED_TRIALS {
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
        assert_eq!(faults.succeed(earlier, later), Transition::None);
        assert_eq!(faults.fail(earlier, later), Transition::None);
        assert!(faults.is_disabled());
        assert_eq!(faults.succeed(trial, later), Transition::Enabled);
        // Nor does the call of an earlier trial end a later one.
        fail_often(&mut faults, later);
        let later = later + INITIAL_BACKOFF * 2;
        let last = faults.permit(later).unwrap();
        assert_eq!(faults.succeed(trial, later), Transition::None);
        assert_eq!(faults.succeed(last, later), Transition::Enabled);
    }

    #[test]
    fn only_failed_trials_disable_permanently_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        for _ in 0..10 {
            assert_eq!(fail_often(&mut faults, now), Transition::Disabled);
            now += Duration::from_secs(3_600);
            let trial = faults.permit(now).unwrap();
            assert_eq!(faults.succeed(trial, now), Transition::Enabled);
        }
    }

    /// Disables the plugin by faults. Returns the time until the next trial.
    fn backoff(faults: &mut FaultCount, now: Instant) -> Duration {
        assert_eq!(fail_often(faults, now), Transition::Disabled);
        faults.next_trial().unwrap() - now
    }

    /// Enables the plugin by a trial. Returns its time.
    fn enable(faults: &mut FaultCount) -> Instant {
        let now = faults.next_trial().unwrap();
        let trial = faults.permit(now).unwrap();
        assert_eq!(faults.succeed(trial, now), Transition::Enabled);
        now
    }

    #[test]
    fn faults_after_a_successful_trial_double_the_backoff_plug_2() {
        let mut now = Instant::now();
        let mut faults = FaultCount::default();
        for minutes in [1, 2, 4, 8, 16, 30, 30] {
            let expected = Duration::from_secs(60 * minutes);
            assert_eq!(backoff(&mut faults, now), expected);
            now = enable(&mut faults);
        }
        now += RECOVERY - Duration::from_secs(1);
        assert_eq!(backoff(&mut faults, now), MAX_BACKOFF);
    }

    #[test]
    fn time_without_a_fault_ends_the_backoff_plug_2() {
        let start = Instant::now();
        let mut faults = FaultCount::default();
        assert_eq!(backoff(&mut faults, start), INITIAL_BACKOFF);
        let now = enable(&mut faults);
        assert_eq!(backoff(&mut faults, now), INITIAL_BACKOFF * 2);
        let now = enable(&mut faults) + RECOVERY;
        assert_eq!(backoff(&mut faults, now), INITIAL_BACKOFF);
        // An operator ends it, too.
        faults.reset();
        assert_eq!(backoff(&mut faults, now), INITIAL_BACKOFF);
    }
}
