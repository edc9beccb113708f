use std::sync::Arc;

use seaworthy::{
    data::prelude::*,
    messaging::{Subscription, Topics},
    outbox::Inbox,
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{
        Occurred, SessionSubstituted, StudentChanged, StudentDeallocated, TrainerAllocated,
        TrainerChanged,
    },
};
use tutoring_identity::{Consumer, Effect};
use uuid::Uuid;

use super::Chats;
use crate::store::{Allocation, Allocations, Contacts, People};

/// The consumer group of allocations.
const CONTACTS: &str = "chat-contacts";
/// The consumer group of names.
const COPIES: &str = "chat-copies";
/// A member of accounts in snapshots. Those of profiles do not have it.
const ACCOUNT: &str = "isEmailVerified";

/// Returns the topics that the service consumes.
pub(crate) fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<TrainerAllocated>>()
        .with::<Occurred<SessionSubstituted>>()
        .with::<Occurred<StudentDeallocated>>()
        .with::<Occurred<StudentChanged>>()
        .with::<Occurred<TrainerChanged>>()
}

/// Returns the subscriptions of the service. `inbox` makes the inbox of a group.
pub(crate) fn subscriptions(
    chats: &Arc<Chats>,
    inbox: impl Fn(&str) -> Inbox,
) -> [Subscription; 2] {
    let contacts = Consumer::new(CONTACTS, inbox(CONTACTS), chats)
        .on::<TrainerAllocated>()
        .on::<SessionSubstituted>()
        .on::<StudentDeallocated>();
    let copies = Consumer::new(COPIES, inbox(COPIES), chats)
        .on::<StudentChanged>()
        .on::<TrainerChanged>();
    [contacts.subscription(), copies.subscription()]
}

impl Effect<Chats> for TrainerAllocated {
    /// Makes the student and the trainer contacts. The trainer also gets the doubts without a
    /// trainer. Contacts remain after the allocation, so late messages add them too.
    async fn apply(
        &self,
        tx: &Transaction,
        occurred_at: DateTime<Utc>,
        chats: &Chats,
    ) -> Result<(), Error> {
        let (student, trainer) = (self.student_id, self.trainer_id);
        Contacts::connect(tx, student, trainer).await?;
        // A doubt at the same time waits, and then sees the allocation.
        People::lock(tx, (student, Role::Student)).await?;
        let allocation = Allocation {
            id: self.allocation_id,
            student,
            course: self.course_id,
            trainer,
            allocated_at: occurred_at,
        };
        if !Allocations::store(tx, allocation).await? {
            return Ok(());
        }
        chats
            .assign_doubts(tx, (student, self.course_id), trainer)
            .await
    }
}

impl Effect<Chats> for SessionSubstituted {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Chats) -> Result<(), Error> {
        let (student, trainer) = (self.student_id, self.substitute_trainer_id);
        Ok(Contacts::connect(tx, student, trainer).await?)
    }
}

impl Effect<Chats> for StudentDeallocated {
    /// The contact stays after the allocation. New doubts do not go to the trainer.
    async fn apply(
        &self,
        tx: &Transaction,
        occurred_at: DateTime<Utc>,
        _: &Chats,
    ) -> Result<(), Error> {
        // A concurrent message about the start waits for this lock, and then reads the end.
        People::lock(tx, (self.student_id, Role::Student)).await?;
        let allocation = (self.student_id, self.allocation_id);
        Ok(Allocations::end(tx, allocation, occurred_at).await?)
    }
}

impl Effect<Chats> for StudentChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Chats) -> Result<(), Error> {
        let user = (self.student_id, Role::Student);
        store_person(tx, user, self.version, (&self.snapshot, "avatarUrl")).await
    }
}

impl Effect<Chats> for TrainerChanged {
    async fn apply(&self, tx: &Transaction, _: DateTime<Utc>, _: &Chats) -> Result<(), Error> {
        let user = (self.trainer_id, Role::Trainer);
        store_person(tx, user, self.version, (&self.snapshot, "photoUrl")).await
    }
}

/// Stores the names of an account or of a profile, which have versions of their own.
async fn store_person(
    tx: &Transaction,
    user: (Uuid, Role),
    version: i64,
    (snapshot, picture): (&Value, &str),
) -> Result<(), Error> {
    let text = |name: &str| {
        snapshot
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    if snapshot.get(ACCOUNT).is_some() {
        People::store_account(tx, user, version, text("username")).await?;
    } else if snapshot.get("fullName").is_some() {
        let profile = (text("fullName"), text(picture));
        People::store_profile(tx, user, version, profile).await?;
    }
    Ok(())
}
