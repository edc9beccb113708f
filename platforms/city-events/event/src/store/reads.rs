//! Reads of single events and of the events of one owner.

use seaworthy::data::{DataError, Isolation, TransactionOptions, sql};
use uuid::Uuid;

use super::{
    Store,
    rows::{Counted, event_columns},
};
use crate::domain::{Actor, Event, EventError, OwnPage, StateName};

impl Store {
    /// Returns a published event.
    ///
    /// # Errors
    /// [`EventError::NotFound`] if the event does not exist or is not published.
    pub(crate) async fn get(&self, id: Uuid) -> Result<Event, EventError> {
        let event = sql(concat!(
            "SELECT ",
            event_columns!(),
            " FROM events WHERE id = ? AND status = 'published'"
        ))
        .bind(id)
        .fetch_optional(&self.database)
        .await?;
        event.ok_or(EventError::NotFound)
    }

    /// Returns the published events among `ids`, each with the revision of its participants and
    /// waitlist.
    pub(crate) async fn get_batch(&self, ids: &[Uuid]) -> Result<Vec<(Event, i64)>, EventError> {
        let found: Vec<Counted> = sql(concat!(
            "SELECT ",
            event_columns!(),
            ", (SELECT revision FROM event_counts WHERE event_id = events.id) AS revision FROM events WHERE id IN (?*) AND status = 'published'"
        ))
        .bind_list(ids.iter().copied())
        .fetch_all(&self.database)
        .await?;
        let found = found.into_iter();
        Ok(found
            .map(|Counted(event, revision)| (event, revision))
            .collect())
    }

    /// Returns an event in any state, if the actor may change it.
    pub(crate) async fn get_own(&self, actor: &Actor, id: Uuid) -> Result<Event, EventError> {
        let event: Option<Event> = sql(concat!(
            "SELECT ",
            event_columns!(),
            " FROM events WHERE id = ?"
        ))
        .bind(id)
        .fetch_optional(&self.database)
        .await?;
        let event = event.ok_or(EventError::NotFound)?;
        actor.authorize_change(&event)?;
        Ok(event)
    }

    /// Returns a page of the actor's events, newest first, and their total number. Both come from
    /// one snapshot.
    pub(crate) async fn list_own(
        &self,
        actor: &Actor,
        page: OwnPage,
    ) -> Result<(Vec<Event>, u64), EventError> {
        let states = match page.state {
            Some(state) => vec![state],
            None => vec![StateName::Draft, StateName::Published],
        };
        let states: Vec<_> = states.into_iter().map(StateName::as_str).collect();
        let states = &states;
        let one_snapshot = TransactionOptions::new()
            .isolation(Isolation::RepeatableRead)
            .read_only();
        let read: Result<_, DataError> = self
            .database
            .transaction_with(one_snapshot, |tx| async move {
                let (total,): (u64,) =
                    sql("SELECT count(*) FROM events WHERE owner_id = ? AND status IN (?*)")
                        .bind(&actor.id)
                        .bind_list(states.iter().copied())
                        .fetch_one(&tx)
                        .await?;
                let events = sql(concat!(
                    "SELECT ",
                    event_columns!(),
                    " FROM events WHERE owner_id = ? AND status IN (?*) ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
                ))
                .bind(&actor.id)
                .bind_list(states.iter().copied())
                .bind(page.window.size.get())
                .bind(page.window.offset())
                .fetch_all(&tx)
                .await?;
                Ok((events, total))
            })
            .await;
        Ok(read?)
    }
}
