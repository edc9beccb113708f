use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit},
    time::{Sleep, sleep},
};

use super::{BodyBudget, BudgetExhausted, Reservation, MAX_WAIT};

/// Waits for the budget. Completes when the bytes are taken, or when the time is over.
pub(crate) struct PendingReservation {
    budget: BodyBudget,
    bytes: u64,
    permit: BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>,
    timer: Pin<Box<Sleep>>,
}

impl PendingReservation {
    /// Starts to wait for `bytes`.
    pub(crate) fn wait(reservation: &Reservation, bytes: u64) -> Result<Self, BudgetExhausted> {
        let budget = reservation.budget().clone();
        let permits = u32::try_from(bytes).map_err(|_| BudgetExhausted);
        let is_possible = reservation.held().saturating_add(bytes) <= budget.0.limit;
        if permits.is_err() || !is_possible || !budget.evict_idle(reservation, bytes) {
            budget.0.metrics.refused.increment();
            return Err(BudgetExhausted);
        }
        let permit = Arc::clone(&budget.0.free).acquire_many_owned(permits?);
        Ok(Self {
            budget,
            bytes,
            permit: Box::pin(permit),
            timer: Box::pin(sleep(MAX_WAIT)),
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn poll(
        &mut self,
        reservation: &Reservation,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), BudgetExhausted>> {
        if let Poll::Ready(permit) = self.permit.as_mut().poll(context) {
            return Poll::Ready(match permit {
                Ok(permit) => {
                    permit.forget();
                    reservation.add_taken(self.bytes);
                    Ok(())
                }
                Err(_) => Err(BudgetExhausted),
            });
        }
        if self.timer.as_mut().poll(context).is_ready() {
            self.budget.0.metrics.refused.increment();
            return Poll::Ready(Err(BudgetExhausted));
        }
        Poll::Pending
    }
}

impl Drop for PendingReservation {
    fn drop(&mut self) {
        self.budget.0.bodies.lock().wanted -= self.bytes;
    }
}
