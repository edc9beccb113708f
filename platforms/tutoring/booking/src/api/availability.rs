use jiff::civil::Date;
use seaworthy::prelude::*;
use serde_json::json;
use tutoring_contract::{Query, Reply, Role, Slot};
use tutoring_identity::own_or_permitted;
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, Sessions as State};
use crate::{
    domain::errors,
    schedule::{ALLOCATION_READ, Actor, AvailabilityQuery, Schedule},
};

/// The place of a student. Without coordinates, the place of the profile counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceQuery {
    course_id: Uuid,
    student_id: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct DateQuery {
    date: Date,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotQuery {
    time_slot: Slot,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrainerQuery {
    trainer_id: Option<String>,
}

impl PlaceQuery {
    /// Returns the query for the schedule. A student may query coordinates, or the place of their
    /// own profile. Students choose both, so the response must not depend on distances.
    async fn availability_query(
        &self,
        schedule: &Schedule,
        actor: &Actor,
    ) -> Result<AvailabilityQuery, Error> {
        let student = match (&self.student_id, actor.role) {
            (Some(id), _) => Some(own_or_permitted(id, Role::Student, Some(ALLOCATION_READ))?),
            (None, Some(Role::Student)) => Some(actor.id),
            (None, _) => {
                actor.require(&[], Some(ALLOCATION_READ))?;
                None
            }
        };
        let given = (self.latitude, self.longitude);
        let place = schedule.place_of(student, given).await?;
        schedule
            .require_place(&schedule.database, actor, Some(place))
            .await?;
        Ok(AvailabilityQuery {
            course: self.course_id,
            place,
            uses_distances: actor.role != Some(Role::Student),
        })
    }
}

impl TrainerQuery {
    /// Returns the trainer. A trainer may query only their own time.
    fn trainer(&self, actor: &Actor) -> Result<Uuid, Error> {
        match &self.trainer_id {
            Some(id) => own_or_permitted(id, Role::Trainer, Some(ALLOCATION_READ)),
            None if actor.role == Some(Role::Trainer) => Ok(actor.id),
            None => Err(errors::invalid("trainerId", "is missing")),
        }
    }
}

pub(super) async fn check(
    schedule: State,
    actor: Actor,
    Query(query): Query<PlaceQuery>,
    Query(DateQuery { date }): Query<DateQuery>,
    Query(SlotQuery { time_slot }): Query<SlotQuery>,
) -> HandlerResult {
    let availability = query.availability_query(&schedule, &actor).await?;
    let found = schedule.check_slot(availability, (date, time_slot)).await?;
    Ok(Reply::new("availability", found).into_response())
}

pub(super) async fn slots(
    schedule: State,
    actor: Actor,
    Query(query): Query<PlaceQuery>,
    Query(DateQuery { date }): Query<DateQuery>,
) -> HandlerResult {
    let availability = query.availability_query(&schedule, &actor).await?;
    let slots = schedule.check_slots(availability, date).await?;
    let data = json!({ "courseId": query.course_id, "date": date, "slots": slots });
    Ok(Reply::new("slots", data).into_response())
}

pub(super) async fn course(
    schedule: State,
    actor: Actor,
    Query(query): Query<PlaceQuery>,
) -> HandlerResult {
    let availability = query.availability_query(&schedule, &actor).await?;
    let found = schedule.check_course(availability).await?;
    Ok(Reply::new("availability", found).into_response())
}

pub(super) async fn check_trainer(
    schedule: State,
    actor: Actor,
    trainer: ExtractResult<Query<TrainerQuery>>,
    date: ExtractResult<Query<DateQuery>>,
    slot: ExtractResult<Query<SlotQuery>>,
) -> HandlerResult {
    let Query(trainer) = trainer?;
    let trainer = trainer.trainer(&actor)?;
    schedule
        .require_trainer(&schedule.database, &actor, trainer)
        .await?;
    let (Query(DateQuery { date }), Query(SlotQuery { time_slot })) = (date?, slot?);
    let found = schedule
        .check_trainer_slot(trainer, (date, time_slot))
        .await?;
    Ok(Reply::new("availability", found).into_response())
}

pub(super) async fn trainer_slots(
    schedule: State,
    actor: Actor,
    trainer: ExtractResult<Query<TrainerQuery>>,
    date: ExtractResult<Query<DateQuery>>,
) -> HandlerResult {
    let Query(trainer) = trainer?;
    let trainer = trainer.trainer(&actor)?;
    schedule
        .require_trainer(&schedule.database, &actor, trainer)
        .await?;
    let Query(DateQuery { date }) = date?;
    let slots = schedule.check_trainer(trainer, date).await?;
    let data = json!({ "trainerId": trainer, "date": date, "slots": slots });
    Ok(Reply::new("slots", data).into_response())
}
