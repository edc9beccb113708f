//! Consumers and publishers of Go code.

use tree_sitter::Node;

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::failure::{acknowledged, is_dead_lettered};
use crate::packs::message::{Consumed, consumes, popped, published};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go messaging",
    reader: Reader::Code(&[Language::Go], read),
};

const AMQP: &[&str] = &[
    "github.com/rabbitmq/amqp091-go",
    "github.com/streadway/amqp",
];
/// Clients that consume in a way that is read only as "there is a consumer".
const OTHERS: &[(&str, &str, &str)] = &[
    ("github.com/segmentio/kafka-go", "kafka-go", "NewReader"),
    ("github.com/IBM/sarama", "sarama", "NewConsumerGroup"),
    ("github.com/Shopify/sarama", "sarama", "NewConsumerGroup"),
    ("github.com/nats-io/nats.go", "nats.go", "QueueSubscribe"),
    ("github.com/hibiken/asynq", "asynq", "NewServer"),
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let amqp = AMQP.iter().any(|module| code.imports_module(module));
    for call in &code.calls {
        if amqp
            && matches!(call.method, "Consume" | "ConsumeWithContext")
            && call.arguments.len() >= 6
        {
            consume(code, call, facts);
        }
        for (module, library, method) in OTHERS {
            if call.method == *method && code.imports_module(module) {
                consumes(code, call.node, library, facts);
            }
        }
        popped(code, call, facts);
        if matches!(
            call.method,
            "Publish" | "PublishWithContext" | "Produce" | "SendMessage"
        ) {
            test_payload(code, call, facts);
        }
    }
    for branch in code.find_all(code.root, &["if_statement"]) {
        dropped(code, branch, facts);
    }
}

/// `channel.Consume(queue, consumer, autoAck, …)`.
fn consume(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    // With a context the arguments move by one.
    let first = usize::from(call.method == "ConsumeWithContext");
    let (Some(queue), Some(automatic)) = (call.positional(first), call.positional(first + 2))
    else {
        return;
    };
    Consumed {
        library: "amqp",
        setting: "autoAck",
        queue: code.text(queue),
        topic: code.string(queue),
        automatic: code.boolean(automatic),
    }
    .record(code, call.node, facts);
}

fn test_payload(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    for argument in call.arguments.iter().take(3) {
        if let Resolution::Known(topic) = code.string(argument.value) {
            published(code, call.node, &topic, facts);
            return;
        }
    }
}

/// An acknowledgement, or a success, in the branch of an error.
fn dropped<'t>(code: &Code<'t>, branch: Node<'t>, facts: &mut FactSink<'_>) {
    let (Some(condition), Some(body)) = (
        branch.child_by_field_name("condition"),
        branch.child_by_field_name("consequence"),
    ) else {
        return;
    };
    if !code.text(condition).trim().ends_with("err != nil") {
        return;
    }
    let text = code.text(body);
    let cause = branch
        .child_by_field_name("initializer")
        .or_else(|| branch.prev_named_sibling())
        .map_or("", |node| code.text(node));
    if let Some(call) = code
        .calls_within(body)
        .find(|call| call.method == "Ack" && call.arguments.len() <= 1 && !call.receiver.is_empty())
    {
        acknowledged(code, body, call, cause, facts);
        return;
    }
    // `if err := publish(); err != nil { log }` in a function that promises to send.
    let name = code.name_around(branch).to_lowercase();
    let sends = ["publish", "enqueue", "produce"]
        .iter()
        .any(|verb| name.starts_with(verb));
    let Some(function) = code.function_around(branch).filter(|_| sends) else {
        return;
    };
    let promises = function
        .child_by_field_name("result")
        .is_some_and(|result| code.text(result).contains("error"));
    let only_logs = mentions(text, &["log"])
        && !text.contains("return")
        && !text.contains("append")
        && !text.contains("panic")
        && !text.contains(" = ")
        && !is_dead_lettered(text)
        && !mentions(text, &["continue", "fatal"]);
    if promises
        && only_logs
        && mentions(
            cause,
            &[
                "publish",
                ".produce(",
                "writemessages",
                "sendmessage",
                "enqueue",
            ],
        )
    {
        show(
            code,
            facts,
            branch,
            Practice::DroppedMessage,
            Verdict::Broken,
            "the function logs a publish error and returns success",
        );
    }
}
