use seaworthy::prelude::*;

use super::Payments;
use crate::{booking_client::Settled, domain::DiscountState, store::payments};

/// Discounts that one step settles.
const BATCH: u32 = 50;

impl Payments {
    /// Redeems or releases a batch of discounts at the booking service. Returns whether there may
    /// be more.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE`, or those of the database.
    pub(crate) async fn settle_discounts(&self) -> Result<bool, Error> {
        let open = payments::with_open_discount(&self.database, BATCH).await?;
        for (id, state) in &open {
            let is_redeeming = state == DiscountState::Redeeming.as_str();
            let settled = match is_redeeming {
                true => self.booking.redeem(*id).await?,
                false => self.booking.release(*id).await?,
            };
            let (from, to) = match (is_redeeming, settled) {
                (true, Settled::Done) => (DiscountState::Redeeming, DiscountState::Redeemed),
                (true, Settled::Conflict) => (DiscountState::Redeeming, DiscountState::Conflict),
                (false, _) => (DiscountState::Releasing, DiscountState::Released),
            };
            if to == DiscountState::Conflict {
                tracing::warn!(payment = %id, "the discount of a late payment was already used");
            }
            payments::set_discount(&self.database, *id, from, to).await?;
        }
        Ok(open.len() == BATCH as usize)
    }
}
