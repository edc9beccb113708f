//! The audit log on every database: whoever alters it is found out.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

mod chain;
mod place;
mod writing;

/// Every promise, as one test on each engine.
macro_rules! on_every_engine {
    ($($module:ident: $($name:ident),+;)+) => {
        on_every_engine!(@ sqlite $($module: $($name),+;)+);
        on_every_engine!(@ postgres $($module: $($name),+;)+);
        on_every_engine!(@ mariadb $($module: $($name),+;)+);
    };
    (@ $engine:ident $($module:ident: $($name:ident),+;)+) => {
        mod $engine {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(place) = crate::place::$engine().await else {
                        return;
                    };
                    crate::$module::$name(place).await;
                })+
            })+
        }
    };
}

on_every_engine! {
    chain:
        a_record_that_was_altered_is_named_obs_11,
        a_record_that_is_missing_is_named_obs_11,
        an_end_that_was_cut_off_is_seen_by_what_was_seen_before_obs_11,
        who_has_not_the_key_can_write_nothing_obs_11,
        what_was_pruned_leaves_the_rest_whole_obs_11;
    writing:
        an_entry_is_there_with_its_change_and_not_without_obs_11,
        many_at_once_make_one_chain_obs_11,
        the_request_is_written_down_and_no_secret_is_obs_11;
}
