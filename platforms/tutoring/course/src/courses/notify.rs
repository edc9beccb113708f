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
        (title, body): (&str, String),
        data: Value,
    ) -> Result<(), Error> {
        let requested = NotificationRequested {
            recipient_id: student,
            notification_type: subject.as_str().to_owned(),
            title: title.to_owned(),
            body,
            data: Some(data),
        };
        let event = BusinessEvent::new(requested).by(student, Role::Student);
        Ok(self.outbox.store(tx, message(&event)).await?)
    }
}
