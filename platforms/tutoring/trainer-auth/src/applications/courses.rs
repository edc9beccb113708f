//! The copy of published courses.

use seaworthy::{
    messaging::{Failure, Received, Subscription},
    outbox::Inbox,
    prelude::*,
};
use tutoring_contract::{
    events::{BusinessEvent, CourseChanged},
    groups::TRAINER_AUTH,
};

use crate::store::{CourseCopy, courses};

/// The fields of a course that applications need.
#[derive(Debug, Deserialize)]
struct Snapshot {
    title: String,
    category: String,
    status: String,
}

/// Returns the subscription that copies courses.
pub(crate) fn subscription(inbox: &Inbox) -> Subscription {
    let inbox = inbox.clone();
    Subscription::for_group(TRAINER_AUTH)
        .on::<BusinessEvent<CourseChanged>, _, _>(move |changed| store(inbox.clone(), changed))
}

async fn store(
    inbox: Inbox,
    changed: Received<BusinessEvent<CourseChanged>>,
) -> Result<(), Failure> {
    let course = copy_of(&changed.event().data)?;
    inbox
        .process_once(changed.envelope(), |tx| {
            let course = &course;
            async move { courses::store(&tx, course).await.map_err(Failure::retry) }
        })
        .await?;
    Ok(())
}

fn copy_of(changed: &CourseChanged) -> Result<CourseCopy, Failure> {
    let snapshot: Snapshot =
        serde_json::from_value(changed.snapshot.clone()).map_err(Failure::reject)?;
    Ok(CourseCopy {
        id: Uuid::try_parse(&changed.course_id).map_err(Failure::reject)?,
        version: changed.version,
        title: snapshot.title,
        category: snapshot.category,
        is_published: snapshot.status == "published",
    })
}
