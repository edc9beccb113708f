//! Uploads on every database: each one ends, none is ready by mistake, no unused object remains
//! (FILE-1).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints know only functions marked as tests"
)]

mod clamd;
mod clients;
mod cutting;
mod direct;
mod fixture;
mod killed;
mod quota;
mod resumable;
mod sweep;
mod work;
mod worker;

seaworthy_testkit::on_every_database! {
    crate::fixture::start, run_in_test;
    direct:
        signed_upload_becomes_ready_file_1,
        completion_is_idempotent_file_1,
        completion_checks_content_and_owner_file_1,
        wrong_size_fails_and_removes_content_file_1,
        replaced_content_is_not_processed_file_1,
        form_stores_its_file_file_1,
        endless_form_header_is_rejected_file_1,
        interrupted_form_leaves_no_upload_file_1;
    quota:
        concurrent_requests_stay_within_quota_file_1,
        bytes_of_an_owner_are_limited_file_1,
        empty_upload_reserves_space_file_1;
    worker:
        repeated_messages_process_once_file_1,
        failed_dependency_is_retried_file_1,
        endless_crashes_fail_the_upload_file_1,
        scanner_failure_processes_nothing_file_1,
        repeated_scan_timeouts_fail_the_upload_file_1,
        malware_fails_the_upload_file_1;
    sweep:
        stalled_upload_is_published_again_file_1,
        pending_upload_expires_with_its_objects_file_1,
        late_content_of_final_upload_is_removed_file_1,
        deleted_upload_leaves_nothing_file_1,
        signed_content_of_wrong_size_fails_file_1,
        endless_scanner_failure_ends_the_upload_file_1;
    resumable:
        tus_continues_after_lost_connection_file_1,
        draft_continues_after_lost_connection_file_1,
        many_parts_make_one_object_file_1,
        new_request_replaces_a_hanging_one_file_1,
        uploads_of_others_do_not_exist_file_1,
        digest_mismatch_stores_nothing_file_1,
        excess_fails_the_upload_file_1,
        small_requests_store_their_own_bytes_file_1,
        rejected_request_does_not_fix_the_length_file_1,
        crash_after_completion_with_digest_is_repeatable_file_1,
        slow_uploads_share_the_memory_budget_file_1;
}
