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
    Reply::created("video added", added)
}

pub(super) async fn add_material(
    courses: State,
    Path(course): Path<Uuid>,
    Json(file): Json<NewFile>,
) -> HandlerResult {
    let added = courses
        .add_file(caller()?, course, FileKind::Material, file)
        .await?;
    Reply::created("material added", added)
}

pub(super) async fn videos(
    courses: State,
    course: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(course), page) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Video, page);
    Reply::ok("videos", files.await?)
}

pub(super) async fn materials(
    courses: State,
    course: ExtractResult<Path<Uuid>>,
    page: ExtractResult<CheckedPage>,
) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let (Path(course), page) = (course?, page?);
    let files = courses.files(viewer, course, FileKind::Material, page);
    Reply::ok("materials", files.await?)
}

pub(super) async fn video(courses: State, id: ExtractResult<Path<Uuid>>) -> HandlerResult {
    let viewer = Viewer::from_request(COURSE_WRITE)?;
    let Path(id) = id?;
    Reply::ok("video", courses.video(viewer, id).await?)
}
