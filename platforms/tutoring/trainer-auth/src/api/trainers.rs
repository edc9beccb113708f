//! Handlers of trainers.

use seaworthy::prelude::*;
use tutoring_contract::{Json, Path, Query, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::{
    applications::UploadRequest,
    domain::{Form, Shift, errors},
    store::{Place, applications, courses},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShiftQuery {
    shift_type: Shift,
}

pub(super) async fn pincode(applicants: State, Path(pincode): Path<String>) -> HandlerResult {
    let place = Place::of_pincode(&applicants.database, &pincode).await?;
    let place = place.ok_or_else(errors::pincode_not_found)?;
    let data = json!({
        "pincode": place.pincode,
        "city": place.city,
        "district": place.territory.district,
        "state": place.territory.state,
    });
    Reply::ok("pincode", data)
}

pub(super) async fn courses(applicants: State) -> HandlerResult {
    let courses = courses::published(&applicants.database).await?;
    Reply::ok("published courses", courses)
}

pub(super) async fn slots(Query(query): Query<ShiftQuery>) -> HandlerResult {
    let slot = |hour: u32| json!({ "start": format!("{hour:02}:00"), "end": format!("{:02}:00", hour + 1) });
    let slots: Vec<_> = query.shift_type.hours().map(slot).collect();
    let data = json!({ "shiftType": query.shift_type, "slots": slots });
    Reply::ok("slots", data)
}

pub(super) async fn sign_upload(
    applicants: State,
    Json(request): Json<UploadRequest>,
) -> HandlerResult {
    let (key, signed) = applicants.sign_upload(caller()?, &request)?;
    let mut data = signed.members();
    data.insert("key".to_owned(), key.to_string().into());
    Reply::ok("upload the document", data)
}

pub(super) async fn apply(applicants: State, Json(form): Json<Form>) -> HandlerResult {
    let application = applicants.apply(caller()?, form).await?;
    let data = json!({
        "applicationId": application.id,
        "reviewStatus": application.status,
    });
    Reply::created("application sent", data)
}

pub(super) async fn edit(applicants: State, Json(form): Json<Form>) -> HandlerResult {
    let application = applicants.edit(caller()?, form).await?;
    Reply::ok("application changed", application)
}

pub(super) async fn own(applicants: State) -> HandlerResult {
    let application = applications::by_trainer(&applicants.database, caller()?).await?;
    let application = application.ok_or_else(errors::application_not_found)?;
    Reply::ok("application", application)
}
