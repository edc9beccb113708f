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

use seaworthy::prelude::*;
use tutoring_contract::{AdminRole, ExtractResult, HandlerResult, Role, SERVICE_ROLE};

use crate::courses::{COURSE_WRITE, Courses};

type State = seaworthy::axum::extract::State<Arc<Courses>>;

/// Returns the public routes, and those of students, other services and administrators.
pub(crate) fn routes(courses: Arc<Courses>) -> Routes {
    let public = Routes::new()
        .get("/courses", catalogue::list)
        .get("/courses/{id}", catalogue::show)
        .get("/courses/{id}/structure", catalogue::structure)
        .get("/courses/{id}/phases", catalogue::phases)
        .get("/phases/{id}/levels", catalogue::levels)
        .get("/levels/{id}/sessions", catalogue::sessions)
        .get("/projects/public", projects::public)
        .get("/certificates/{number}", certificates::show)
        .get("/certificates/{number}/pdf", certificates::pdf)
        .with_options(|options| options.access(Access::Public));
    // The catalogue does not belong to a territory, so only super admins change it.
    let operators = Routes::new()
        .post("/courses", catalogue::create)
        .patch("/courses/{id}", catalogue::change)
        .put("/courses/{id}", catalogue::change)
        .delete("/courses/{id}", catalogue::archive)
        .post("/courses/{id}/phases", catalogue::add_phase)
        .post("/levels/{id}/sessions", catalogue::add_session)
        .post("/courses/{id}/videos", files::add_video)
        .post("/courses/{id}/materials", files::add_material)
        .post("/courses/{id}/assignments", assignments::create_of_course)
        .post("/assignments", assignments::create)
        .post("/phases/{id}/levels", catalogue::add_level)
        .put("/levels/{id}/exam", exams::store)
        .with_options(|options| {
            let options = options.roles([AdminRole::SuperAdmin.as_str()]);
            options.scopes([COURSE_WRITE])
        });
    let students = Routes::new()
        .get("/levels/{id}/exam", exams::show)
        .post(
            "/students/{student}/levels/{level}/exam/submit",
            exams::submit,
        )
        .get("/levels/{id}/completion", learning::completion)
        .post("/progress/video-watched", learning::watch)
        .post("/progress/sheet-previewed", learning::preview)
        .post("/progress/quiz", learning::quiz)
        .post("/projects", projects::submit)
        .post("/assignments/{id}/submit", assignments::submit)
        .get("/projects/community", projects::community)
        .with_options(|options| options.roles([Role::Student.as_str()]));
    // The handlers check that a student is the owner, and that an administrator has the permission.
    let own = Routes::new()
        .get(
            "/students/{student}/courses/{course}/purchase",
            purchases::show,
        )
        .get(
            "/students/{student}/courses/{course}/progress",
            purchases::progress,
        )
        .get(
            "/students/{student}/courses/{course}/access/{session}",
            purchases::access,
        )
        .with_options(|options| options.roles([Role::Student.as_str(), Role::Admin.as_str()]));
    let reviewers = Routes::new()
        .post("/projects/{id}/review", projects::review)
        .post("/submissions/{id}/grade", assignments::grade)
        .get("/assignments/{id}/submissions", assignments::submissions)
        .with_options(|options| options.roles([Role::Trainer.as_str(), Role::Admin.as_str()]));
    // The handlers check what a user of each role may see.
    let users = Routes::new()
        .get("/sessions/{id}", learning::session)
        .get("/courses/{id}/videos", files::videos)
        .get("/courses/{id}/materials", files::materials)
        .get("/courses/{id}/assignments", assignments::of_course)
        .get("/videos/{id}", files::video)
        .get("/assignments/{id}", assignments::show)
        .get("/students/{student}/projects", projects::of_student)
        .post("/upload/sign", uploads::sign)
        .with_options(|options| options.roles(Role::ALL.map(Role::as_str)));
    let services = Routes::new()
        .post("/purchases", purchases::create)
        .post("/purchases/{id}/upgrade", purchases::upgrade)
        .with_options(|options| options.roles([SERVICE_ROLE]));
    let all = public
        .merge(operators)
        .merge(students)
        .merge(own)
        .merge(reviewers)
        .merge(users)
        .merge(services);
    let pages = Routes::new()
        .get("/certificates/{number}", certificates::page)
        .with_options(|options| options.access(Access::Public));
    Routes::new()
        .nest("/api/v1", all)
        .merge(pages)
        .with_state(courses)
}
