//! Messages of other services, and the tables that they fill.

use seaworthy::{
    data::{DataError, Transaction},
    messaging::{Failure, Subscription},
    outbox::Inbox,
};
use tutoring_contract::events::{
    Kind, Occurred, SessionCancelled, SessionCompleted, SessionSubstituted, TrainerChanged,
};

use crate::store::{Substitution, TrainerSessions, Trainers};

/// The consumer group.
pub(crate) const GROUP: &str = "trainer-copies";
/// A member that only the messages about accounts and applications have.
const APPROVAL: &str = "approvalStatus";

/// A message that changes the tables of this service.
trait Update: Kind {
    fn store(&self, tx: &Transaction) -> impl Future<Output = Result<(), DataError>> + Send;
}

/// Returns the subscription of the service.
pub(crate) fn subscription(inbox: &Inbox) -> Subscription {
    let subscription = on::<TrainerChanged>(Subscription::new(GROUP), inbox);
    let subscription = on::<SessionCompleted>(subscription, inbox);
    let subscription = on::<SessionCancelled>(subscription, inbox);
    on::<SessionSubstituted>(subscription, inbox)
}

fn on<K: Update>(subscription: Subscription, inbox: &Inbox) -> Subscription {
    let inbox = inbox.clone();
    subscription.on::<Occurred<K>, _, _>(move |received| {
        let inbox = inbox.clone();
        async move {
            let data = &received.event().data;
            let stored = inbox.process_once(received.envelope(), |tx| async move {
                data.store(&tx).await.map_err(Failure::retry)
            });
            stored.await.map(drop)
        }
    })
}

impl Update for TrainerChanged {
    async fn store(&self, tx: &Transaction) -> Result<(), DataError> {
        match self.snapshot.as_object() {
            Some(members) if members.contains_key(APPROVAL) => {
                Trainers::store_account(tx, self.trainer_id, self.version, members).await
            }
            _ => Ok(()),
        }
    }
}

impl Update for SessionCompleted {
    async fn store(&self, tx: &Transaction) -> Result<(), DataError> {
        TrainerSessions::finish(tx, self.session_id, self.trainer_id, "completed").await
    }
}

impl Update for SessionCancelled {
    async fn store(&self, tx: &Transaction) -> Result<(), DataError> {
        TrainerSessions::finish(tx, self.session_id, self.trainer_id, "cancelled").await
    }
}

impl Update for SessionSubstituted {
    async fn store(&self, tx: &Transaction) -> Result<(), DataError> {
        let substitution = Substitution {
            session_id: self.session_id,
            original_trainer_id: self.original_trainer_id,
            substitute_trainer_id: self.substitute_trainer_id,
            student_id: self.student_id,
            date: self.date.to_string(),
            time_slot: self.time_slot.clone(),
        };
        TrainerSessions::substitute(tx, &substitution).await
    }
}
