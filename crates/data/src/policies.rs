use seaworthy_resilience::{circuit_breaker::CircuitBreakerConfig, policies::PoliciesConfig};

use crate::DatabaseConfig;

impl DatabaseConfig {
    /// Returns the policies of a database that `resilience` does not configure. A statement may
    /// wait for a lock while the database works, so a call is slow only after the longer of both
    /// timeouts. A statement without a response fails at `statement_timeout`, and the breaker
    /// counts the failure.
    pub(crate) fn default_policies(&self) -> PoliciesConfig {
        PoliciesConfig {
            breaker: CircuitBreakerConfig {
                slow_call_duration: self.statement_timeout.max(self.lock_timeout),
                ..CircuitBreakerConfig::default()
            },
            ..PoliciesConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use seaworthy_core::Timeout;
    use seaworthy_resilience::{Outcome, circuit_breaker::BreakerState};

    use crate::{DataError, DataErrorKind, Database, DatabaseConfig};

    #[tokio::test]
    async fn waits_for_locks_do_not_open_the_breaker_res_1() {
        let config = DatabaseConfig::from_url("sqlite::memory:".parse().unwrap());
        let timeouts = [config.lock_timeout, config.statement_timeout];
        let [of_lock, of_statement] = timeouts.map(Timeout::get);
        let database = Database::builder("test", config).open().await.unwrap();
        let breaker = database.policies().breaker();
        let mut now = Instant::now();
        let mut call = |took: Duration, kind: Option<DataErrorKind>| {
            let admission = breaker.admit(now).unwrap();
            now += took;
            let outcome = kind.map(|kind| DataError::new(kind, "a test").outcome());
            admission.report(outcome.unwrap_or(Outcome::Success), now);
            breaker.state_at(now)
        };
        for _ in 0..20 {
            assert_eq!(call(of_lock, None), BreakerState::Closed);
            let failed = Some(DataErrorKind::LockTimeout);
            assert_eq!(call(of_lock, failed), BreakerState::Closed);
        }
        // Timeouts of statements still open it.
        let failed = Some(DataErrorKind::StatementTimeout);
        let states = [(); 5].map(|()| call(of_statement, failed));
        assert_eq!(states.last(), Some(&BreakerState::Open));
    }
}
