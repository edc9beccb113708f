//! What is read of single events and of one's own.

use seaworthy::data::{DataError, Isolation, TransactionOptions, sql};
use uuid::Uuid;

use super::{Store, rows::event_columns};
use crate::domain::{Actor, Event, EventError, OwnPage, StateName};

impl Store {
    /// An event that everybody may see.
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

    /// Those of these events that everybody may see.
    pub(crate) async fn batch(&self, ids: &[Uuid]) -> Result<Vec<Event>, EventError> {
        Ok(sql(concat!(
            "SELECT ",
            event_columns!(),
            " FROM events WHERE id IN (?*) AND status = 'published'"
        ))
        .bind_list(ids.iter().copied())
        .fetch_all(&self.database)
        .await?)
    }

    /// An event in any state, for those who may change it.
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
        actor.may_change(&event)?;
        Ok(event)
    }

    /// One's own events, newest first, and how many there are. Both are of one moment.
    pub(crate) async fn own(
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
        let one_moment = TransactionOptions::new()
            .isolation(Isolation::RepeatableRead)
            .read_only();
        let read: Result<_, DataError> = self
            .database
            .transaction_with(one_moment, |tx| async move {
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
