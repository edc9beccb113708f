use seaworthy::{data::Transaction, prelude::*};
use serde_json::Value;
use tutoring_contract::{
    Role,
    events::{BusinessEvent, NotificationRequested, message},
};

use super::Courses;

named! {
    /// The subject of a notification.
    pub(super) enum Subject {
        Assignment = "assignment",
        Achievement = "achievement",
    }
}

impl Courses {
    /// Requests a notification of a student. The relay publishes it after the commit.
    pub(super) async fn notify(
        &self,
        tx: &Transaction,
        student: Uuid,
        subject: Subject,
        text: (&str, String),
        data: Value,
    ) -> Result<(), Error> {
        let requested = NotificationRequested::new(student, subject.as_str(), text, data);
        let event = BusinessEvent::new(requested).by(student, Role::Student);
        Ok(self.outbox.store(tx, message(&event)).await?)
    }
}
