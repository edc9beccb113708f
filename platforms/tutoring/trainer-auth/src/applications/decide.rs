use seaworthy::{audit_log::AuditEntry, data::prelude::*, prelude::*};
use tutoring_contract::CallerTerritory;

use super::Applicants;
use crate::{
    domain::{Decision, ReviewStatus, errors},
    store::{Application, Place, applications},
};

/// The permission of all decisions.
pub(crate) const TRAINER_APPROVE: &str = "trainer:approve";

/// An admin who reviews applications.
#[derive(Debug, Clone)]
pub(crate) struct Reviewer {
    pub(crate) id: Uuid,
    pub(crate) territory: CallerTerritory,
}

impl Applicants {
    /// Returns an application in the territory of the reviewer.
    ///
    /// # Errors
    /// `FORBIDDEN` or `NOT_FOUND`.
    pub(crate) async fn for_review(
        &self,
        reviewer: &Reviewer,
        id: Uuid,
    ) -> Result<Application, Error> {
        let application = applications::by_id(&self.database, id).await?;
        let application = application.ok_or_else(errors::application_not_found)?;
        reviewer.territory.require(Some(&application.place))?;
        Ok(application)
    }

    /// Decides an application in the territory of the reviewer. One transaction stores the
    /// decision, the audit entry, the new state of the trainer and the notification.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND` or `CONFLICT`.
    pub(crate) async fn decide(
        &self,
        reviewer: &Reviewer,
        id: Uuid,
        decision: Decision,
        reason: Option<&str>,
    ) -> Result<Application, Error> {
        self.database
            .transaction(|tx| async move {
                let before = applications::lock(&tx, id).await?;
                let before = before.ok_or_else(errors::application_not_found)?;
                reviewer.territory.require(Some(&before.place))?;
                let status = decision.apply(before.status)?;
                let mut after = Application {
                    status,
                    reviewed_by: Some(reviewer.id),
                    reviewed_at: Some(Utc::now()),
                    review_notes: reason.map(str::to_owned),
                    version: before.version + 1,
                    ..before.clone()
                };
                if status == ReviewStatus::Approved {
                    set_location(&tx, &mut after).await?;
                }
                applications::update(&tx, &after).await?;
                self.publish_change(&tx, &after).await?;
                self.notify(&tx, &after, decision).await?;
                let mut entry = AuditEntry::new(decision.action())
                    .target("trainer", after.trainer_id.to_string())
                    .detail("permission", TRAINER_APPROVE)
                    .detail("application", id.to_string())
                    .detail("before", before.status.as_str())
                    .detail("after", summary(&after));
                if let Some(reason) = reason {
                    entry = entry.detail("reason", reason);
                }
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(after)
            })
            .await
    }
}

/// Sets the place of an approved trainer. The pincodes may have changed since the application.
async fn set_location(tx: &Transaction, application: &mut Application) -> Result<(), Error> {
    let location = &application.form.location;
    let place = match &location.pincode {
        Some(pincode) => Place::of_pincode(tx, pincode).await?,
        None => None,
    };
    application.city = Some(match place {
        Some(place) => {
            application.place = place.territory;
            place.city
        }
        None => location.city.trim().to_owned(),
    });
    application.coordinates = application.form.coordinates();
    let status = if application.coordinates.is_some() {
        "known"
    } else {
        "missing"
    };
    application.location_status = Some(status.to_owned());
    Ok(())
}

fn summary(application: &Application) -> String {
    json!({
        "status": application.status,
        "city": application.city,
        "locationStatus": application.location_status,
    })
    .to_string()
}
