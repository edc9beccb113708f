//! Consumers and publishers: lost messages, and consumers that stop after an error.

use super::{GO, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const LOST: &str = "the handler logs the failure and reports the message as processed";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::DroppedMessage,
        SCRIPT,
        r"(?:\beach(?:Message|Batch)\s*:|@(?:MessagePattern|EventPattern|RabbitSubscribe)\()[\s\S]{0,1500}?(?P<what>catch)\s*(?:\([^)]*\))?\s*\{\s*(?:(?:console|this\.\w*[lL]og\w*|\w*[lL]og\w*)\.\w+\([^{}]*?\);?\s*)+\}",
        r"(?i)dead|dlq|throw\s|retry|nack",
        LOST,
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"for (?:\w+, )?\w+ := range (?:\w+|\w+\.\w+|\w+\.Messages\(\)|\w+\.Chan\w*\(\))\s*\{(?:[^\n]*\n){1,12}?\s*if err :?=[^\n]*(?:json\.Unmarshal|proto\.Unmarshal|[hH]andle|[pP]rocess)\w*\([^\n]*; err != nil \{\s*\n[^\n]*(?i:log|print)[^\n]*\n\s*(?P<what>continue)",
        r"(?i)nack|reject|dead|dlq|retry",
        "the consumer logs a failed message and skips it",
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"\.(?:ReadMessage|FetchMessage|Poll|ReceiveMessage)\([\s\S]{0,700}?if (?P<what>err) :?= [^\n;]*\.(?:Create|Save|Exec|ExecContext|Insert\w*|Handle\w*|Process\w*)\([^\n]*; err != nil \{\s*\n[^\n]*(?i:log|print)[^\n]*\n(?:\s*continue\s*\n)?\s*\}",
        r"(?i)nack|dead|dlq|retry|backoff",
        LOST,
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r"(?P<what>\b\w+\.ReadMessage)\(",
        r"CommitMessages|FetchMessage|websocket|gorilla|confluent|StoreOffsets",
        "`{}` commits the offset before the message is processed",
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r"\.FetchMessage\([^\n]*\n(?:[^\n]*\n){0,5}?[^\n]*(?P<what>\.CommitMessages)\([^\n]*\n(?:[^\n]*\n){0,4}?[^\n]*(?:Unmarshal|[hH]andle|[pP]rocess)\w*\(",
        "",
        "`{}` commits the offset before the message is processed",
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r"for (?:\w+, )?\w+ := range [^\n]*\n\s*(?:_ = )?(?P<what>\w+\.Ack)\((?:false|true)?\)\s*\n",
        "",
        "`{}` acknowledges the message before it is processed",
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*(?:_ = )?(?P<what>(?:\w+\.)*\w+\.(?:CommitMessages|WriteMessages))\(",
        "",
        "no code checks the error of `{}`",
    ),
    review(
        Practice::Acknowledgement,
        &[".yml", ".yaml", ".properties", ".py"],
        r"(?P<what>\benable[-_.]auto[-_.]commit['\x22]?\s*[:=]\s*(?i:true))\b",
        "",
        "with `{}` a timer commits the offsets of unprocessed messages",
    ),
    review(
        Practice::Acknowledgement,
        SCRIPT,
        r"\.consume\([^{]*\{\s*(?:if\s*\([^)]*\)\s*(?:return;?|\{\s*return;?\s*\})\s*)?(?P<what>\w+\.ack)\(",
        r"noAck:\s*true",
        "`{}` acknowledges the message before it is processed",
    ),
    review(
        Practice::Reconnect,
        GO,
        r"(?P<what>\b\w+\.(?:ReadMessage|FetchMessage))\([^\n]*\n\s*if err != nil \{\s*\n(?:[^\n}]*(?i:log|print)[^\n]*\n)?\s*(?:break|return)\b",
        r"(?i)backoff|retry|io\.EOF|context\.Canceled|errors\.Is",
        "the consumer stops at the first error of `{}`",
    ),
    review(
        Practice::PublisherConfirm,
        SCRIPT,
        r"(?P<what>\b(?:this\.)?\w*[cC]hannel!?\??\.publish)\(",
        r"createConfirmChannel|waitForConfirms|ConfirmChannel",
        "`{}` does not wait until the broker has stored the message",
    ),
    review(
        Practice::Acknowledgement,
        GO,
        r"\.QueueDeclare\(\s*[^,\n]+,\s*(?P<what>false)\s*,",
        r"(?i)exclusive|reply",
        "the queue is not durable, so a restart of the broker deletes its messages",
    ),
    review(
        Practice::Acknowledgement,
        SCRIPT,
        r"\.assert(?:Queue|Exchange)\([^)]*?(?P<what>durable:\s*false)",
        r"exclusive:\s*true",
        "with `{}`, a restart of the broker deletes the messages",
    ),
    review(
        Practice::DroppedMessage,
        GO,
        r"func\(\w+ \*nats\.Msg\) \{(?:[^\n]*\n){1,20}?[^\n]*err != nil \{\s*\n[^\n]*(?P<what>(?i:log)\w*\.\w+)\([^\n]*\n\s*(?:return\s*\n\s*)?\}",
        r"\.Nak\(|\.Term\(|\.Ack\(|ManualAck",
        LOST,
    ),
    review(
        Practice::IgnoredError,
        GO,
        r"(?m)^\s*(?P<what>\w+(?:\.\w+)*\.(?:Subscribe|QueueSubscribe))\(\s*[^\n]*func\(",
        r"(?i)event.?bus|emitter",
        "the error of `{}` is ignored, so a subscription may be missing",
    ),
];
