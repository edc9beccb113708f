//! The copy of published courses.

use std::error::Error as StdError;

use seaworthy::{
    data::Transaction,
    outbox::{Consumer, Effect},
    prelude::*,
};
use tutoring_contract::{
    events::{BusinessEvent, CourseChanged},
    groups::TRAINER_AUTH,
};

use super::Applicants;
use crate::store::{CourseCopy, courses};

/// Returns the consumer group of the service.
pub(crate) fn consumer() -> Consumer<Applicants> {
    Consumer::for_group(TRAINER_AUTH)
        .reject_violations(&[])
        .on::<BusinessEvent<CourseChanged>>()
}

impl Effect<Applicants> for BusinessEvent<CourseChanged> {
    async fn apply(&self, tx: &Transaction, _: &Applicants) -> Result<(), Error> {
        let changed = &self.data;
        let course: CourseCopy =
            serde_json::from_value(changed.snapshot.clone()).map_err(invalid)?;
        let id = Uuid::try_parse(&changed.course_id).map_err(invalid)?;
        Ok(courses::store(tx, (id, changed.version), &course).await?)
    }
}

fn invalid(cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(Code::Invalid, "COURSE", "not a course").with_cause(cause)
}
