//! Messages about trainers.

use seaworthy::{data::Transaction, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{
    Role,
    events::{BusinessEvent, NotificationRequested, TrainerChanged, message},
};
use tutoring_identity::{Account, Accounts};

use super::Applicants;
use crate::{
    domain::{Decision, ReviewStatus},
    store::Application,
};

impl Applicants {
    /// Sets the approval status of the account, and stores the message about the changed trainer.
    /// Its fields complete those of the messages about the account, with the same version.
    pub(super) async fn publish_change(
        &self,
        tx: &Transaction,
        application: &Application,
    ) -> Result<(), Error> {
        let trainer_id = application.trainer_id;
        let account = Account {
            approval_status: Some(application.status.approval().to_owned()),
            ..Accounts::lock(tx, trainer_id).await?
        };
        let account = Accounts::update(tx, account).await?;
        let changed = BusinessEvent::new(TrainerChanged {
            trainer_id,
            version: account.version,
            snapshot: snapshot(application),
        });
        Ok(self.outbox.store(tx, message(&changed)).await?)
    }

    /// Stores the notification of the trainer about a decision.
    pub(super) async fn notify(
        &self,
        tx: &Transaction,
        application: &Application,
        decision: Decision,
    ) -> Result<(), Error> {
        let text = match decision {
            Decision::Approve => (
                "Application approved",
                "You can now be allocated to students.",
            ),
            Decision::Reject => ("Application rejected", "You can apply again after 30 days."),
            Decision::Hold => (
                "Application on hold",
                "Check your application and change it.",
            ),
            Decision::Reopen => (
                "Application in review",
                "Your application is in review again.",
            ),
        };
        let trainer = application.trainer_id;
        let data =
            json!({ "reviewStatus": application.status, "reason": application.review_notes });
        let requested = NotificationRequested::new(trainer, "system", text, data);
        let requested = BusinessEvent::new(requested).by(trainer, Role::Trainer);
        Ok(self.outbox.store(tx, message(&requested)).await?)
    }
}

/// Returns the part of an application that other services use. An application that is not approved
/// has no place.
fn snapshot(application: &Application) -> Value {
    let form = &application.form;
    let mut snapshot = json!({
        "approvalStatus": application.status.approval(),
        "fullName": form.full_name,
        "gender": form.gender,
        "courses": form.courses,
        "specialties": form.skills,
        "yearsOfExperience": form.experience_years,
        "languages": form.languages,
        "certifications": form.certifications,
        "bio": form.bio,
        "availability": form.availability,
    });
    if application.status == ReviewStatus::Approved {
        let location = application.coordinates.map(|(latitude, longitude)| {
            json!({
                "latitude": latitude,
                "longitude": longitude,
                        "confidence": "stated",
            })
        });
        let place = json!({
            "city": application.city,
            "territory": application.place,
            "locationStatus": application.location_status,
            "location": location,
        });
        if let (Some(snapshot), Value::Object(place)) = (snapshot.as_object_mut(), place) {
            snapshot.extend(place);
        }
    }
    snapshot
}
