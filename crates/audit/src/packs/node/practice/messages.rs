//! Consumers and publishers of Node.js.

use crate::model::{FactSink, Resolution};
use crate::packs::message::{Consumed, consumes, popped, published};
use crate::syntax::{Call, Code};

pub(super) fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let amqp = code.imports_module("amqplib");
    if amqp && call.method == "consume" && call.arguments.len() >= 2 {
        let automatic = call
            .positional(2)
            .and_then(|settings| code.fields(settings))
            .and_then(|fields| {
                fields
                    .iter()
                    .find(|(key, _)| *key == "noAck")
                    .map(|(_, value)| *value)
            })
            .map_or(Resolution::Known(false), |value| code.boolean(value));
        Consumed {
            library: "amqplib",
            setting: "noAck",
            queue: call.positional(0).map_or("", |queue| code.text(queue)),
            topic: Resolution::Unknown("the queue is unknown".to_owned()),
            automatic,
        }
        .record(code, call.node, facts);
    }
    let consumer = (call.method == "run" && code.imports_module("kafkajs"))
        || (call.method == "Worker" && code.imports_module("bullmq"))
        || (call.method == "process" && code.imports_module("bull"));
    if consumer {
        let library = if code.imports_module("kafkajs") {
            "kafkajs"
        } else {
            "bull"
        };
        consumes(code, call.node, library, facts);
    }
    popped(code, call, facts);
    if matches!(call.method, "publish" | "sendToQueue")
        && let Some(Resolution::Known(topic)) = call.positional(0).map(|topic| code.string(topic))
    {
        published(code, call.node, &topic, facts);
    }
}
