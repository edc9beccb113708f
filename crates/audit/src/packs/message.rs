//! Consumers and publishers. Packs report the code that they read, and this module evaluates it for
//! all languages.

use tree_sitter::Node;

use super::practice::{mentions, show};
use crate::model::facts::{Acknowledgement, Consumer, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::syntax::{Call, Code};

/// Words in the names of queues for responses. A client repeats a request without a response.
const ANSWERS: &[&str] = &["reply", "callback", "rpc"];
/// Topic names of experiments.
const JUNK: &[&str] = &["test", "foo", "bar", "junk", "asdf"];
/// Commands of Redis that remove a message, in lower case.
const DESTRUCTIVE: &[&str] = &["blpop", "brpop"];
/// Commands of Redis that keep a message until it is done, in lower case.
const KEEPING: &[&str] = &["brpoplpush", "blmove", "lmove", "xreadgroup"];

/// A consumer of a broker that can acknowledge by itself.
pub(super) struct Consumed<'s> {
    pub(super) library: &'static str,
    /// The name of the setting.
    pub(super) setting: &'s str,
    /// The text that names the queue.
    pub(super) queue: &'s str,
    pub(super) topic: Resolution<String>,
    /// Whether the broker acknowledges.
    pub(super) automatic: Resolution<bool>,
}

impl Consumed<'_> {
    /// Records the consumer, and the side that acknowledges its messages.
    pub(super) fn record<'t>(self, code: &Code<'t>, at: Node<'t>, facts: &mut FactSink<'_>) {
        match self.automatic {
            Resolution::Known(true) if !mentions(self.queue, ANSWERS) => show(
                code,
                facts,
                at,
                Practice::Acknowledgement,
                Verdict::Broken,
                format!(
                    "`{}` is true, so the broker deletes messages before they are processed",
                    self.setting
                ),
            ),
            Resolution::Known(false) => show(
                code,
                facts,
                at,
                Practice::Acknowledgement,
                Verdict::Kept,
                "messages are acknowledged by the code",
            ),
            _ => {}
        }
        let consumer = Consumer {
            library: self.library,
            topic: self.topic,
            acknowledgement: self.automatic.map(|automatic| {
                if automatic {
                    Acknowledgement::Automatic
                } else {
                    Acknowledgement::Manual
                }
            }),
        };
        facts.add(consumer, code.place(at));
    }
}

/// Records a consumer without further facts.
pub(super) fn consumes<'t>(
    code: &Code<'t>,
    at: Node<'t>,
    library: &'static str,
    facts: &mut FactSink<'_>,
) {
    let consumer = Consumer {
        library,
        topic: Resolution::Unknown("the topic is unknown".to_owned()),
        acknowledgement: Resolution::Unknown("the acknowledgement mode is unknown".to_owned()),
    };
    facts.add(consumer, code.place(at));
}

/// Records whether a Redis command removes a message before the work is done.
pub(super) fn popped<'t>(code: &Code<'t>, call: &Call<'t>, facts: &mut FactSink<'_>) {
    let command = call.method.to_lowercase();
    let (verdict, does) = if DESTRUCTIVE.contains(&command.as_str()) {
        (
            Verdict::LikelyBroken,
            "removes the message before it is processed",
        )
    } else if KEEPING.contains(&command.as_str()) {
        (Verdict::Kept, "keeps the message until it is acknowledged")
    } else {
        return;
    };
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis {
        show(
            code,
            facts,
            call.node,
            Practice::DestructivePop,
            verdict,
            format!("`{}` {does}", call.method),
        );
    }
}

/// Records whether a message goes to a test topic.
pub(super) fn published<'t>(code: &Code<'t>, at: Node<'t>, topic: &str, facts: &mut FactSink<'_>) {
    let junk = JUNK.iter().any(|word| {
        topic
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
    });
    let (verdict, evidence) = if junk {
        (
            Verdict::LikelyBroken,
            format!("the code publishes to the topic `{topic}`"),
        )
    } else if topic.is_empty() {
        return;
    } else {
        (Verdict::Kept, format!("the code publishes to `{topic}`"))
    };
    show(code, facts, at, Practice::TestPayload, verdict, evidence);
}
