//! The number of messages that RabbitMQ delivers to a consumer before an acknowledgement.

use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "prefetch of RabbitMQ",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
        ],
        read,
    ),
}];

/// Clients whose channels have no prefetch limit by default.
const CLIENTS: &[&str] = &[
    "github.com/rabbitmq/amqp091-go",
    "github.com/streadway/amqp",
    "amqplib",
    "pika",
    "aio_pika",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let imported = code.imports.iter().any(|import| {
        CLIENTS
            .iter()
            .any(|client| import.path == *client || import.path.starts_with(&format!("{client}/")))
    });
    // Another file of the program may open the channel.
    let acknowledges = matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    ) && code.calls.iter().any(|call| call.method == "consume")
        && code.calls.iter().any(|call| call.method == "ack");
    if !imported && !acknowledges {
        return;
    }
    for call in &code.calls {
        if matches!(call.method, "Qos" | "prefetch" | "basic_qos" | "set_qos") {
            show(
                code,
                facts,
                call.node,
                Practice::Prefetch,
                Verdict::Kept,
                "the number of unacknowledged messages is limited",
            );
        } else if consumes_by_hand(code, call) {
            show(
                code,
                facts,
                call.node,
                Practice::Prefetch,
                Verdict::LikelyBroken,
                "the consumer acknowledges manually, and no file of the service sets a prefetch",
            );
        }
    }
}

/// Prefetch only bounds a consumer that acknowledges. With automatic acknowledgement the broker
/// sends messages as fast as the consumer reads them.
fn consumes_by_hand(code: &Code<'_>, call: &Call<'_>) -> bool {
    match (code.file.language, call.method) {
        (Language::Go, "Consume") => call
            .positional(2)
            .is_some_and(|automatic| code.text(automatic) == "false" && call.arguments.len() >= 6),
        (Language::Python, "basic_consume") => call
            .keyword("auto_ack")
            .is_none_or(|automatic| code.text(automatic) == "False"),
        (Language::JavaScript | Language::TypeScript, "consume") => {
            call.arguments.len() >= 2
                && call.positional(2).is_none_or(|settings| {
                    code.fields(settings).is_some_and(|fields| {
                        fields
                            .iter()
                            .all(|(key, value)| *key != "noAck" || code.text(*value) == "false")
                    })
                })
        }
        _ => false,
    }
}
