use city_events_contract::{Timestamp, messages::JoinPromoted};
use seaworthy::data::Transaction;

use super::{JoinError, Joins, change_records};
use crate::{
    domain::{Join, JoinStatus, Seats, StatusChange},
    store::joins,
};

/// The reason of a promotion in messages and in the history.
const SLOT_FREED: &str = "slot_freed";
/// Maximum number of joins that one statement reads from the waitlist.
const PAGE_SIZE: u32 = 100;

impl Joins {
    /// Gives free seats to waitlisted users in the order of joining. Does nothing if the event is
    /// closed.
    pub(super) async fn promote_waitlisted(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        now: Timestamp,
    ) -> Result<(), JoinError> {
        while seats.has_free_seat() && seats.waitlisted > 0 && seats.is_open(now) {
            let waitlist =
                joins::list_oldest(tx, seats.event, JoinStatus::Waitlisted, PAGE_SIZE).await?;
            if waitlist.is_empty() {
                break;
            }
            for join in waitlist {
                if !seats.has_free_seat() {
                    break;
                }
                self.promote(tx, seats, &join, now).await?;
            }
        }
        Ok(())
    }

    async fn promote(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        join: &Join,
        now: Timestamp,
    ) -> Result<(), JoinError> {
        joins::activate(tx, join.id, now).await?;
        seats.apply_change(Some(JoinStatus::Waitlisted), JoinStatus::Active);
        let change = StatusChange {
            user: join.user,
            from: Some(JoinStatus::Waitlisted),
            to: JoinStatus::Active,
            reason: Some(SLOT_FREED),
            actor: None,
            at: now,
        };
        change_records::record(tx, seats, change).await?;
        let promoted = JoinPromoted {
            event_id: seats.event,
            user_id: join.user,
            reason: SLOT_FREED.to_owned(),
            seats: Some(seats.counts()),
        };
        self.store_message(tx, seats.event, &promoted).await?;
        Ok(())
    }
}
