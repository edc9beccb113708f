//! HTTP routes.

mod assignments;
mod catalogue;
mod certificates;
mod exams;
mod files;
mod learning;
mod projects;
mod purchases;
mod uploads;

use std::sync::Arc;

use seaworthy::{
    axum::{
        response::Response,
        routing::{get, post, put},
    },
    prelude::*,
};
use tutoring_contract::{ApiError, Role, SERVICE_ROLE};

use crate::courses::{COURSE_WRITE, Courses};

type HandlerResult = Result<Response, ApiError>;
/// An extractor. Its error becomes an envelope in the handler.
type Given<T> = Result<T, Error>;
type State = seaworthy::axum::extract::State<Arc<Courses>>;

/// Returns the routes of everyone, of students, of other services and of administrators.
pub(crate) fn routes(courses: Arc<Courses>) -> Routes {
    let public = Routes::new()
        .route("/courses", get(catalogue::list))
        .route("/courses/{id}", get(catalogue::show))
        .route("/courses/{id}/structure", get(catalogue::structure))
        .route("/courses/{id}/phases", get(catalogue::phases))
        .route("/phases/{id}/levels", get(catalogue::levels))
        .route("/levels/{id}/sessions", get(catalogue::sessions))
        .route("/projects/public", get(projects::public))
        .route("/certificates/{number}", get(certificates::show))
        .route("/certificates/{number}/pdf", get(certificates::pdf))
        .with_options(|options| options.access(Access::Public));
    let operators = Routes::new()
        .route("/courses", post(catalogue::create))
        .route(
            "/courses/{id}",
            seaworthy::axum::routing::patch(catalogue::change)
                .put(catalogue::change)
                .delete(catalogue::archive),
        )
        .route("/courses/{id}/phases", post(catalogue::add_phase))
        .route("/levels/{id}/sessions", post(catalogue::add_session))
        .route("/courses/{id}/videos", post(files::add_video))
        .route("/courses/{id}/materials", post(files::add_material))
        .route(
            "/courses/{id}/assignments",
            post(assignments::create_of_course),
        )
        .route("/assignments", post(assignments::create))
        .route("/phases/{id}/levels", post(catalogue::add_level))
        .route("/levels/{id}/exam", put(exams::store))
        .with_options(|options| options.roles([Role::Admin.as_str()]).scopes([COURSE_WRITE]));
    let students = Routes::new()
        .route("/levels/{id}/exam", get(exams::show))
        .route(
            "/students/{student}/levels/{level}/exam/submit",
            post(exams::submit),
        )
        .route("/levels/{id}/completion", get(learning::completion))
        .route("/progress/video-watched", post(learning::watch))
        .route("/progress/sheet-previewed", post(learning::preview))
        .route("/progress/quiz", post(learning::quiz))
        .route("/projects", post(projects::submit))
        .route("/assignments/{id}/submit", post(assignments::submit))
        .route("/projects/community", get(projects::community))
        .with_options(|options| options.roles([Role::Student.as_str()]));
    // The handlers check that a student is the owner, and that an administrator has the permission.
    let own = Routes::new()
        .route(
            "/students/{student}/courses/{course}/purchase",
            get(purchases::show),
        )
        .route(
            "/students/{student}/courses/{course}/progress",
            get(purchases::progress),
        )
        .route(
            "/students/{student}/courses/{course}/access/{session}",
            get(purchases::access),
        )
        .with_options(|options| options.roles([Role::Student.as_str(), Role::Admin.as_str()]));
    let reviewers = Routes::new()
        .route("/projects/{id}/review", post(projects::review))
        .route("/submissions/{id}/grade", post(assignments::grade))
        .route(
            "/assignments/{id}/submissions",
            get(assignments::submissions),
        )
        .with_options(|options| options.roles([Role::Trainer.as_str(), Role::Admin.as_str()]));
    // The handlers check what a user of each role may see.
    let users = Routes::new()
        .route("/sessions/{id}", get(learning::session))
        .route("/courses/{id}/videos", get(files::videos))
        .route("/courses/{id}/materials", get(files::materials))
        .route("/courses/{id}/assignments", get(assignments::of_course))
        .route("/videos/{id}", get(files::video))
        .route("/assignments/{id}", get(assignments::show))
        .route("/students/{student}/projects", get(projects::of_student))
        .route("/upload/sign", post(uploads::sign))
        .with_options(|options| options.roles(Role::ALL.map(Role::as_str)));
    let services = Routes::new()
        .route("/purchases", post(purchases::create))
        .route("/purchases/{id}/upgrade", post(purchases::upgrade))
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let all = public
        .merge(operators)
        .merge(students)
        .merge(own)
        .merge(reviewers)
        .merge(users)
        .merge(services);
    let pages = Routes::new()
        .route("/certificates/{number}", get(certificates::page))
        .with_options(|options| options.access(Access::Public));
    Routes::new()
        .nest("/api/v1", all)
        .merge(pages)
        .with_state(courses)
}
