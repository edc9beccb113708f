//! Consumers and publishers of Node.js.

use crate::model::facts::{Acknowledgement, Consumer, Topic, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let amqp = code.imports_module("amqplib");
    if amqp && call.method == "consume" && call.arguments.len() >= 2 {
        let queue = call.positional(0).map_or("", |queue| code.text(queue));
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
        if automatic == Resolution::Known(true) && !mentions(queue, &["reply", "callback", "rpc"]) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Broken,
                "`noAck` is true: the broker forgets a message before the work begins",
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
                library: "amqplib",
                topic: Resolution::Unknown("the queue is not read".to_owned()),
                acknowledgement,
            },
            code.place(call.node),
        );
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
        let unread = || "how messages are acknowledged is not read".to_owned();
        facts.add(
            Consumer {
                library,
                topic: Resolution::Unknown(unread()),
                acknowledgement: Resolution::Unknown(unread()),
            },
            code.place(call.node),
        );
    }
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis && matches!(call.method, "blpop" | "brpop" | "blPop" | "brPop") {
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
    } else if redis
        && matches!(
            call.method,
            "brpoplpush" | "blmove" | "blMove" | "xreadgroup" | "xReadGroup"
        )
    {
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
    if matches!(call.method, "publish" | "sendToQueue")
        && let Some(Resolution::Known(topic)) = call.positional(0).map(|topic| code.string(topic))
    {
        let junk = ["test", "foo", "bar", "junk", "asdf"].iter().any(|word| {
            topic == *word
                || topic.starts_with(&format!("{word}-"))
                || topic.starts_with(&format!("{word}."))
                || topic.starts_with(&format!("{word}_"))
        });
        let (verdict, evidence) = if junk {
            (
                Verdict::LikelyBroken,
                format!("a message goes to the topic `{topic}`"),
            )
        } else {
            (Verdict::Kept, format!("messages go to `{topic}`"))
        };
        show(
            code,
            facts,
            call.node,
            Topic::TestPayload,
            verdict,
            evidence,
        );
    }
}
