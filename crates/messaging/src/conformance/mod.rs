//! The suite of tests for all engines: the guarantees of [`crate::transport`] and of the layers
//! above it.
//!
//! An engine needs a [`Harness`] and one line. If the harness is `None`, because the server is not
//! installed, the tests are skipped.
//!
//! ```
//! use std::sync::Arc;
//! use futures::future::BoxFuture;
//! use seaworthy_messaging::{
//!     BrokerUrl, EmbeddedConfig, MemoryBroker, MessagingConfig,
//!     conformance::{self, FaultyBroker, Harness}, transport::Transport,
//! };
//!
//! struct InMemory(MemoryBroker);
//!
//! impl Harness for InMemory {
//!     fn config(&self) -> MessagingConfig {
//!         MessagingConfig::new(BrokerUrl::memory())
//!     }
//!
//!     fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>> {
//!         let broker: Arc<dyn Transport> = Arc::new(self.0.share());
//!         Box::pin(async move { broker })
//!     }
//!
//!     fn faulty(&self) -> BoxFuture<'_, FaultyBroker> {
//!         let config = EmbeddedConfig {
//!             max_backlog: 8.try_into().unwrap(),
//!             ..EmbeddedConfig::default()
//!         };
//!         let broker = MemoryBroker::new(&config);
//!         Box::pin(async move {
//!             FaultyBroker {
//!                 faulty: Arc::new(broker.share()),
//!                 sound: Arc::new(broker),
//!                 inject: Box::new(|_| {}),
//!             }
//!         })
//!     }
//! }
//!
//! fn harness() -> Option<InMemory> {
//!     Some(InMemory(MemoryBroker::new(&EmbeddedConfig::default())))
//! }
//!
//! # #[cfg(test)]
//! seaworthy_messaging::conformance!(harness());
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod context;
mod crash;
mod delivery;
mod failure;
mod fault;
mod interrupted_replay;
mod node;
mod order;
mod outage;
mod pages;
mod publish;
mod record;
mod replay;
mod required;
mod stop;
mod throughput;
mod unreadable;

use std::{sync::Arc, time::Duration};

pub use context::*;
pub use crash::*;
pub use delivery::*;
pub use failure::*;
pub use fault::*;
use futures::future::BoxFuture;
pub use interrupted_replay::*;
pub use order::*;
pub use outage::*;
pub use pages::*;
pub use publish::*;
pub use replay::*;
pub use required::*;
pub use stop::*;
pub use throughput::*;
pub use unreadable::*;

use crate::{MessagingConfig, Topic, transport::Transport};

/// The maximum wait for an event, longer than any event takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The time limit of a test, so that a test that hangs fails with its name.
const MAX_TEST_TIME: Duration = Duration::from_secs(420);

/// Runs a test within its time limit.
#[doc(hidden)]
pub async fn in_time(test: impl Future<Output = ()>) {
    let in_time = tokio::time::timeout(MAX_TEST_TIME, test).await;
    assert!(
        in_time.is_ok(),
        "the test did not end within {MAX_TEST_TIME:?}"
    );
}

/// An engine under test. Each test has its own harness. Tests may share a broker, because names are
/// unique.
pub trait Harness: Send + Sync {
    /// Returns the broker settings of the tested service.
    fn config(&self) -> MessagingConfig;

    /// Opens a new connection to the broker.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>>;

    /// Returns two new connections to one broker. The suite can inject faults into the first.
    fn faulty(&self) -> BoxFuture<'_, FaultyBroker>;

    /// Restarts the broker. `None` if the engine has no server. The suite calls it only on the
    /// second harness of [`conformance!`](crate::conformance!), whose broker is not shared.
    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        None
    }

    /// Waits until a group survives a kill of its broker, for brokers that confirm before they
    /// write.
    fn wait_until_durable<'a>(&'a self, group: &'a str) -> BoxFuture<'a, ()> {
        let _ = group;
        Box::pin(std::future::ready(()))
    }

    /// Whether publishing to a topic without a group is an error. It is not if topics are logs.
    fn reports_unroutable(&self) -> bool {
        true
    }

    /// Whether a publisher can create groups.
    fn creates_groups(&self) -> bool {
        true
    }

    /// Whether members of different versions of a service can share a group.
    fn has_rolling_deployments(&self) -> bool {
        true
    }

    /// Whether members receive the messages of all topics of their group. If `false`, they only
    /// receive topics to which they subscribe.
    fn receives_new_topics(&self) -> bool {
        true
    }

    /// Whether the broker has a queue, stream or topic of this name.
    fn has_store<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, bool> {
        let _ = topic;
        Box::pin(std::future::ready(false))
    }

    /// Whether the broker numbers its messages.
    fn has_positions(&self) -> bool {
        true
    }

    /// The size in bytes above which the engine rejects a message. `None` if no test reaches it.
    fn refused_size(&self) -> Option<usize> {
        None
    }

    /// The size of large payloads in bytes.
    fn large(&self) -> usize {
        800 * 1024
    }
}

/// Returns a unique topic.
fn topic() -> Topic {
    let unique = seaworthy_core::new_id().simple().to_string();
    Topic::new(&format!("conformance.{unique}")).unwrap()
}

/// Returns a unique group.
fn group() -> String {
    format!("group.{}", seaworthy_core::new_id().simple())
}

/// Defines all tests. The first harness may share its broker with others. Tests that restart the
/// broker need the second harness.
#[macro_export]
macro_rules! conformance {
    ($harness:expr) => {
        $crate::conformance_tests!($harness;
            messages_arrive_unchanged_msg_1,
            concurrent_publishers_and_members_lose_nothing_msg_1,
            concurrent_topics_lose_nothing_msg_1,
            topics_are_isolated_msg_1,
            every_group_receives_every_message_msg_1,
            one_member_of_group_receives_message_msg_1,
            messages_wait_for_group_without_members_msg_1,
            messages_wait_for_required_groups_msg_3,
            required_group_keeps_its_position_msg_3,
            running_group_receives_new_topic_msg_3,
            older_members_return_messages_of_new_topic_msg_3,
            new_topic_leaves_prefetch_to_known_topics_msg_3,
            members_without_topic_keep_required_group_msg_3,
            joining_and_leaving_members_lose_nothing_life_4,
            concurrent_stops_lose_nothing_life_4,
            empty_large_and_binary_payloads_arrive_msg_1,
            prefetch_bounds_unsettled_messages_msg_7,
            concurrency_bounds_running_handlers_msg_7,
            paused_group_receives_nothing_until_resumed_msg_7,
            lag_counts_unacknowledged_messages_hlth_4,
            messages_of_key_arrive_in_order_msg_1,
            next_message_of_key_waits_for_previous_msg_1,
            retries_keep_key_order_msg_1,
            dead_member_keeps_key_order_msg_1,
            ordered_group_handles_key_in_one_member_msg_1,
            publishes_key_in_order_under_faults_msg_1,
            failed_message_is_retried_msg_3,
            group_continues_after_many_failures_msg_3,
            exhausted_message_is_dead_lettered_with_reason_msg_3,
            rejected_message_is_dead_lettered_at_once_msg_3,
            dropped_message_is_removed_msg_3,
            undecodable_message_is_dead_lettered_at_once_msg_3,
            unknown_type_or_version_is_dead_lettered_at_once_msg_6,
            failing_message_does_not_block_group_msg_3,
            panic_of_handler_is_failure_obs_8,
            handler_timeout_cancels_endless_handler_life_6,
            crashing_message_is_dead_lettered_after_max_deliveries_msg_3,
            unsettled_message_is_redelivered_and_counted_msg_3,
            dead_letters_can_be_browsed_and_removed_msg_3,
            dead_letter_of_unplanned_topic_is_stored_msg_3,
            dead_letters_have_the_positions_of_their_messages_msg_3,
            browsing_unknown_topic_creates_nothing_msg_3,
            pages_of_dead_letters_have_bounded_size_msg_3,
            dead_letter_above_size_limit_is_cut_msg_3,
            replay_reaches_only_failed_group_msg_3,
            replay_to_all_groups_reaches_every_group_msg_3,
            repeated_dead_letter_counts_its_replays_msg_3,
            replay_by_fingerprint_leaves_other_letters_msg_3,
            discard_removes_only_selected_letters_msg_3,
            interrupted_replay_loses_nothing_and_can_be_repeated_msg_3,
            concurrent_replays_lose_nothing_msg_3,
            forged_dead_letter_reaches_no_other_topic_msg_3,
            stop_finishes_handled_message_life_4,
            stop_returns_message_between_attempts_life_4,
            stop_returns_fetched_messages_life_4,
            stop_cancels_no_handler_life_4,
            returned_message_counts_no_delivery_msg_3,
            publish_without_subscriber_is_error_msg_2,
            topic_may_be_declared_without_subscriber_msg_2,
            batch_has_result_per_message_msg_4,
            message_confirmed_before_close_arrives_life_4,
            publish_after_close_is_error_life_4,
            unpublishable_message_is_rejected_msg_2,
            message_for_one_group_reaches_no_other_msg_3,
            message_carries_request_context_msg_8,
            expired_message_is_not_handled_msg_8,
        );
    };
    ($harness:expr, $alone:expr) => {
        $crate::conformance!($harness);
        $crate::conformance_tests!($alone;
            broker_restart_loses_nothing_msg_1,
            publish_during_outage_is_error_msg_2,
        );
    };
}

/// Defines these tests.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr; $($test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(harness) = $harness else { return };
                $crate::conformance::in_time($crate::conformance::$test(&harness)).await;
            }
        )*
    };
}
