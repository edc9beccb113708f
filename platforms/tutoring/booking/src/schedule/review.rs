use seaworthy::{data::chrono::Utc, prelude::*};
use tutoring_contract::{Role, events::SessionReviewed};
use tutoring_identity::{Checks, TextField};

use super::{Actor, Schedule};
use crate::{
    domain::{Rating, SessionStatus, errors},
    store::{Review, reviews},
};

/// The review of a session by its student or its trainer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewReview {
    session_id: Uuid,
    /// Checked later, so that the error names the field.
    rating: f64,
    feedback: Option<String>,
}

impl Schedule {
    /// Stores the review of a completed session by its student or its trainer.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` if the session is not completed
    /// or if the side has reviewed it.
    pub(crate) async fn review(&self, actor: &Actor, new: &NewReview) -> Result<Review, Error> {
        let mut checks = Checks::new();
        let rating = Rating::try_from(new.rating);
        let problem = "must be 0.5 to 5 in steps of 0.5";
        checks.require("rating", rating.is_ok(), problem);
        let feedback = TextField("feedback", new.feedback.as_deref()).optional();
        let feedback = checks.accept(feedback);
        checks.finish()?;
        let rating = rating.map_err(|_| errors::invalid("rating", problem))?;
        self.database
            .transaction(|tx| async move {
                let session = self.locked_session(&tx, new.session_id).await?;
                let sides = [
                    (Role::Student, session.student_id),
                    (Role::Trainer, session.trainer_id),
                ];
                actor.require(&sides, None)?;
                let side = actor.role.ok_or_else(errors::forbidden)?;
                if session.status != SessionStatus::Completed {
                    return Err(errors::wrong_state("session", session.status.as_str()));
                }
                let review = Review {
                    id: Uuid::new_v4(),
                    session_id: session.id,
                    review_type: side,
                    reviewer_id: actor.id,
                    rating,
                    feedback: feedback.map(str::to_owned),
                    created_at: Utc::now(),
                };
                if !reviews::insert(&tx, &review).await? {
                    return Err(errors::already_reviewed());
                }
                let reviewed = SessionReviewed {
                    session_id: session.id,
                    trainer_id: session.trainer_id,
                    student_id: session.student_id,
                    course_id: session.course_id,
                    review_type: side.as_str().to_owned(),
                    rating: rating.into(),
                };
                self.publish(&tx, reviewed).await?;
                Ok(review)
            })
            .await
    }
}
