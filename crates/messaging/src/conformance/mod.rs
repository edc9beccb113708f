//! One suite for every engine: the promises of [`crate::transport`] and of what stands above it, each a test whose name says it.
//!
//! An engine's tests are a [`Harness`] and one line. Where the harness is `None` (a server that is not installed), every test is skipped.
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
//!                 disturb: Box::new(|_| {}),
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
    reason = "this is how a test fails"
)]

mod context;
mod crash;
mod delivery;
mod failure;
mod fault;
mod node;
mod order;
mod outage;
mod publish;
mod record;
mod replay;
mod replay_cut_off;
mod stop;
mod unreadable;

use std::{sync::Arc, time::Duration};

pub use context::*;
pub use crash::*;
pub use delivery::*;
pub use failure::*;
pub use fault::*;
use futures::future::BoxFuture;
pub use order::*;
pub use outage::*;
pub use publish::*;
pub use replay::*;
pub use replay_cut_off::*;
pub use stop::*;
pub use unreadable::*;

use crate::{MessagingConfig, Topic, transport::Transport};

/// Nothing that a test waits for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing that a test waits for waits for ever: what never comes is a failure with a name.
const END: Duration = Duration::from_secs(420);

/// Runs a test to its end, or fails.
#[doc(hidden)]
pub async fn in_time(promise: impl Future<Output = ()>) {
    let in_time = tokio::time::timeout(END, promise).await;
    assert!(in_time.is_ok(), "the test had no end within {END:?}");
}

/// An engine under test. Each test has a harness of its own; brokers may be shared, because names are unique.
pub trait Harness: Send + Sync {
    /// The settings that the service under test has for its broker.
    fn config(&self) -> MessagingConfig;

    /// A connection of its own to the broker.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Transport>>;

    /// Returns two new connections to one broker. The suite can disturb the first.
    fn faulty(&self) -> BoxFuture<'_, FaultyBroker>;

    /// Kills the broker and starts it again; `None` where there is nothing to restart. Only called on a harness that [`conformance!`](crate::conformance) was given
    /// as the second, whose broker nobody shares.
    fn restart(&self) -> Option<BoxFuture<'_, ()>> {
        None
    }

    /// Waits until a group that takes messages survives that its broker is killed, where the broker writes down some of it later than it says.
    fn settled<'a>(&'a self, group: &'a str) -> BoxFuture<'a, ()> {
        let _ = group;
        Box::pin(std::future::ready(()))
    }

    /// Whether publishing to a topic that no group gets is an error on this engine. It is not where topics are logs that wait for readers.
    fn tells_unroutable(&self) -> bool {
        true
    }

    /// Whether the broker has a queue, stream or topic of this name. Not asked of engines without any.
    fn has_store<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, bool> {
        let _ = topic;
        Box::pin(std::future::ready(false))
    }

    /// The size in bytes from which on the engine refuses a message; `None` where no test reaches it.
    fn refused_size(&self) -> Option<usize> {
        None
    }

    /// The most bytes that a payload may have in a test of large ones.
    fn large(&self) -> usize {
        800 * 1024
    }
}

/// A topic that no other test has.
fn topic() -> Topic {
    let unique = seaworthy_core::new_id().simple().to_string();
    Topic::new(&format!("conformance.{unique}")).unwrap()
}

/// A group that no other test has.
fn group() -> String {
    format!("group.{}", seaworthy_core::new_id().simple())
}

/// Makes a test of each promise. The first harness may share its broker with others; tests that restart the broker are made only where there is a second.
#[macro_export]
macro_rules! conformance {
    ($harness:expr) => {
        $crate::conformance_tests!($harness;
            every_message_arrives_as_it_was_published_msg_1,
            many_publishers_reach_many_members_msg_1,
            many_topics_work_side_by_side_msg_1,
            topics_never_cross_msg_1,
            every_group_gets_every_message_msg_1,
            one_member_of_a_group_gets_a_message_msg_1,
            messages_wait_for_a_group_without_a_member_msg_1,
            consumers_that_come_and_go_lose_nothing_life_4,
            many_stops_at_once_lose_nothing_life_4,
            empty_large_and_binary_payloads_arrive_msg_1,
            no_more_is_in_hand_than_the_prefetch_msg_7,
            no_more_is_handled_at_once_than_the_concurrency_msg_7,
            a_paused_group_takes_nothing_until_it_is_resumed_msg_7,
            lag_is_what_nobody_has_acknowledged_hlth_4,
            messages_of_a_key_come_in_order_msg_1,
            the_next_of_a_key_waits_for_the_first_msg_1,
            order_holds_over_failures_msg_1,
            order_holds_when_a_member_dies_msg_1,
            a_key_is_in_one_pair_of_hands_in_an_ordered_group_msg_1,
            publishes_key_in_order_under_faults_msg_1,
            a_failed_message_comes_again_msg_3,
            the_group_goes_on_after_many_failures_msg_3,
            a_message_that_keeps_failing_is_dead_with_its_reason_msg_3,
            a_rejected_message_is_dead_at_once_msg_3,
            a_dropped_message_is_gone_msg_3,
            an_undecodable_message_is_dead_at_once_msg_3,
            an_unknown_kind_or_version_is_dead_at_once_msg_6,
            poison_does_not_block_its_group_msg_3,
            a_panic_is_a_failure_obs_8,
            a_handler_without_an_end_is_cut_off_life_6,
            what_kills_its_consumers_is_dead_after_too_many_deliveries_msg_3,
            a_message_without_an_answer_is_delivered_again_and_counted_msg_3,
            dead_letters_are_browsed_and_removed_msg_3,
            dead_letter_of_unplanned_topic_is_stored_msg_3,
            browsing_an_unknown_topic_creates_nothing_msg_3,
            dead_letter_above_size_limit_is_cut_msg_3,
            a_replay_is_for_the_group_that_failed_msg_3,
            a_replay_is_for_everyone_where_that_is_asked_for_msg_3,
            what_fails_again_comes_back_with_its_replays_counted_msg_3,
            failures_of_one_cause_are_replayed_and_the_others_stay_msg_3,
            what_is_discarded_is_gone_and_nothing_else_msg_3,
            a_replay_that_is_cut_off_loses_nothing_and_can_be_run_again_msg_3,
            two_replays_side_by_side_lose_nothing_msg_3,
            a_forged_dead_letter_leads_nowhere_msg_3,
            a_message_in_hand_at_the_stop_is_finished_life_4,
            a_message_between_two_attempts_at_the_stop_goes_back_life_4,
            what_was_only_fetched_at_the_stop_goes_back_life_4,
            a_stop_cancels_no_handler_life_4,
            returned_message_counts_no_delivery_msg_3,
            a_publish_without_a_subscriber_is_an_error_msg_2,
            a_topic_may_be_declared_unheard_msg_2,
            a_batch_is_answered_message_by_message_msg_4,
            what_was_confirmed_before_the_close_arrives_life_4,
            publishing_after_the_close_is_an_error_life_4,
            what_cannot_be_published_is_refused_msg_2,
            a_message_for_one_group_reaches_no_other_msg_3,
            request_trace_actor_and_tenant_travel_msg_8,
            an_expired_message_is_not_handled_msg_8,
        );
    };
    ($harness:expr, $alone:expr) => {
        $crate::conformance!($harness);
        $crate::conformance_tests!($alone;
            a_broker_that_restarts_in_the_middle_loses_nothing_msg_1,
            publishing_while_the_broker_is_down_is_an_error_msg_2,
        );
    };
}

/// A test for each of these promises.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr; $($promise:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let Some(harness) = $harness else { return };
                $crate::conformance::in_time($crate::conformance::$promise(&harness)).await;
            }
        )*
    };
}
