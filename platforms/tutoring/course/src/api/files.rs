use seaworthy::{
    axum::{extract::State as Extract, response::IntoResponse as _},
    prelude::*,
};
use tutoring_contract::{PageRequest, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{Given, HandlerResult, State};
use crate::{
    courses::{COURSE_WRITE, NewFile, Viewer},
    store::FileKind,
};

pub(super) async fn add_video(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    file: Given<Json<NewFile>>,
) -> HandlerResult {
    let (Path(course), Json(file)) = (course?, file?);
    let added = courses
        .add_file(caller()?, course, FileKind::Video, file)
        .await?;
    Ok(Reply::new("video added", added).created())
}

pub(super) async fn add_material(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    file: Given<Json<NewFile>>,
) -> HandlerResult {
    let (Path(course), Json(file)) = (course?, file?);
    let added = courses
        .add_file(caller()?, course, FileKind::Material, file)
        .await?;
    Ok(Reply::new("material added", added).created())
}

pub(super) async fn videos(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let (Path(course), Query(page)) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Video, page.checked()?);
    Ok(Reply::new("videos", files.await?).into_response())
}

pub(super) async fn materials(
    Extract(courses): State,
    course: Given<Path<Uuid>>,
    page: Given<Query<PageRequest>>,
) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let (Path(course), Query(page)) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Material, page.checked()?);
    Ok(Reply::new("materials", files.await?).into_response())
}

pub(super) async fn video(Extract(courses): State, id: Given<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::of_request(COURSE_WRITE)?;
    let Path(id) = id?;
    Ok(Reply::new("video", courses.video(viewer, id).await?).into_response())
}
