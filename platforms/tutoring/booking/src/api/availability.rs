use jiff::civil::Date;
use seaworthy::prelude::*;
use tutoring_contract::{Query, Reply, Role, Slot};
use tutoring_identity::{Checks, own_or_permitted};

use super::{ExtractResult, HandlerResult, Sessions as State};
use crate::schedule::{ALLOCATION_READ, Actor, AvailabilityQuery, Schedule};

/// Declares a query: the place of a student, and other parameters. Without coordinates,
/// the place in the profile of the student applies.
macro_rules! place_query {
    ($name:ident { $($member:ident: $kind:ty),* }) => {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name {
            course_id: Uuid,
            student_id: Option<String>,
            latitude: Option<f64>,
            longitude: Option<f64>,
            $($member: $kind,)*
        }

        impl $name {
            async fn availability_query(
                &self,
                schedule: &Schedule,
                actor: &Actor,
            ) -> Result<AvailabilityQuery, Error> {
                let student = self.student_id.as_deref();
                let given = (self.latitude, self.longitude);
                availability_query(schedule, actor, (self.course_id, student, given)).await
            }
        }
    };
}

place_query!(CourseQuery {});
place_query!(SlotsQuery { date: Date });
place_query!(CheckQuery {
    date: Date,
    time_slot: Slot
});

#[derive(Deserialize)]
pub(super) struct DateQuery {
    date: Date,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimeQuery {
    date: Date,
    time_slot: Slot,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrainerQuery {
    trainer_id: Option<String>,
}

/// The query parameters other than the trainer, or an error that names every invalid one.
type Others<T> = Result<seaworthy::http::Query<T>, Error>;

/// Requires the permission of an administrator before the parameters are checked.
fn require_permitted(actor: &Actor) -> Result<(), Error> {
    match actor.role {
        Some(Role::Admin) => actor.require(&[], Some(ALLOCATION_READ)),
        _ => Ok(()),
    }
}

/// Returns the query for the schedule. A student may query coordinates, or the place of their own
/// profile. Students choose both, so the response must not depend on distances.
async fn availability_query(
    schedule: &Schedule,
    actor: &Actor,
    (course, student, given): (Uuid, Option<&str>, (Option<f64>, Option<f64>)),
) -> Result<AvailabilityQuery, Error> {
    let student = match (student, actor.role) {
        (Some(id), _) => Some(own_or_permitted(id, Role::Student, Some(ALLOCATION_READ))?),
        (None, Some(Role::Student)) => Some(actor.id),
        (None, _) => None,
    };
    let place = schedule.place_of(student, given).await?;
    schedule
        .require_place(&schedule.database, actor, Some(place))
        .await?;
    Ok(AvailabilityQuery {
        course,
        place,
        uses_distances: actor.role != Some(Role::Student),
    })
}

impl TrainerQuery {
    /// Returns the trainer with the other parameters. A trainer may query only their own time.
    async fn with<T>(
        &self,
        schedule: &Schedule,
        actor: &Actor,
        others: Others<T>,
    ) -> Result<(Uuid, T), Error> {
        require_permitted(actor)?;
        let trainer = match &self.trainer_id {
            Some(id) => Some(own_or_permitted(id, Role::Trainer, Some(ALLOCATION_READ))?),
            None => (actor.role == Some(Role::Trainer)).then_some(actor.id),
        };
        let mut checks = Checks::new();
        checks.require("trainerId", trainer.is_some(), "is missing");
        let others = checks.accept(others.map(Some));
        checks.finish()?;
        let (Some(trainer), Some(others)) = (trainer, others) else {
            return Err(Error::internal("a missing parameter was not rejected"));
        };
        schedule
            .require_trainer(&schedule.database, actor, trainer)
            .await?;
        Ok((trainer, others.0))
    }
}

pub(super) async fn check(
    schedule: State,
    actor: Actor,
    query: ExtractResult<Query<CheckQuery>>,
) -> HandlerResult {
    require_permitted(&actor)?;
    let Query(query) = query?;
    let availability = query.availability_query(&schedule, &actor).await?;
    let time = (query.date, query.time_slot);
    let found = schedule.check_slot(availability, time).await?;
    Reply::ok("availability", found)
}

pub(super) async fn slots(
    schedule: State,
    actor: Actor,
    query: ExtractResult<Query<SlotsQuery>>,
) -> HandlerResult {
    require_permitted(&actor)?;
    let Query(query) = query?;
    let availability = query.availability_query(&schedule, &actor).await?;
    let slots = schedule.check_slots(availability, query.date).await?;
    let data = json!({ "courseId": query.course_id, "date": query.date, "slots": slots });
    Reply::ok("slots", data)
}

pub(super) async fn course(
    schedule: State,
    actor: Actor,
    query: ExtractResult<Query<CourseQuery>>,
) -> HandlerResult {
    require_permitted(&actor)?;
    let Query(query) = query?;
    let availability = query.availability_query(&schedule, &actor).await?;
    Reply::ok("availability", schedule.check_course(availability).await?)
}

pub(super) async fn check_trainer(
    schedule: State,
    actor: Actor,
    Query(trainer): Query<TrainerQuery>,
    time: Others<TimeQuery>,
) -> HandlerResult {
    let (trainer, time) = trainer.with(&schedule, &actor, time).await?;
    let time = (time.date, time.time_slot);
    let found = schedule.check_trainer_slot(trainer, time).await?;
    Reply::ok("availability", found)
}

pub(super) async fn trainer_slots(
    schedule: State,
    actor: Actor,
    Query(trainer): Query<TrainerQuery>,
    date: Others<DateQuery>,
) -> HandlerResult {
    let (trainer, DateQuery { date }) = trainer.with(&schedule, &actor, date).await?;
    let slots = schedule.check_trainer(trainer, date).await?;
    let data = json!({ "trainerId": trainer, "date": date, "slots": slots });
    Reply::ok("slots", data)
}
