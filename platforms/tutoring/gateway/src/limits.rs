use std::time::Instant;

use seaworthy::{
    prelude::*,
    resilience::rate_limit::{
        LimitedCaller, RateLimitCheck, RateLimitHeaders, RateLimited, RateLimits,
    },
};
use tutoring_contract::{Role, grants};

use crate::GatewayConfig;

/// The requests per minute of each role (RES-6).
#[derive(Debug, Clone)]
pub(crate) struct RoleLimits {
    public: RateLimits,
    student: RateLimits,
    trainer: RateLimits,
    admin: RateLimits,
}

impl RoleLimits {
    /// # Errors
    /// The settings of Redis are invalid.
    pub(crate) fn new(service: &Assembly<GatewayConfig>) -> Result<Self, StartError> {
        Ok(Self {
            public: service.rate_limits("public", |config| config.limit(config.limits.public))?,
            student: service
                .rate_limits("student", |config| config.limit(config.limits.student))?,
            trainer: service
                .rate_limits("trainer", |config| config.limit(config.limits.trainer))?,
            admin: service.rate_limits("admin", |config| config.limit(config.limits.admin))?,
        })
    }

    fn of_caller(&self) -> &RateLimits {
        match Role::of(&grants()) {
            None => &self.public,
            Some(Role::Student) => &self.student,
            Some(Role::Trainer) => &self.trainer,
            Some(Role::Admin) => &self.admin,
        }
    }

    /// Counts the request. Returns the headers of the response.
    pub(crate) async fn count(&self) -> Result<Option<RateLimitHeaders>, RateLimited> {
        let Some(caller) = context::with_current(|context| LimitedCaller::from_context(context?))
        else {
            return Ok(None);
        };
        match RateLimits::count([self.of_caller()], &caller, Instant::now()) {
            RateLimitCheck::Ready(counted) => counted,
            RateLimitCheck::Pending(counted) => counted.await,
        }
    }
}
