//! Consumers and publishers of Go code.

use tree_sitter::Node;

use crate::model::facts::{Acknowledgement, Consumer, Topic, Verdict};
use crate::model::{FactSink, Resolution};
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
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    for call in &code.calls {
        if amqp && call.method == "Consume" && call.arguments.len() >= 6 {
            consume(code, call, facts);
        }
        for (module, library, method) in OTHERS {
            if call.method == *method && code.imports_module(module) {
                let consumer = Consumer {
                    library,
                    topic: Resolution::Unknown("the topic is not read".to_owned()),
                    acknowledgement: Resolution::Unknown(
                        "how messages are acknowledged is not read".to_owned(),
                    ),
                };
                facts.add(consumer, code.place(call.node));
            }
        }
        if redis && matches!(call.method, "BLPop" | "BRPop") {
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
                "BRPopLPush" | "BLMove" | "LMove" | "XReadGroup"
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
    let topic = code.string(queue);
    let acknowledgement = code.boolean(automatic).map(|automatic| {
        if automatic {
            Acknowledgement::Automatic
        } else {
            Acknowledgement::Manual
        }
    });
    let reply = mentions(code.text(queue), &["reply", "callback", "rpc"]);
    match &acknowledgement {
        Resolution::Known(Acknowledgement::Automatic) if !reply => {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Broken,
                "`autoAck` is true: the broker forgets a message before the work begins",
            );
        }
        Resolution::Known(Acknowledgement::Manual) => show(
            code,
            facts,
            call.node,
            Topic::Acknowledgement,
            Verdict::Kept,
            "messages are acknowledged by the code",
        ),
        _ => {}
    }
    facts.add(
        Consumer {
            library: "amqp",
            topic,
            acknowledgement,
        },
        code.place(call.node),
    );
}

fn test_payload(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    for argument in call.arguments.iter().take(3) {
        if let Resolution::Known(topic) = code.string(argument.value) {
            let junk = ["test", "foo", "bar", "junk", "asdf"].iter().any(|word| {
                topic == *word
                    || topic.starts_with(&format!("{word}-"))
                    || topic.starts_with(&format!("{word}."))
                    || topic.starts_with(&format!("{word}_"))
            });
            if junk {
                show(
                    code,
                    facts,
                    call.node,
                    Topic::TestPayload,
                    Verdict::LikelyBroken,
                    format!("a message goes to the topic `{topic}`"),
                );
            } else if !topic.is_empty() {
                show(
                    code,
                    facts,
                    call.node,
                    Topic::TestPayload,
                    Verdict::Kept,
                    format!("messages go to `{topic}`"),
                );
            }
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
    let kept = mentions(
        text,
        &[
            "nack", "reject", "dlq", "dead", "retry", "requeue", "publish", "park", "term(",
        ],
    );
    if let Some(acknowledged) = code
        .calls_within(body)
        .find(|call| call.method == "Ack" && call.arguments.len() <= 1 && !call.receiver.is_empty())
    {
        if kept {
            show(
                code,
                facts,
                acknowledged.node,
                Topic::DroppedMessage,
                Verdict::Kept,
                "a failed message is put aside before it is acknowledged",
            );
        } else {
            let before = branch
                .prev_named_sibling()
                .map_or("", |node| code.text(node));
            let initializer = branch
                .child_by_field_name("initializer")
                .map_or("", |node| code.text(node));
            let unreadable = mentions(before, &["unmarshal", "decode", "parse"])
                || mentions(initializer, &["unmarshal", "decode", "parse"]);
            let verdict = if unreadable {
                Verdict::Minor
            } else {
                Verdict::Broken
            };
            show(
                code,
                facts,
                acknowledged.node,
                Topic::DroppedMessage,
                verdict,
                "a message that failed is acknowledged and gone",
            );
        }
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
        && !kept
        && !mentions(text, &["continue", "fatal"]);
    let cause = branch
        .child_by_field_name("initializer")
        .or_else(|| branch.prev_named_sibling())
        .map_or("", |node| code.text(node));
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
            Topic::DroppedMessage,
            Verdict::Broken,
            "sending failed, the error is logged, and the caller is told that it went well",
        );
    }
}
