//! Checks of the settings of a service that their types do not express.

use std::{fmt, sync::Arc};

use seaworthy_config::{ConfigError, Loaded, Loader, Profile, Settings};

use crate::{settings::config_error, start_error::StartError};

/// A problem of a setting that prevents the start.
///
/// ```
/// use seaworthy_service::SettingProblem;
///
/// let problem = SettingProblem::new("orders.window", "must be shorter than orders.ttl");
/// assert_eq!(problem.to_string(), "orders.window: must be shorter than orders.ttl");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    key: String,
    problem: String,
}

impl SettingProblem {
    /// Creates a problem of a key, such as `auth.signing_key`. The text says how to correct the
    /// setting, and contains no secret.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.key, self.problem)
    }
}

impl std::error::Error for SettingProblem {}

impl From<SettingProblem> for StartError {
    fn from(problem: SettingProblem) -> Self {
        Self::new(problem.to_string())
    }
}

/// The checks of a service.
#[derive(Clone, Default)]
pub(crate) struct SettingsChecks {
    always: Vec<Arc<Check>>,
    /// The checks that a reload does not run.
    start: Vec<Arc<Check>>,
}

type Check = dyn Fn(&Loaded) -> Vec<ConfigError> + Send + Sync;

impl SettingsChecks {
    pub(crate) fn add<C: Settings>(&mut self, check: fn(&C, Profile) -> Vec<SettingProblem>) {
        self.always.push(new_check(check));
    }

    pub(crate) fn add_at_start<C: Settings>(
        &mut self,
        check: fn(&C, Profile) -> Vec<SettingProblem>,
    ) {
        self.start.push(new_check(check));
    }

    /// Returns the problems of loaded settings.
    pub(crate) fn problems(&self, loaded: &Loaded) -> Vec<ConfigError> {
        let checks = self.always.iter().chain(&self.start);
        checks.flat_map(|check| check(loaded)).collect()
    }

    /// Adds the checks to each load, and those of `always` to each reload.
    pub(crate) fn add_to(&self, loader: Loader) -> Loader {
        let Self { always, start } = self.clone();
        loader
            .rule(move |loaded| always.iter().flat_map(|check| check(loaded)).collect())
            .start_rule(move |loaded| start.iter().flat_map(|check| check(loaded)).collect())
    }
}

fn new_check<C: Settings>(check: fn(&C, Profile) -> Vec<SettingProblem>) -> Arc<Check> {
    Arc::new(move |loaded: &Loaded| {
        // A service without these settings has a bug, which its assembly reports.
        let Ok(settings) = loaded.get::<C>() else {
            return Vec::new();
        };
        let problems = check(&settings, loaded.profile()).into_iter();
        problems
            .map(|SettingProblem { key, problem }| config_error(loaded, key, problem))
            .collect()
    })
}

impl fmt::Debug for SettingsChecks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SettingsChecks")
            .field("always", &self.always.len())
            .field("start", &self.start.len())
            .finish()
    }
}
