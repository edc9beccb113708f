//! Tests of the program on every database: two replicas as processes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod alerts;
mod api_keys;
mod app;
mod audit_log;
mod captcha;
mod captcha_answers;
mod catalogue;
mod clients;
mod compose;
mod contract_files;
mod contract_variables;
mod documents;
mod dump;
mod errors;
mod features;
mod flag_variables;
mod framework_flags;
mod governed;
mod headers;
mod hostile;
mod idempotency_keys;
mod image;
mod in_flight;
mod journey;
mod keys;
mod lockout;
mod log_variables;
mod logs;
mod modules;
mod monitoring_variables;
mod operation_kills;
mod operation_nodes;
mod operations;
mod operators;
mod probes;
mod profile;
mod redis;
mod replicas;
mod rotation;
mod second_factor;
mod secret_sources;
mod sessions;
mod settings;
mod share;
mod sms;
mod starting;
mod steps;
mod store_alerts;
mod traces;

/// Runs each test on PostgreSQL and Redis.
macro_rules! on_postgres_and_redis {
    ($($module:ident: $($name:ident),+;)+) => {
        mod postgres_and_redis {
            $($(#[test] fn $name() {
                crate::redis::with_redis(crate::$module::$name);
            })+)+
        }
    };
}

// Section 20 of the contract, on replicas as in production. Its point 3 is in the tests of plugins.
on_postgres_and_redis! {
    redis:
        limit_of_logins_counts_all_replicas_res_6,
        readiness_follows_redis_if_limits_need_it_hlth_2,
        readiness_follows_redis_of_one_limit_hlth_2,
        readiness_follows_writes_to_redis_hlth_2,
        settings_of_the_contract_select_the_database_conf_1;
    clients:
        python_client_calls_every_method_api_1,
        go_client_calls_every_method_api_1;
    // Point 1.
    journey:
        account_is_used_from_registration_to_lock_auth_2_auth_4;
    modules:
        modules_work_together_on_two_replicas_auth_2_obs_11;
    sessions:
        registered_user_logs_in_refreshes_and_logs_out_auth_3,
        disabled_user_loses_access_on_every_replica_auth_3,
        parallel_uses_of_a_refresh_token_succeed_once_auth_3;
    lockout:
        fifth_failure_locks_every_replica_across_restarts_auth_2;
    sms:
        code_by_sms_registers_and_logs_in_once_auth_2;
    captcha:
        captcha_is_valid_once_on_all_replicas_auth_2,
        mail_to_an_address_is_limited_and_recorded_auth_2;
    captcha_answers:
        fifth_try_is_the_last_one_on_all_replicas_auth_2,
        parallel_right_answers_succeed_once_auth_2,
        picture_and_sound_are_answered_once_auth_2;
    second_factor:
        login_needs_the_second_factor_once_enabled_auth_4;
    // Point 2.
    features:
        renamed_flag_file_takes_effect_within_two_seconds_flag_1,
        toggles_change_on_all_replicas_with_permission_flag_1,
        flags_of_the_contract_are_known_without_a_file_flag_1;
    framework_flags:
        framework_flag_switches_its_part_on_all_replicas_flag_2,
        flag_turns_captcha_off_and_on_flag_2,
        flag_turns_second_factor_off_and_on_flag_2,
        flag_turns_enrollments_off_and_on_flag_2,
        flag_turns_password_policy_off_and_on_flag_2,
        flag_turns_documents_and_metrics_off_and_on_flag_2,
        flag_turns_audit_log_off_and_on_flag_2;
    governed:
        flags_of_the_service_switch_its_methods_flag_1,
        flag_turns_rate_limit_off_and_on_flag_2;
    share:
        share_of_a_flag_is_equal_on_all_replicas_flag_1;
    // Point 4.
    keys:
        rotation_keeps_values_while_replicas_run_sec_5,
        legacy_texts_are_read_and_moved_sec_5,
        wrong_seed_stops_the_start_sec_5;
    dump:
        dump_of_the_database_shows_no_personal_value_sec_5;
    // Point 5, besides the search of the log of each replica of these tests.
    profile:
        profile_shows_masked_addresses_of_the_caller_obs_3;
    // Point 6.
    operations:
        unsafe_calls_have_one_redacted_entry_obs_11,
        grpc_calls_have_redacted_entries_obs_11;
    operation_kills:
        entry_survives_a_kill_during_its_call_obs_11,
        session_has_an_entry_with_its_user_after_a_kill_obs_11;
    operation_nodes:
        numeric_ids_increase_and_name_their_replica_core_1,
        replicas_claim_different_nodes_core_1,
        node_of_two_replicas_loses_no_entry_core_1;
    // Point 7.
    probes:
        readiness_follows_the_database_and_liveness_does_not_hlth_2,
        only_the_replica_without_its_database_is_not_ready_hlth_2,
        metrics_are_in_the_text_format_of_prometheus_obs_4;
    traces:
        spans_of_a_request_have_its_trace_and_no_value_obs_6,
        trace_crosses_http_grpc_and_database_obs_6,
        flag_turns_tracing_off_and_on_flag_2;
    steps:
        requests_pass_the_steps_of_the_contract_in_order_api_2;
}

mod pgbouncer {
    use seaworthy_testkit::database::EmptyDatabase;

    /// Runs a test through a pooler in transaction mode.
    fn pooled(test: impl FnOnce(&EmptyDatabase)) {
        if let Some(database) = EmptyDatabase::pgbouncer() {
            test(&database);
        }
    }

    #[test]
    fn registered_user_logs_in_refreshes_and_logs_out_auth_3() {
        pooled(crate::sessions::registered_user_logs_in_refreshes_and_logs_out_auth_3);
    }

    #[test]
    fn parallel_uses_of_a_refresh_token_succeed_once_auth_3() {
        pooled(crate::sessions::parallel_uses_of_a_refresh_token_succeed_once_auth_3);
    }

    #[test]
    fn fifth_failure_locks_every_replica_across_restarts_auth_2() {
        pooled(crate::lockout::fifth_failure_locks_every_replica_across_restarts_auth_2);
    }
}

/// Runs each test on the embedded engine and on PostgreSQL.
macro_rules! on_both_engines {
    ($($module:ident: $($name:ident),+;)+) => {
        mod sqlite {
            $($(#[test] fn $name() {
                crate::$module::$name(&seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap());
            })+)+
        }
        mod postgres {
            $($(#[test] fn $name() {
                let Some(database) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
                    return;
                };
                crate::$module::$name(&database);
                database.recycle().unwrap();
            })+)+
        }
    };
}

on_both_engines! {
    clients:
        python_client_calls_every_method_api_1,
        go_client_calls_every_method_api_1;
    journey:
        account_is_used_from_registration_to_lock_auth_2_auth_4;
    modules:
        modules_work_together_on_two_replicas_auth_2_obs_11;
    sessions:
        registered_user_logs_in_refreshes_and_logs_out_auth_3,
        disabled_user_loses_access_on_every_replica_auth_3,
        parallel_uses_of_a_refresh_token_succeed_once_auth_3,
        reused_token_ends_only_its_session_auth_3,
        tokens_of_one_kind_are_not_another_kind_auth_3,
        private_key_signs_tokens_that_its_key_set_verifies_auth_1,
        token_of_a_faster_clock_is_accepted_auth_3,
        expired_token_is_rejected_until_a_refresh_auth_3;
    lockout:
        fifth_failure_locks_every_replica_across_restarts_auth_2,
        failed_login_is_not_found_by_its_name_alone_sec_5,
        successful_login_resets_failed_attempts_auth_2,
        unknown_users_look_like_wrong_passwords_auth_2,
        lock_status_needs_the_owner_or_a_permission_auth_5,
        failed_lookup_does_not_lock_the_account_auth_2,
        locked_address_does_not_show_a_locked_account_auth_2;
    captcha:
        registration_needs_a_captcha_of_its_address_auth_2,
        captcha_is_valid_once_on_all_replicas_auth_2,
        mail_to_an_address_is_limited_and_recorded_auth_2,
        verified_address_needs_its_own_code_auth_2;
    captcha_answers:
        fifth_try_is_the_last_one_on_all_replicas_auth_2,
        parallel_right_answers_succeed_once_auth_2,
        code_counts_for_its_type_and_target_only_auth_2,
        captcha_expires_and_is_deleted_auth_2,
        wrong_answer_does_not_read_the_user_auth_2,
        picture_and_sound_are_answered_once_auth_2;
    sms:
        code_by_sms_registers_and_logs_in_once_auth_2,
        codes_of_an_ip_are_limited_on_all_replicas_auth_2,
        code_that_may_be_sent_counts_auth_2,
        code_is_recorded_if_its_client_disconnects_obs_11,
        sent_code_has_an_entry_after_a_kill_obs_11,
        earlier_form_of_a_number_logs_in_auth_2,
        code_by_mail_logs_in_auth_2;
    api_keys:
        api_key_calls_within_its_scopes_until_revoked_auth_5,
        api_key_calls_no_method_without_a_scope_auth_5,
        api_key_in_a_path_is_not_recorded_obs_11,
        api_key_ends_with_the_rights_of_its_owner_auth_5,
        api_key_is_valid_only_while_its_owner_is_active_auth_5,
        api_keys_end_while_their_owner_is_disabled_auth_5,
        api_key_needs_password_and_second_factor_auth_5,
        rejected_api_key_keeps_the_recovery_code_auth_4;
    second_factor:
        login_needs_the_second_factor_once_enabled_auth_4,
        enabled_second_factor_ends_other_sessions_auth_4,
        changes_of_accounts_are_audited_obs_11;
    dump:
        dump_of_the_database_shows_no_personal_value_sec_5;
    keys:
        rotation_keeps_values_while_replicas_run_sec_5,
        legacy_texts_are_read_and_moved_sec_5,
        wrong_seed_stops_the_start_sec_5;
    profile:
        profile_shows_masked_addresses_of_the_caller_obs_3;
    rotation:
        rotated_jwt_secret_signs_and_previous_one_verifies_conf_5;
    features:
        renamed_flag_file_takes_effect_within_two_seconds_flag_1,
        toggles_change_on_all_replicas_with_permission_flag_1,
        flags_of_the_contract_are_known_without_a_file_flag_1,
        update_keeps_variants_that_it_cannot_express_flag_1;
    framework_flags:
        framework_flag_switches_its_part_on_all_replicas_flag_2,
        flag_turns_captcha_off_and_on_flag_2,
        flag_turns_second_factor_off_and_on_flag_2,
        flag_turns_enrollments_off_and_on_flag_2,
        flag_turns_password_policy_off_and_on_flag_2,
        flag_turns_documents_and_metrics_off_and_on_flag_2,
        flag_turns_audit_log_off_and_on_flag_2;
    governed:
        flags_of_the_service_switch_its_methods_flag_1,
        flag_turns_rate_limit_off_and_on_flag_2;
    share:
        share_of_a_flag_is_equal_on_all_replicas_flag_1;
    catalogue:
        flags_are_exported_by_domain_with_their_items_flag_1;
    operations:
        unsafe_calls_have_one_redacted_entry_obs_11,
        grpc_calls_have_redacted_entries_obs_11,
        media_type_does_not_hide_a_call_obs_11,
        rejected_anonymous_call_stores_no_content_obs_11,
        padding_does_not_hide_a_call_obs_11,
        switched_off_log_stores_nothing_obs_11;
    operation_kills:
        entry_survives_a_kill_during_its_call_obs_11,
        session_has_an_entry_with_its_user_after_a_kill_obs_11;
    operation_nodes:
        numeric_ids_increase_and_name_their_replica_core_1,
        replicas_claim_different_nodes_core_1,
        node_of_two_replicas_loses_no_entry_core_1;
    hostile:
        nul_characters_never_cause_server_errors_sec_4,
        flag_without_a_rule_of_its_strategy_is_rejected_flag_1,
        growing_rule_of_a_flag_does_not_end_the_service_flag_1;
    audit_log:
        command_finds_an_altered_audit_record_obs_11,
        retention_prunes_the_audit_log_obs_11,
        new_audit_key_verifies_earlier_records_obs_11,
        derived_audit_key_signs_only_up_to_its_last_record_obs_11,
        derived_audit_key_can_be_ended_before_its_first_record_obs_11;
    operators:
        changes_of_users_take_effect_and_are_audited_obs_11,
        wildcard_of_a_role_covers_its_resource_auth_5,
        command_does_not_migrate_and_accepts_newer_tables_data_2,
        flags_lint_knows_the_flags_of_the_program_flag_1,
        change_without_its_audit_entry_is_rolled_back_obs_11,
        repeated_command_fails_and_ends_nothing_obs_11,
        disable_ends_access_of_a_user_whose_status_was_changed_auth_3,
        unlock_ends_the_lock_of_an_account_auth_2,
        remove_totp_permits_logins_and_ends_access_auth_4,
        set_password_replaces_it_and_ends_access_auth_2,
        flags_command_changes_flags_of_replicas_flag_2;
    replicas:
        operation_log_is_read_from_replicas_data_1;
    documents:
        description_needs_a_role_of_the_settings_sec_4;
    idempotency_keys:
        reused_key_with_another_body_is_rejected_api_6,
        entry_has_the_change_of_a_call_with_a_key_obs_11,
        methods_with_secrets_store_no_response_api_6,
        logout_with_a_reused_key_ends_the_session_api_6,
        documented_methods_read_idempotency_keys_api_6;
    traces:
        spans_of_a_request_have_its_trace_and_no_value_obs_6,
        trace_crosses_http_grpc_and_database_obs_6,
        flag_turns_tracing_off_and_on_flag_2;
    steps:
        requests_pass_the_steps_of_the_contract_in_order_api_2;
    probes:
        readiness_follows_the_database_and_liveness_does_not_hlth_2,
        metrics_are_in_the_text_format_of_prometheus_obs_4;
}
