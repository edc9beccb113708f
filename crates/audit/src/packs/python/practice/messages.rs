//! Consumers and publishers of Python.

use crate::model::facts::{Acknowledgement, Consumer, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::message::{Consumed, popped};
use crate::packs::practice::show;
use crate::syntax::{Call, Code};

pub(super) fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.method == "basic_consume" {
        Consumed {
            library: "pika",
            setting: "auto_ack",
            queue: call
                .keyword("queue")
                .or_else(|| call.positional(0))
                .map_or("", |queue| code.text(queue)),
            topic: Resolution::Unknown("the queue is unknown".to_owned()),
            automatic: call
                .keyword("auto_ack")
                .map_or(Resolution::Known(false), |value| code.boolean(value)),
        }
        .record(code, call.node, facts);
    }
    if matches!(call.method, "KafkaConsumer" | "AIOKafkaConsumer") {
        kafka(code, call, facts);
    }
    popped(code, call, facts);
}

/// A consumer of Kafka commits offsets periodically by default.
fn kafka(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let by_clock = call
        .keyword("enable_auto_commit")
        .map(|value| code.boolean(value));
    if by_clock == Some(Resolution::Known(true)) {
        show(
            code,
            facts,
            call.node,
            Practice::Acknowledgement,
            Verdict::Minor,
            "offsets are committed periodically, not after processing",
        );
    }
    let acknowledgement = match by_clock {
        Some(Resolution::Known(false)) => Acknowledgement::Manual,
        _ => Acknowledgement::Automatic,
    };
    let consumer = Consumer {
        library: "Kafka",
        topic: Resolution::Unknown("the topic is unknown".to_owned()),
        acknowledgement: Resolution::Known(acknowledgement),
    };
    facts.add(consumer, code.place(call.node));
}
