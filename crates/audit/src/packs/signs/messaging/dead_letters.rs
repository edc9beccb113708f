//! Consumers without dead letters or without stored offsets.

use super::{GO, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

/// Names of what keeps messages that fail.
const DEAD_LETTER: &str = r"(?i)dead_?-?letter|\bdlq\b|\bdlx\b|poison|retry_?topic|x-dead";

pub(super) const SIGNS: &[Sign] = &[
    Sign {
        elsewhere: DEAD_LETTER,
        ..review(
            Practice::DroppedMessage,
            GO,
            r"(?P<what>\.(?:FetchMessage|ReadMessage|AddNoPublisherHandler|AddMiddleware|QueueSubscribe|PollFetches)\(|\bConsumeClaim\(|\b\w*(?i:ch|channel)\w*\.Consume(?:WithContext)?\()",
            "websocket|gorilla",
            "no code dead-letters failed messages of `{}…)`",
        )
    },
    Sign {
        elsewhere: DEAD_LETTER,
        ..review(
            Practice::DroppedMessage,
            SCRIPT,
            r"(?P<what>\b\w*(?i:ch|channel)\w*\.consume\(|\b\w+\.consume\(\s*(?:['\x22`]|\w*[qQ]ueue)|\beachMessage\b|\beachBatch\b|@(?:EventPattern|MessagePattern|RabbitSubscribe|SqsMessageHandler)\()",
            "",
            "no code dead-letters failed messages of `{}…)`",
        )
    },
    Sign {
        elsewhere: DEAD_LETTER,
        ..review(
            Practice::DroppedMessage,
            PYTHON,
            r"(?P<what>\bbasic_consume|\b(?:AIO)?KafkaConsumer)\(",
            "",
            "no code dead-letters failed messages of `{}…)`",
        )
    },
    // The server of Nest commits the offset of a message whose handler fails after some attempts.
    Sign {
        elsewhere: DEAD_LETTER,
        ..review(
            Practice::DroppedMessage,
            SCRIPT,
            r"(?P<what>\btransport\s*:\s*Transport\.KAFKA)[\s\S]{0,600}?\bconsumer\s*:\s*\{\s*groupId",
            "createClient|ClientsModule",
            "no code dead-letters messages that fail in the consumer group (`{}`)",
        )
    },
    review(
        Practice::Acknowledgement,
        GO,
        r"(?P<what>\bkafka\.ReaderConfig\{|\bkafka\.SubscriberConfig\{|\bsarama\.NewConsumer\(|\.ConsumePartition\()",
        r"GroupID|ConsumerGroup|GroupTopics",
        "the consumer of `{}…)` has no consumer group, so it commits no offset",
    ),
];
