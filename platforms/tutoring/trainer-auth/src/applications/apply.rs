use seaworthy::{
    core::new_id,
    data::{chrono::NaiveDate, prelude::*},
    prelude::*,
};
use tutoring_contract::Territory;

use super::Applicants;
use crate::{
    domain::{Form, ReviewStatus, errors},
    store::{Application, Document, Place, applications, courses},
};

impl Applicants {
    /// Stores the application of a trainer. A rejected trainer may apply again after 30 days.
    ///
    /// # Errors
    /// `CONFLICT` or `VALIDATION_ERROR`.
    pub(crate) async fn apply(&self, trainer: Uuid, form: Form) -> Result<Application, Error> {
        self.store(trainer, form, |existing| match existing {
            Some(existing) => existing
                .status
                .may_reapply(existing.reviewed_at, Utc::now()),
            None => Ok(()),
        })
        .await
    }

    /// Changes an application that is not decided. One on hold becomes pending.
    ///
    /// # Errors
    /// `NOT_FOUND`, `CONFLICT` or `VALIDATION_ERROR`.
    pub(crate) async fn edit(&self, trainer: Uuid, form: Form) -> Result<Application, Error> {
        self.store(trainer, form, |existing| {
            match existing.map(|existing| existing.status) {
                Some(ReviewStatus::Pending | ReviewStatus::OnHold) => Ok(()),
                Some(ReviewStatus::Approved | ReviewStatus::Rejected) => {
                    Err(errors::application_decided())
                }
                None => Err(errors::application_not_found()),
            }
        })
        .await
    }

    /// Stores a form as a pending application, if `allow` accepts the existing one.
    async fn store(
        &self,
        trainer: Uuid,
        form: Form,
        allow: impl Fn(Option<&Application>) -> Result<(), Error> + Send + Sync,
    ) -> Result<Application, Error> {
        form.check(self.today())?;
        // Call the storage before the transaction, so that no lock is held during the call.
        let documents = self.check_documents(trainer, &form).await?;
        self.database
            .transaction(|tx| {
                let (form, documents, allow) = (&form, documents.as_slice(), &allow);
                async move {
                    let existing = applications::lock_of_trainer(&tx, trainer).await?;
                    allow(existing.as_ref())?;
                    self.store_in(&tx, trainer, existing, form, documents).await
                }
            })
            .await
    }

    async fn store_in(
        &self,
        tx: &Transaction,
        trainer: Uuid,
        existing: Option<Application>,
        form: &Form,
        documents: &[Document],
    ) -> Result<Application, Error> {
        let published = courses::published_of(tx, &form.courses).await?;
        if let Some(index) = form
            .courses
            .iter()
            .position(|course| !published.contains(course))
        {
            let field = format!("courses[{index}]");
            return Err(errors::invalid(field, "is not a published course"));
        }
        let is_new = existing.is_none();
        let application = Application {
            id: existing
                .as_ref()
                .map_or_else(new_id, |existing| existing.id),
            trainer_id: trainer,
            status: ReviewStatus::Pending,
            form: form.clone(),
            place: place_of(tx, form).await?,
            city: None,
            coordinates: None,
            location_status: None,
            reviewed_by: None,
            reviewed_at: None,
            review_notes: None,
            version: existing.map_or(1, |existing| existing.version + 1),
            submitted_at: Utc::now(),
        };
        if is_new {
            applications::insert(tx, &application).await?;
        } else {
            applications::update(tx, &application).await?;
        }
        applications::set_documents(tx, application.id, documents).await?;
        self.publish_change(tx, &application).await?;
        Ok(application)
    }

    /// Returns the date in the zone of the platform.
    fn today(&self) -> NaiveDate {
        let today = self.zone.today();
        let (month, day) = (today.month().unsigned_abs(), today.day().unsigned_abs());
        NaiveDate::from_ymd_opt(today.year().into(), month.into(), day.into()).unwrap_or_default()
    }
}

/// Returns the territory of an application: that of its pincode, or the state of its address.
async fn place_of(tx: &Transaction, form: &Form) -> Result<Territory, Error> {
    let Some(pincode) = &form.location.pincode else {
        return Ok(Territory {
            state: Some(form.location.state.trim().to_owned()),
            ..Territory::default()
        });
    };
    let place = Place::of_pincode(tx, pincode).await?;
    let place = place.ok_or_else(|| errors::invalid("location.pincode", "is unknown"))?;
    Ok(place.territory)
}
