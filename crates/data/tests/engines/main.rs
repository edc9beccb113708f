//! One suite on every engine: what a URL chooses is the engine and never what the words mean.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is how a test fails"
)]

mod cancellation;
#[cfg(feature = "idempotency")]
mod cancellation_of_keys;
mod errors;
#[cfg(feature = "idempotency")]
mod idempotency;
mod leases;
mod lists;
mod migrations;
mod server;
mod transactions;
mod values;

seaworthy_testkit::on_every_database! {
    crate::server::server, as_a_task;
    values:
        every_kind_of_value_comes_back_as_it_went_data_1,
        a_value_of_another_kind_is_an_error_that_names_its_column,
        a_list_is_bound_as_a_list;
    transactions:
        what_is_committed_stays_and_what_fails_is_undone_data_3,
        a_dropped_transaction_is_rolled_back_data_3,
        a_panic_rolls_back_data_3,
        a_cancelled_transaction_is_rolled_back_data_3,
        a_nested_transaction_is_undone_alone_data_3,
        after_a_failed_statement_only_a_rollback_is_left_data_3,
        hooks_run_after_the_commit_alone,
        a_deadlock_is_broken_and_its_loser_runs_again_data_3;
    lists:
        pages_show_every_row_once_in_every_order_data_4,
        what_lost_against_another_is_run_again_data_3,
        a_transaction_that_reads_cannot_write,
        a_sick_replica_is_replaced_by_the_primary;
    migrations:
        migrations_go_up_and_down_and_are_verified_data_2,
        a_migration_that_fails_is_undone_or_told_data_2,
        processes_that_migrate_together_apply_each_migration_once_data_2;
    leases:
        one_holder_at_a_time_with_a_token_that_grows_work_2,
        lease_outlives_a_long_transaction_of_its_holder_work_2;
    errors:
        violated_constraints_are_told_by_kind_and_name_data_3,
        a_second_connection_in_a_transaction_is_refused,
        a_statement_ends_at_its_timeout_and_the_database_goes_on_data_1,
        a_deadline_ends_a_statement_life_6,
        a_full_pool_is_told_as_such_obs_5;
}

mod dropped {
    seaworthy_testkit::on_every_database! {
        crate::server::server, as_a_local_task;
        cancellation:
            transaction_is_all_or_nothing_when_dropped_data_3,
            explicit_transaction_is_all_or_nothing_when_dropped_data_3,
            savepoint_is_undone_alone_when_dropped_data_3,
            dropped_statement_is_never_committed_in_part_data_3,
            lease_is_free_or_held_when_dropped_work_2,
            migration_is_applied_whole_when_dropped_data_2;
    }
}

#[cfg(feature = "idempotency")]
mod dropped_keys {
    seaworthy_testkit::on_every_database! {
        crate::server::server, as_a_local_task;
        cancellation_of_keys:
            key_is_free_or_running_when_begin_is_dropped_api_6,
            response_is_kept_whole_or_not_when_finish_is_dropped_api_6,
            change_and_its_mark_are_one_when_a_call_is_dropped_api_6;
    }
}

#[cfg(feature = "idempotency")]
mod idempotency_keys {
    seaworthy_testkit::on_every_database! {
        crate::server::server, as_a_task;
        idempotency:
            an_answer_is_known_to_the_next_process_api_6,
            of_many_callers_at_once_one_runs_api_6,
            a_key_is_free_after_its_time_and_its_late_owner_changes_nothing_api_6,
            a_key_that_was_given_back_is_free_api_6,
            answers_make_room_and_running_requests_do_not_api_6,
            an_answer_that_is_too_large_for_the_store_is_not_kept_api_6,
            committed_call_without_an_answer_is_done_api_6,
            call_of_a_dead_process_is_done_if_it_committed_api_6,
            call_that_lost_its_key_commits_nothing_api_6,
            caller_with_many_keys_evicts_no_answer_of_another_api_6,
            database_store_behaves_as_every_store_api_6,
            committed_transaction_that_reads_is_no_change_api_6,
            full_table_is_not_counted_for_each_key_api_6;
    }
}
