use seaworthy::{
    messaging::{Failure, Received, Subscription},
    outbox::Inbox,
};
use tutoring_contract::events::{Occurred, SessionSubstituted, TrainerAllocated};
use uuid::Uuid;

use crate::store::Contacts;

/// The consumer group of allocations.
pub(crate) const GROUP: &str = "chat-contacts";

/// Returns the subscription that connects students with their trainers. A contact stays after its
/// allocation.
pub(crate) fn subscription(inbox: &Inbox) -> Subscription {
    let (allocated, substituted) = (inbox.clone(), inbox.clone());
    Subscription::new(GROUP)
        .on::<Occurred<TrainerAllocated>, _, _>(move |event| {
            let data = &event.event().data;
            let pair = (data.student_id, data.trainer_id);
            connect(allocated.clone(), event, pair)
        })
        .on::<Occurred<SessionSubstituted>, _, _>(move |event| {
            let data = &event.event().data;
            let pair = (data.student_id, data.substitute_trainer_id);
            connect(substituted.clone(), event, pair)
        })
}

async fn connect<K: Send + Sync>(
    inbox: Inbox,
    received: Received<K>,
    (student, trainer): (Uuid, Uuid),
) -> Result<(), Failure> {
    let stored = inbox.process_once(received.envelope(), |tx| async move {
        let stored = Contacts::connect(&tx, student, trainer).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}
