//! Messages about allocations and profiles, of which this service keeps a copy.

use seaworthy::{
    messaging::{Failure, Received, Subscription},
    outbox::Inbox,
};
use tutoring_contract::events::{Occurred, StudentChanged, StudentDeallocated, TrainerAllocated};

use super::consumers::MAX_RETRIES;
use crate::store::{AllocationCopy, Certificates, Trainers};

/// Returns the subscription that keeps the trainers and the names of students.
pub(crate) fn copies(group: &str, inbox: &Inbox) -> Subscription {
    let (allocated, ended, changed) = (inbox.clone(), inbox.clone(), inbox.clone());
    Subscription::new(group)
        .max_retries(MAX_RETRIES)
        .on::<Occurred<TrainerAllocated>, _, _>(move |event| allocate(allocated.clone(), event))
        .on::<Occurred<StudentDeallocated>, _, _>(move |event| end(ended.clone(), event))
        .on::<Occurred<StudentChanged>, _, _>(move |event| rename(changed.clone(), event))
}

async fn allocate(
    inbox: Inbox,
    received: Received<Occurred<TrainerAllocated>>,
) -> Result<(), Failure> {
    let event = &received.event().data;
    let allocation = &AllocationCopy {
        id: event.allocation_id,
        student: event.student_id,
        trainer: event.trainer_id,
        course: event.course_id,
    };
    let stored = inbox.process_once(received.envelope(), |tx| async move {
        let stored = Trainers::allocate(&tx, allocation).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}

async fn end(
    inbox: Inbox,
    received: Received<Occurred<StudentDeallocated>>,
) -> Result<(), Failure> {
    let event = &received.event().data;
    let allocation = &AllocationCopy {
        id: event.allocation_id,
        student: event.student_id,
        trainer: event.trainer_id,
        course: event.course_id,
    };
    let stored = inbox.process_once(received.envelope(), |tx| async move {
        let stored = Trainers::end(&tx, allocation).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}

/// Stores a name. Only the messages about the profile have one.
async fn rename(inbox: Inbox, received: Received<Occurred<StudentChanged>>) -> Result<(), Failure> {
    let event = &received.event().data;
    let Some(name) = event.snapshot.get("fullName") else {
        return Ok(());
    };
    let name = name.as_str().unwrap_or_default();
    let stored = inbox.process_once(received.envelope(), |tx| async move {
        let stored = Certificates::store_name(&tx, event.student_id, event.version, name).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}
