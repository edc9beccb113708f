//! Consumers and publishers of Python.

use crate::model::facts::{Acknowledgement, Consumer, Topic, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.method == "basic_consume" {
        let automatic = call
            .keyword("auto_ack")
            .map_or(Resolution::Known(false), |value| code.boolean(value));
        let queue = call
            .keyword("queue")
            .or_else(|| call.positional(0))
            .map_or("", |queue| code.text(queue));
        if automatic == Resolution::Known(true) && !mentions(queue, &["reply", "callback", "rpc"]) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Broken,
                "`auto_ack` is true: the broker forgets a message before the work begins",
            );
        } else if automatic == Resolution::Known(false) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Kept,
                "messages are acknowledged by the code",
            );
        }
        let acknowledgement = automatic.map(|automatic| {
            if automatic {
                Acknowledgement::Automatic
            } else {
                Acknowledgement::Manual
            }
        });
        facts.add(
            Consumer {
                library: "pika",
                topic: Resolution::Unknown("the queue is not read".to_owned()),
                acknowledgement,
            },
            code.place(call.node),
        );
    }
    if matches!(call.method, "KafkaConsumer" | "AIOKafkaConsumer") {
        let unread = || "the topic is not read".to_owned();
        let acknowledgement = match call
            .keyword("enable_auto_commit")
            .map(|value| code.boolean(value))
        {
            Some(Resolution::Known(false)) => Acknowledgement::Manual,
            _ => Acknowledgement::Automatic,
        };
        if call
            .keyword("enable_auto_commit")
            .is_some_and(|value| code.boolean(value) == Resolution::Known(true))
        {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Minor,
                "offsets are committed by a clock, not after the work",
            );
        }
        facts.add(
            Consumer {
                library: "Kafka",
                topic: Resolution::Unknown(unread()),
                acknowledgement: Resolution::Known(acknowledgement),
            },
            code.place(call.node),
        );
    }
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis && matches!(call.method, "blpop" | "brpop") {
        show(
            code,
            facts,
            call.node,
            Topic::DestructivePop,
            Verdict::LikelyBroken,
            format!(
                "`{}` takes the message away before the work is done",
                call.method
            ),
        );
    } else if redis && matches!(call.method, "brpoplpush" | "blmove" | "xreadgroup") {
        show(
            code,
            facts,
            call.node,
            Topic::DestructivePop,
            Verdict::Kept,
            format!(
                "`{}` keeps the message until it is acknowledged",
                call.method
            ),
        );
    }
}
