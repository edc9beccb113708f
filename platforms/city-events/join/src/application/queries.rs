use uuid::Uuid;

use super::{JoinError, Joins};
use crate::{
    domain::{Actor, Cursor, Join, JoinStatus, Limit, OwnFilter, Page, Rejection, Seats},
    store::{joins, seats},
};

impl Joins {
    /// Returns the join of a user at an event, in any status.
    pub(crate) async fn participation(&self, user: Uuid, event: Uuid) -> Result<Join, JoinError> {
        let join = joins::find(&self.database, event, user).await?;
        Ok(join.ok_or(Rejection::JoinNotFound)?)
    }

    /// Lists the joins of a user, newest first.
    pub(crate) async fn list_own(
        &self,
        user: Uuid,
        filter: &OwnFilter,
        limit: Limit,
        cursor: Option<Cursor>,
    ) -> Result<Page<Join>, JoinError> {
        Ok(joins::list_own(&self.database, user, filter, limit, cursor).await?)
    }

    /// Lists the joins of an event with this status in the order of joining, for users who may
    /// manage the event.
    pub(crate) async fn list_by_status(
        &self,
        actor: Actor,
        event: Uuid,
        status: JoinStatus,
        limit: Limit,
        cursor: Option<Cursor>,
    ) -> Result<Page<Join>, JoinError> {
        self.seats(actor, event).await?;
        Ok(joins::list_by_status(&self.database, event, status, limit, cursor).await?)
    }

    /// Returns the seats of an event, for users who may manage it.
    pub(crate) async fn seats(&self, actor: Actor, event: Uuid) -> Result<Seats, JoinError> {
        let seats = seats::find(&self.database, event).await?;
        let seats = seats.ok_or(Rejection::EventNotFound)?;
        if !actor.can_manage(seats.owner.as_deref()) {
            return Err(Rejection::Forbidden.into());
        }
        Ok(seats)
    }
}
