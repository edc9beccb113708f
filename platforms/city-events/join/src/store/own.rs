//! What people do for themselves: join and give back.

use city_events_contract::{
    Moment,
    messages::{JoinCanceled, JoinCreated},
};
use seaworthy::data::{Transaction, sql};
use uuid::Uuid;

use super::{
    Store, changes, keys,
    standing::{Standing, standing},
    wishes::Wish,
};
use crate::domain::{
    Action, Actor, Answer, Change, Decided, IdempotencyKey, JoinError, JoinStatus, Places, admit,
};

/// Why somebody lost a place who gave it back.
const SELF_CANCEL: &str = "self_cancel";

impl Store {
    /// Takes a place, or one on the waitlist.
    pub(crate) async fn join(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Moment), JoinError> {
        let action = Action::Join;
        self.decided(Wish {
            actor,
            event,
            action,
            key,
        })
        .await
    }

    /// Gives a place back, or one on the waitlist.
    pub(crate) async fn cancel(
        &self,
        actor: Actor,
        event: Uuid,
        key: IdempotencyKey,
    ) -> Result<(JoinStatus, Moment), JoinError> {
        let action = Action::Cancel;
        self.decided(Wish {
            actor,
            event,
            action,
            key,
        })
        .await
    }

    /// Decides a wish, by whoever holds the places of its event. Nothing is written before everything that may refuse it was looked at.
    pub(super) async fn decide(
        &self,
        tx: &Transaction,
        places: &mut Option<Places>,
        wish: &Wish,
    ) -> Result<Answer, JoinError> {
        let standing = standing(tx, &wish.key, wish.event, wish.actor.id).await?;
        let now = Moment::now();
        if let Some(answer) = standing.repeated(wish, now)? {
            return Ok(answer);
        }
        match wish.action {
            Action::Join => self.decide_join(tx, places, &standing, wish, now).await,
            Action::Cancel => self.decide_cancel(tx, places, &standing, wish, now).await,
        }
    }

    async fn decide_join(
        &self,
        tx: &Transaction,
        places: &mut Option<Places>,
        standing: &Standing,
        wish: &Wish,
        now: Moment,
    ) -> Result<Answer, JoinError> {
        let places = places.as_mut().ok_or(JoinError::EventNotFound)?;
        may_join(places, standing, wish.actor, now)?;
        let decided = match standing.join {
            Some((_, status, _)) if status.is_in() => Decided::AlreadyIn,
            _ => admit(places, self.waitlist),
        };
        let at = match decided {
            Decided::Status(_) => places.next_moment(now),
            Decided::Full | Decided::AlreadyIn => now,
        };
        let answer = Answer { decided, at };
        keys::remember(tx, wish, &answer, now, self.keep_keys).await?;
        if let Decided::Status(to) = decided {
            let user = wish.actor.id;
            let earlier = standing.join.map(|(id, status, _)| (id, status));
            changes::enter(tx, places, user, earlier, to, at).await?;
            let created = JoinCreated {
                event_id: wish.event,
                user_id: user,
                status: to.as_str().to_owned(),
                seats: Some(places.seats()),
            };
            self.tell(tx, wish.event, &created).await?;
        }
        Ok(answer)
    }

    async fn decide_cancel(
        &self,
        tx: &Transaction,
        places: &mut Option<Places>,
        standing: &Standing,
        wish: &Wish,
        now: Moment,
    ) -> Result<Answer, JoinError> {
        let (Some(places), Some((join, status, changed_at))) = (places.as_mut(), standing.join)
        else {
            return Err(JoinError::JoinNotFound);
        };
        // Whatever it is now, they will have no place: that is what they wished.
        let answer = Answer {
            decided: Decided::Status(JoinStatus::Canceled),
            at: if status.is_in() { now } else { changed_at },
        };
        keys::remember(tx, wish, &answer, now, self.keep_keys).await?;
        if status.is_in() {
            let user = wish.actor.id;
            self.give_back(tx, places, user, (join, status), now)
                .await?;
        }
        Ok(answer)
    }

    async fn give_back(
        &self,
        tx: &Transaction,
        places: &mut Places,
        user: Uuid,
        (join, status): (Uuid, JoinStatus),
        now: Moment,
    ) -> Result<(), JoinError> {
        sql("UPDATE joins SET status = 'canceled', canceled_at = ?, canceled_by = ?, canceled_reason = ?, updated_at = ? WHERE id = ?")
            .bind(now.get())
            .bind(user)
            .bind(SELF_CANCEL)
            .bind(now.get())
            .bind(join)
            .execute(tx)
            .await?;
        places.count(Some(status), JoinStatus::Canceled);
        let change = Change {
            user,
            from: Some(status),
            to: JoinStatus::Canceled,
            reason: Some(SELF_CANCEL),
            actor: Some(user),
            at: now,
        };
        changes::remember(tx, places, change).await?;
        let canceled = JoinCanceled {
            event_id: places.event,
            user_id: user,
            prev_status: status.as_str().to_owned(),
            seats: Some(places.seats()),
        };
        self.tell(tx, places.event, &canceled).await?;
        self.fill(tx, places, now).await
    }
}

/// Who may not join at all.
fn may_join(
    places: &Places,
    standing: &Standing,
    actor: Actor,
    now: Moment,
) -> Result<(), JoinError> {
    if places.closed(now).is_some() {
        return Err(JoinError::Closed);
    }
    if places.owner.as_deref().is_some_and(|owner| actor.is(owner)) {
        return Err(JoinError::Forbidden);
    }
    if standing.is_banned(now) {
        return Err(JoinError::Banned);
    }
    Ok(())
}
