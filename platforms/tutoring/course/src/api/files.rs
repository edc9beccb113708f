use tutoring_contract::{CheckedPage, Json, Path, Reply};
use tutoring_identity::caller;
use uuid::Uuid;

use super::{ExtractResult, HandlerResult, State};
use crate::{
    courses::{COURSE_WRITE, NewFile, Viewer},
    store::FileKind,
};

pub(super) async fn add_video(
    courses: State,
    Path(course): Path<Uuid>,
    Json(file): Json<NewFile>,
) -> HandlerResult {
    let added = courses
        .add_file(caller()?, course, FileKind::Video, file)
        .await?;
    Ok(Reply::new("video added", added).created())
}

pub(super) async fn add_material(
    courses: State,
    Path(course): Path<Uuid>,
    Json(file): Json<NewFile>,
) -> HandlerResult {
    let added = courses
        .add_file(caller()?, course, FileKind::Material, file)
        .await?;
    Ok(Reply::new("material added", added).created())
}

pub(super) async fn videos(
    courses: State,
    course: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(course), page) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Video, page);
    Ok(Reply::new("videos", files.await?).into_response())
}

pub(super) async fn materials(
    courses: State,
    course: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(course), page) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Material, page);
    Ok(Reply::new("materials", files.await?).into_response())
}

pub(super) async fn video(courses: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let Path(id) = id?;
    Ok(Reply::new("video", courses.video(viewer, id).await?).into_response())
}
