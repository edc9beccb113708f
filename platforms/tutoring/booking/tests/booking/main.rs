//! Tests over HTTP: on SQLite, and on PostgreSQL with Redis.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod allocation;
mod app;
mod audit;
mod availability;
mod bookings;
mod candidates;
mod dates;
mod discounts;
mod disputes;
mod journeys;
mod migrations;
mod peer;
mod plans;
mod pre_bookings;
mod prices;
mod race;
mod refunds;
mod rejected;
mod reschedules;
mod reviews;
mod routes;
mod schedules;
mod session_codes;
mod session_day;
mod settings;
mod territories;
mod workers;

/// Runs each test on the embedded engine, and on PostgreSQL with Redis.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
                crate::$module::$name(crate::app::open(empty, None).await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
                    return;
                };
                let Some(redis) = crate::app::redis() else {
                    return;
                };
                crate::$module::$name(crate::app::open(empty, Some(redis)).await).await;
            })+)+
        }
    };
}

on_both! {
    allocation:
        purchase_gets_trainer_sessions_and_slots_msg_5,
        cancelled_allocation_frees_its_slots_data_3,
        allocation_without_trainer_keeps_reasons_api_1,
        ended_allocation_gets_no_new_slots_data_3,
        upgrade_finds_other_dates_after_a_race_data_3,
        pre_bookings_stop_at_their_capacity_data_3,
        free_trainer_is_found_after_many_busy_ones_data_1;
    refunds:
        upgrade_and_refund_change_the_sessions_msg_5,
        refund_between_payments_keeps_paid_sessions_msg_5,
        concurrent_refund_opens_no_sessions_data_3;
    audit: admin_writes_have_entries_with_old_values_obs_8;
    session_day:
        session_day_completes_once_msg_5,
        session_moves_only_to_a_free_slot_data_3,
        substitution_moves_the_reservation_data_3,
        cancelled_session_is_replaced_at_the_end_api_1,
        begun_session_is_cancelled_by_an_administrator_data_4,
        replacement_follows_the_purchase_data_3, replacement_needs_no_purchase_data_3;
    reviews: each_side_reviews_a_completed_session_once_data_3;
    journeys:
        journey_follows_its_trainer_api_1,
        locations_at_the_same_time_stay_in_order_data_3,
        silent_journey_ends_and_another_starts_data_4,
        substitution_ends_the_journey_data_3,
        cancelled_allocation_ends_the_journey_data_3,
        start_of_the_session_ends_the_journey_data_3;
    availability:
        availability_has_its_reason_api_1,
        availability_hides_places_from_students_auth_5,
        other_trainer_continues_an_allocation_data_3,
        payments_follow_a_replaced_trainer_data_3,
        other_trainer_continues_the_numbers_data_3,
        ended_allocation_continues_with_its_package_data_3;
    bookings:
        booking_gets_a_trainer_or_a_reason_api_1,
        booking_follows_its_payment_and_sessions_data_4,
        sundays_follow_their_switch_and_what_was_paid_api_1;
    rejected:
        allocation_of_unknown_ids_is_rejected_api_1,
        package_without_dates_is_rejected_api_3,
        bad_parameters_are_named_at_once_api_3,
        later_session_is_not_present_or_moved_to_itself_api_3;
    territories:
        territory_limits_every_route_auth_5,
        territory_limits_places_and_prices_auth_5,
        zone_and_locality_limit_administrators_auth_5;
    candidates:
        trainer_does_not_travel_far_between_sessions_api_1,
        trainer_has_the_preferred_gender_api_1,
        allocation_without_place_is_pending_api_1,
        operator_is_notified_of_six_students_api_1,
        allocation_tries_ten_candidates_api_1;
    schedules:
        holidays_have_no_sessions_data_4,
        trainer_sees_the_schedule_of_30_days_api_1;
    disputes: dispute_is_decided_by_an_administrator_api_1;
    session_codes: code_ends_after_five_attempts_or_ten_minutes_auth_5;
    reschedules:
        reschedule_needs_notice_and_its_requester_api_1,
        substituted_session_is_not_moved_data_3,
        later_substitution_is_deleted_first_data_3;
    pre_bookings: ended_pre_booking_frees_its_capacity_data_3;
    workers:
        session_is_confirmed_after_a_day_api_1,
        expired_discount_is_released_data_3,
        failed_allocation_does_not_block_others_res_1;
    race: last_slots_go_to_one_student_each_data_3;
    routes: schedule_rejects_callers_without_rights_auth_5;
    plans: candidate_and_price_queries_stay_flat_data_1;
    discounts:
        last_redemption_goes_to_one_student_data_3,
        reservation_is_repeatable_and_settled_once_api_6,
        released_discount_is_reserved_by_a_repeat_api_6,
        concurrent_repeats_reserve_once_api_6,
        reserved_price_is_of_its_own_package_api_6;
    prices:
        price_list_follows_its_operator_api_1,
        price_applies_in_its_period_api_1,
        every_route_rejects_callers_without_rights_auth_5;
}

/// SQLite has one lock for all rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn approval_locks_the_allocation_before_the_request_data_3() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    race::approval_locks_the_allocation_first(app::open(empty, None).await).await;
}

/// SQLite has one lock for all rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn substitution_locks_the_allocation_first_data_3() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    race::substitution_locks_the_allocation_first(app::open(empty, None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn session_starts_while_redis_is_down_res_1() {
    let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
    let Some(redis) = app::redis() else {
        return;
    };
    journeys::session_starts_while_redis_is_down(app::open(empty, Some(redis)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn continuation_waits_for_a_refund_data_3() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    race::continuation_waits_for_a_refund(app::open(empty, None).await).await;
}

/// SQLite has one lock for all rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moved_allocation_is_outside_of_its_old_territory_auth_5() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    race::moved_allocation_is_outside_of_its_old_territory(app::open(empty, None).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn new_zone_keeps_a_disabled_trainer_data_3() {
    let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
        return;
    };
    race::new_zone_keeps_a_disabled_trainer(app::open(empty, None).await).await;
}
