//! Imports on every database: each good row is stored once, each bad row is reported (FILE-1).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints know only functions marked as tests"
)]

mod attempts;
mod fixture;
mod killed;
mod limits;
mod modes;
mod undo;

seaworthy_testkit::on_every_database! {
    crate::fixture::open, run_in_test;
    modes:
        batches_store_good_rows_and_report_bad_ones_file_1,
        rejected_rows_are_found_within_their_batch_file_1,
        all_or_nothing_stores_nothing_with_a_bad_row_file_1,
        all_or_nothing_stores_nothing_with_a_rejected_row_file_1,
        dry_run_stores_nothing_until_confirmed_file_1;
    attempts:
        failed_import_continues_at_its_position_file_1,
        concurrent_workers_store_each_row_once_file_1,
        endless_failures_end_the_import_file_1;
    undo:
        undo_removes_all_rows_of_the_import_file_1,
        canceled_import_stops_and_can_be_undone_file_1,
        failed_import_can_be_undone_file_1;
    limits:
        rejected_files_leave_nothing_file_1,
        too_many_bad_rows_fail_the_import_file_1,
        report_has_every_problem_file_1,
        rows_that_become_bad_fail_the_import_file_1,
        reported_row_that_is_rejected_is_left_out_file_1,
        concurrent_files_stay_within_the_quota_file_1,
        canceled_file_leaves_nothing_file_1,
        imports_of_others_do_not_exist_file_1,
        sweeper_removes_old_imports_file_1;
}
