//! Tests over HTTP and messages: on SQLite, and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod assignments;
mod catalogue;
mod certificates;
mod exams;
mod learning;
mod operations;
mod projects;
mod purchases;
mod settings;
mod territories;

/// Runs each test on the embedded engine and on PostgreSQL.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
                    return;
                };
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
    };
}

on_both! {
    assignments:
        student_sends_one_submission_data_3,
        trainer_of_the_student_grades_auth_5,
        submissions_are_filtered_before_pages_api_3,
        files_of_a_course_need_access_auth_5,
        phase_has_its_levels_from_the_start_api_1;
    catalogue:
        course_is_published_with_its_structure_api_1,
        catalogue_is_filtered_and_paged_api_3,
        every_route_rejects_callers_without_rights_auth_5;
    certificates:
        purchase_has_one_certificate_msg_5,
        everyone_checks_a_certificate_api_1;
    exams:
        questions_have_no_answers_sec_4,
        server_scores_exams_api_1,
        parallel_attempts_get_one_number_data_3;
    learning:
        sessions_are_open_to_students_with_access_auth_5,
        stored_flags_complete_a_session_api_1,
        uploads_are_checked_by_content_file_1,
        old_uploads_have_no_owner_file_1;
    projects:
        level_has_one_project_data_3,
        trainer_of_the_student_reviews_auth_5,
        galleries_show_approved_projects_auth_5;
    territories: territory_limits_administrators_of_students_auth_5;
    purchases:
        purchase_is_opened_and_upgraded_once_msg_5,
        refund_closes_the_purchase_msg_5,
        refund_of_the_rest_completes_the_course_msg_5,
        held_sessions_count_once_and_complete_msg_5,
        purchase_beyond_thirty_is_a_dead_letter_msg_2,
        late_refund_makes_room_for_a_purchase_msg_5;
}

/// SQLite has one lock for all rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn upgrade_locks_the_course_before_the_purchase_data_3() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    purchases::upgrade_locks_the_course_first(app::open(empty).await).await;
}
