use seaworthy::{
    data::prelude::*,
    outbox::{Consumer, Effect},
    prelude::*,
};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{
        BusinessEvent, SessionSubstituted, StudentChanged, StudentDeallocated, TrainerAllocated,
        TrainerChanged,
    },
    groups::{CHAT_CONTACTS, CHAT_COPIES},
};

use super::Chats;
use crate::store::{Allocation, allocations, contacts, people};

/// A field of accounts in snapshots. Those of profiles do not have it.
const ACCOUNT: &str = "isEmailVerified";

/// Returns the consumer groups of the service.
pub(crate) fn consumers() -> [Consumer<Chats>; 2] {
    let contacts = Consumer::for_group(CHAT_CONTACTS)
        .on::<BusinessEvent<TrainerAllocated>>()
        .on::<BusinessEvent<SessionSubstituted>>()
        .on::<BusinessEvent<StudentDeallocated>>();
    let copies = Consumer::for_group(CHAT_COPIES)
        .on::<BusinessEvent<StudentChanged>>()
        .on::<BusinessEvent<TrainerChanged>>();
    [contacts, copies]
}

impl Effect<Chats> for BusinessEvent<TrainerAllocated> {
    /// Makes the student and the trainer contacts. The trainer also gets the doubts without a
    /// trainer. Contacts remain after the allocation, so late messages add them too.
    async fn apply(&self, tx: &Transaction, chats: &Chats) -> Result<(), Error> {
        let (student, trainer) = (self.data.student_id, self.data.trainer_id);
        contacts::connect(tx, student, trainer).await?;
        // A concurrent doubt waits for this lock, and then reads the allocation.
        people::lock(tx, (student, Role::Student)).await?;
        let allocation = Allocation {
            id: self.data.allocation_id,
            student,
            course: self.data.course_id,
            trainer,
            allocated_at: occurred_at(self),
        };
        if !allocations::store(tx, allocation).await? {
            return Ok(());
        }
        chats
            .assign_doubts(tx, (student, self.data.course_id), trainer)
            .await
    }
}

impl Effect<Chats> for BusinessEvent<SessionSubstituted> {
    async fn apply(&self, tx: &Transaction, _: &Chats) -> Result<(), Error> {
        let (student, trainer) = (self.data.student_id, self.data.substitute_trainer_id);
        Ok(contacts::connect(tx, student, trainer).await?)
    }
}

impl Effect<Chats> for BusinessEvent<StudentDeallocated> {
    /// The contact stays after the allocation. New doubts do not go to the trainer.
    async fn apply(&self, tx: &Transaction, _: &Chats) -> Result<(), Error> {
        // A concurrent message about the start waits for this lock, and then reads the end.
        people::lock(tx, (self.data.student_id, Role::Student)).await?;
        let allocation = (self.data.student_id, self.data.allocation_id);
        Ok(allocations::end(tx, allocation, occurred_at(self)).await?)
    }
}

impl Effect<Chats> for BusinessEvent<StudentChanged> {
    async fn apply(&self, tx: &Transaction, _: &Chats) -> Result<(), Error> {
        let user = (self.data.student_id, Role::Student);
        store_person(
            tx,
            user,
            self.data.version,
            (&self.data.snapshot, "avatarUrl"),
        )
        .await
    }
}

impl Effect<Chats> for BusinessEvent<TrainerChanged> {
    async fn apply(&self, tx: &Transaction, _: &Chats) -> Result<(), Error> {
        let user = (self.data.trainer_id, Role::Trainer);
        store_person(
            tx,
            user,
            self.data.version,
            (&self.data.snapshot, "photoUrl"),
        )
        .await
    }
}

fn occurred_at<K>(event: &BusinessEvent<K>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(event.timestamp).unwrap_or_default()
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
        people::store_account(tx, user, version, text("username")).await?;
    } else if snapshot.get("fullName").is_some() {
        let profile = (text("fullName"), text(picture));
        people::store_profile(tx, user, version, profile).await?;
    }
    Ok(())
}
