use tokio::time::Instant;

use super::outgoing::Outgoing;
use crate::{
    CallError, Classify, Rejection,
    adaptive_concurrency::ConcurrencyPermit,
    outcome::outcome_of,
    timeout::{Gate, Pass},
};

/// Admits calls within the rate limit and the adaptive limit of their dependency, if they are set.
#[derive(Debug, Clone)]
pub struct LimitGate<C> {
    limits: Outgoing,
    classify: C,
}

/// The permits of a call within the limits.
#[derive(Debug)]
pub struct LimitPass<C> {
    permit: Option<ConcurrencyPermit>,
    classify: C,
}

impl<C> LimitGate<C> {
    pub(super) const fn new(limits: Outgoing, classify: C) -> Self {
        Self { limits, classify }
    }
}

impl<T, E, C: Classify<T, E>> Gate<T, E> for LimitGate<C> {
    type Pass = LimitPass<C>;

    fn enter(&self) -> Result<LimitPass<C>, Rejection> {
        Ok(LimitPass {
            permit: self.limits.admit(Instant::now().into_std())?,
            classify: self.classify.clone(),
        })
    }
}

impl<T, E, C: Classify<T, E>> Pass<T, E> for LimitPass<C> {
    fn leave(&mut self, result: &Result<T, CallError<E>>) {
        if let Some(permit) = self.permit.take() {
            let outcome = outcome_of(&self.classify, result);
            permit.record(outcome, std::time::Duration::ZERO);
        }
    }
}
