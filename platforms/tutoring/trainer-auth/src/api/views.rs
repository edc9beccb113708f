//! Response bodies.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::Territory;

use crate::{
    domain::{Form, ReviewStatus},
    store::Application,
};

/// An application, as its trainer and admins see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationView<'a> {
    application_id: Uuid,
    trainer_id: Uuid,
    review_status: ReviewStatus,
    #[serde(flatten)]
    form: &'a Form,
    territory: &'a Territory,
    city: Option<&'a str>,
    location_status: Option<&'a str>,
    reviewed_by: Option<Uuid>,
    reviewed_at: Option<DateTime<Utc>>,
    review_notes: Option<&'a str>,
    submitted_at: DateTime<Utc>,
}

impl<'a> ApplicationView<'a> {
    pub(super) fn of(application: &'a Application) -> Self {
        Self {
            application_id: application.id,
            trainer_id: application.trainer,
            review_status: application.status,
            form: &application.form,
            territory: &application.place,
            city: application.city.as_deref(),
            location_status: application.location_status.as_deref(),
            reviewed_by: application.reviewed_by,
            reviewed_at: application.reviewed_at,
            review_notes: application.notes.as_deref(),
            submitted_at: application.submitted_at,
        }
    }
}
