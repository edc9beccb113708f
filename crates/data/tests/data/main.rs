//! One suite for every engine, and faults, backups, rotations and stops of real servers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is how a test fails"
)]

mod adoption;
mod backup;
mod cancellation;
#[cfg(feature = "idempotency")]
mod cancellation_of_keys;
mod errors;
mod faults;
#[cfg(feature = "idempotency")]
mod idempotency;
#[cfg(feature = "idempotency")]
mod idempotency_capacity;
mod leases;
mod lists;
mod migrations;
mod network;
mod pooler;
mod replicas;
mod rotation;
mod service;
mod singleton;
mod stop;
mod test_database;
mod transactions;
#[cfg(feature = "idempotency")]
mod unknown_commit;
mod values;

seaworthy_testkit::on_every_database! {
    crate::test_database::test_database, run_as_task;
    values:
        values_of_every_kind_round_trip_data_1,
        value_of_other_kind_is_an_error_with_its_column,
        list_is_bound_as_list,
        exists_returns_whether_a_row_is_selected,
        texts_and_documents_are_parsed_data_1,
        violations_of_invariants_are_counted_data_3;
    transactions:
        transaction_commits_on_success_and_rolls_back_on_error_data_3,
        dropped_transaction_is_rolled_back_data_3,
        panic_rolls_back_data_3,
        cancelled_transaction_is_rolled_back_data_3,
        nested_transaction_is_rolled_back_alone_data_3,
        failed_statement_allows_only_rollback_data_3,
        hooks_run_only_after_commit,
        transaction_runs_again_after_deadlock_data_3;
    lists:
        pages_show_each_row_once_in_every_order_data_4,
        transaction_runs_again_after_conflict_data_3,
        read_only_transaction_cannot_write;
    replicas:
        reads_are_shared_by_weight_data_1,
        replica_that_is_away_gets_no_reads_data_1,
        primary_serves_reads_while_all_replicas_fail_data_1;
    migrations:
        migrations_apply_undo_and_verify_data_2,
        failed_migration_is_rolled_back_or_unfinished_data_2,
        concurrent_processes_apply_each_migration_once_data_2;
    adoption:
        adoption_keeps_rows_and_can_be_undone_data_2,
        legacy_database_is_rejected_and_unchanged_data_2,
        other_column_is_reported_and_unchanged_data_2,
        all_unconvertible_rows_are_reported_data_2,
        failed_adoption_changes_nothing_data_2,
        table_of_other_program_survives_refusal_data_2,
        undo_without_whole_copy_changes_nothing_data_2;
    leases:
        lease_has_one_holder_and_growing_token_work_2,
        lease_outlives_a_long_transaction_of_its_holder_work_2;
    errors:
        violated_constraints_have_kind_and_name_data_3,
        second_connection_in_transaction_is_rejected,
        statement_stops_on_server_at_its_timeout_data_1,
        statements_of_requests_have_a_shorter_timeout_data_1,
        deadline_ends_statement_life_6,
        full_pool_has_its_own_error_obs_5;
}

seaworthy_testkit::on_every_database! {
    @ pgbouncer crate::test_database::test_database, run_as_task;
    values:
        values_of_every_kind_round_trip_data_1,
        list_is_bound_as_list;
    transactions:
        transaction_commits_on_success_and_rolls_back_on_error_data_3,
        dropped_transaction_is_rolled_back_data_3,
        panic_rolls_back_data_3,
        cancelled_transaction_is_rolled_back_data_3,
        nested_transaction_is_rolled_back_alone_data_3,
        failed_statement_allows_only_rollback_data_3,
        transaction_runs_again_after_deadlock_data_3;
    lists:
        pages_show_each_row_once_in_every_order_data_4,
        transaction_runs_again_after_conflict_data_3,
        read_only_transaction_cannot_write;
    migrations:
        migrations_apply_undo_and_verify_data_2,
        failed_migration_is_rolled_back_or_unfinished_data_2,
        concurrent_processes_apply_each_migration_once_data_2;
    leases:
        lease_has_one_holder_and_growing_token_work_2,
        lease_outlives_a_long_transaction_of_its_holder_work_2;
    errors:
        violated_constraints_have_kind_and_name_data_3,
        statement_stops_on_server_at_its_timeout_data_1,
        statements_of_requests_have_a_shorter_timeout_data_1,
        deadline_ends_statement_life_6;
    pooler:
        statements_share_connections_and_leave_no_settings_data_1,
        pooler_without_its_setting_is_rejected_data_1;
    adoption:
        adoption_needs_a_direct_connection_data_2;
}

mod dropped {
    seaworthy_testkit::on_every_database! {
        crate::test_database::test_database, run_as_local_task;
        cancellation:
            transaction_is_all_or_nothing_when_dropped_data_3,
            explicit_transaction_is_all_or_nothing_when_dropped_data_3,
            savepoint_is_undone_alone_when_dropped_data_3,
            dropped_statement_is_never_committed_in_part_data_3,
            lease_is_free_or_held_when_dropped_work_2,
            migration_is_applied_whole_when_dropped_data_2;
        adoption:
            interrupted_adoption_is_whole_or_undone_data_2;
    }
}

#[cfg(feature = "idempotency")]
mod dropped_keys {
    seaworthy_testkit::on_every_database! {
        crate::test_database::test_database, run_as_local_task;
        cancellation_of_keys:
            key_is_free_or_running_when_begin_is_dropped_api_6,
            response_is_kept_whole_or_not_when_finish_is_dropped_api_6,
            change_and_its_mark_are_one_when_a_call_is_dropped_api_6;
    }
}

#[cfg(feature = "idempotency")]
mod idempotency_keys {
    seaworthy_testkit::on_every_database! {
        crate::test_database::test_database, run_as_task;
        idempotency:
            response_survives_restart_api_6,
            one_of_many_concurrent_calls_runs_api_6,
            late_call_changes_nothing_after_key_expired_api_6,
            settled_key_without_change_is_free_api_6,
            committed_call_without_an_answer_is_done_api_6,
            call_of_a_dead_process_is_done_if_it_committed_api_6,
            call_that_lost_its_key_commits_nothing_api_6,
            database_store_behaves_as_every_store_api_6,
            committed_read_transaction_is_not_a_change_api_6;
        idempotency_capacity:
            full_store_evicts_responses_and_no_running_calls_api_6,
            response_above_store_size_is_not_kept_api_6,
            caller_with_many_keys_evicts_no_answer_of_another_api_6,
            full_table_is_not_counted_for_each_key_api_6;
    }
}
