//! Functions as a sequence of steps: reads, writes, messages and remote calls, in every language.
//!
//! The steps come from patterns of the text, so the order of steps is known for languages without a
//! grammar too. Packs with a grammar may show the same place. The report lists it once.

mod calls;
mod checks;
mod steps;

use std::sync::LazyLock;

use regex::Regex;

use self::calls::{Calls, LANGUAGES};
pub(in crate::packs) use self::checks::{compares_state, guards, is_compared};
use self::steps::{Function, Step, StepKind};
use super::ascii::ascii;
use super::scope;
use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::{Pack, Reader};
use crate::repository::Role;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "steps of functions",
    reader: Reader::Text(read),
};

/// Parts of paths of programs that run once, or that are not part of a deployment.
const ASIDE: &[&str] = &["migrat", "seed", "fixture", "factories", "script", "spec/"];

/// Words of a function that makes its writes atomic.
const TOGETHER: &str = r"(?i)transaction|[\x27\x22`]begin[\x27\x22`;]|\bbegin\w*\(|\bbegin\b.{0,12}(?:work|tran)|\batomic\b|unit_?of_?work|with_lock|\btx\b|session\.start|bulk_?write|saga|compensat|rollback|doInTransaction|\.run_in_";
/// Words of a file that publishes with its writes, or that undoes them.
const OUTBOX: &str =
    r"(?i)outbox|after_commit|afterCommit|on_commit|TransactionalEventListener|saga|compensat";
/// Words of code that leaves the decision to the database.
const DECIDED: &str = r"(?i)on conflict|on duplicate|insert ignore|upsert|UniqueViolation|UniqueConstraint|RecordNotUnique|IntegrityError|DuplicateKey|DataIntegrityViolation|DbUpdateException|\b23505\b|\b1062\b|\b11000\b|P2002|get_or_create|firstOrCreate|find_or_create|create_or_find|for update|updateOrCreate|DuplicateEntry|isDuplicate";
/// Words of code that recognizes a message that it handled already.
const ONCE: &str = r"(?i)idempot|dedup|already[_ ]?(?:processed|handled|exists|paid)|processed_?(?:messages?|events?)|message_?id|event_?id|on conflict|upsert|insert ignore|firstOrCreate|updateOrCreate|find_or_create|get_or_create|SETNX|setIfAbsent|DuplicateKey|exists";
/// Functions that handle messages of a broker or the tasks of a queue.
const HANDLES: &str = r"@(?:Kafka|Rabbit|Sqs|Jms|Stream)Listener|@RabbitHandler|\bConsumeContext<|\.Received(?:Async)?\s*\+=|@(?:EventPattern|MessagePattern|RabbitSubscribe)\b|\beach(?:Message|Batch)\s*:|@(?:shared_task|app\.task|celery\.task|dramatiq\.actor)|\bdef (?:callback|on_message)\(|\bdef perform\b|\bShouldQueue\b|\bAMQPMessage \$|\$\w+->(?:body\b|getBody\(\))|\.subscribe\((?:block:|manual_ack:)|\bamqp\.Delivery\b|\brabbitmq\.Delivery\b|\*?pubsub\.Message\b|\*message\.Message\b|\btypes\.Message\b|\bkafka\.Message\b|\bBorrowedMessage\b|\b(?:ReadMessage|FetchMessage)\(|for \w+ in \w*consumer\b|\.consume\(|\bsarama\.(?:PartitionConsumer|ConsumerMessage)\b|\*nats\.Msg\b|\bPullSubscribe\(|\bjetstream\.Msg\b|\bsub\.Fetch\(|\*asynq\.Task\b|\bKafkaConsumer\(";
/// The block of a failure that only writes a log.
const ONLY_LOGS: &str = r"(?P<what>\bcatch)\s*(?:\([^)\n]*\))?\s*\{\s*(?:(?://[^\n]*\n\s*)|(?:[^{};]*(?i:log|print|echo|console|writeline)[^{};]*;\s*)){1,4}(?:return\b[^;{}]*;\s*)?\}|(?m)^(?P<indent>[ \t]*)(?P<except>except\b[^\n:]*:|rescue\b[^\n]*)\n(?:[ \t]*(?:(?i:print|puts|p|pp)\b|[\w.:]*(?i:log)\w*\.)[^\n]*\n){1,3}[ \t]*(?:end\b|\}|return\b[^\n]*\n|\n|\z|[a-z])";

struct Patterns {
    together: Regex,
    outbox: Regex,
    decided: Regex,
    once: Regex,
    handles: Regex,
    only_logs: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        together: ascii(TOGETHER)?,
        outbox: ascii(OUTBOX)?,
        decided: ascii(DECIDED)?,
        once: ascii(ONCE)?,
        handles: ascii(HANDLES)?,
        only_logs: ascii(ONLY_LOGS)?,
    })
});

/// Whether a text handles messages of a broker.
pub(in crate::packs) fn handles_messages(text: &str) -> bool {
    matches(text, |patterns| &patterns.handles)
}

/// Whether a text recognizes a message that it handled already.
pub(in crate::packs) fn recognizes_repeats(text: &str) -> bool {
    matches(text, |patterns| &patterns.once)
}

/// Whether a file stores messages with its changes, or undoes changes.
pub(in crate::packs) fn compensates(text: &str) -> bool {
    matches(text, |patterns| &patterns.outbox)
}

fn matches(text: &str, pattern: impl Fn(&Patterns) -> &Regex) -> bool {
    PATTERNS
        .as_ref()
        .is_some_and(|patterns| pattern(patterns).is_match(text))
}

fn calls_of(path: &str) -> Option<&'static Calls> {
    LANGUAGES
        .iter()
        .find(|calls| calls.ends.iter().any(|end| path.ends_with(end)))
}

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    let path = file.path.to_lowercase();
    if file.role != Role::Production || ASIDE.iter().any(|part| path.contains(part)) {
        return;
    }
    let (Some(calls), Some(patterns)) = (calls_of(&path), PATTERNS.as_ref()) else {
        return;
    };
    let functions = steps::functions(&file.text, calls);
    let outbox = !functions.is_empty() && patterns.outbox.is_match(&file.text);
    for function in &functions {
        let mut found = Found { facts };
        let body = function.with_annotations(&file.text);
        let together = patterns.together.is_match(body) || function.is_transactional(&file.text);
        if !together {
            found.partial_write(function);
        }
        if !outbox {
            found.dual_write(function, &file.text);
        }
        if !together && !patterns.decided.is_match(body) {
            found.lookup(function);
        }
        checks::checked_state(function, &file.text, facts);
        let mut found = Found { facts };
        found.per_row(function);
        if patterns.handles.is_match(body) && !patterns.once.is_match(body) {
            found.again(function);
        }
    }
    dropped(file, patterns, facts);
}

/// Failures of handlers of messages that are only logged.
fn dropped(file: &SourceFile, patterns: &Patterns, facts: &mut FactSink<'_>) {
    if !patterns.handles.is_match(&file.text) {
        return;
    }
    for captures in patterns
        .only_logs
        .captures_iter(&file.text)
        .take(MAX_BLOCKS)
    {
        let Some(at) = captures.name("what").or_else(|| captures.name("except")) else {
            continue;
        };
        let around = scope::around(&file.text, at.start(), at.end());
        let body = steps::annotated(&file.text, around);
        if !patterns.handles.is_match(body) || RETRIES.iter().any(|word| around.contains(word)) {
            continue;
        }
        let observation = Observation {
            practice: Practice::DroppedMessage,
            verdict: Verdict::Review,
            elsewhere: "",
            evidence: "the handler logs the failure and reports the message as processed"
                .to_owned(),
        };
        facts.add(observation, at.range());
    }
}

/// Maximum number of blocks of failures that are read in one file.
const MAX_BLOCKS: usize = 20;
/// Words of handlers that keep a failed message.
const RETRIES: &[&str] = &[
    "nack", "Nack", "reject", "Reject", "dead", "Dead", "dlq", "DLQ", "requeue", "retry", "raise",
    "throw",
];

struct Found<'f, 's> {
    facts: &'f mut FactSink<'s>,
}

impl Found<'_, '_> {
    fn show(&mut self, practice: Practice, step: &Step<'_>, evidence: &str) {
        // The steps name calls by their words, so many are no write or no look-up of a record.
        let is_guess = matches!(
            practice,
            Practice::PartialWrite | Practice::LookupBeforeInsert
        );
        let observation = Observation {
            practice,
            verdict: if is_guess {
                Verdict::Guess
            } else {
                Verdict::Review
            },
            elsewhere: "",
            evidence: evidence.replace("{}", step.name()),
        };
        self.facts.add(observation, step.span.clone());
    }

    /// The second write of a function, or a write that a loop repeats after another write.
    fn partial_write(&mut self, function: &Function<'_>) {
        let mut writes = function.of(StepKind::Write);
        let Some(first) = writes.next() else { return };
        let second = writes.find(|step| step.is_other_write(first));
        if let Some(step) = second {
            self.show(
                Practice::PartialWrite,
                step,
                "`{}` and the write before it are not in one transaction",
            );
        }
    }

    /// A message or a remote call after a write.
    fn dual_write(&mut self, function: &Function<'_>, text: &str) {
        let Some(write) = function.of(StepKind::Write).next() else {
            return;
        };
        let after = |kind| {
            function
                .of(kind)
                .find(|step| step.span.start > write.span.start && !step.is_in_process(text))
        };
        for step in [after(StepKind::Publish), after(StepKind::Remote)]
            .into_iter()
            .flatten()
        {
            self.show(
                Practice::DualWrite,
                step,
                "`{}` follows a change of the database and is not atomic with it",
            );
        }
    }

    /// A look-up that decides whether an insert follows.
    fn lookup(&mut self, function: &Function<'_>) {
        let Some(exists) = function.of(StepKind::Exists).next() else {
            return;
        };
        if function
            .of(StepKind::Write)
            .any(|write| write.span.start > exists.span.start && write.inserts())
        {
            self.show(
                Practice::LookupBeforeInsert,
                exists,
                "`{}` decides whether the record may be created, so parallel requests both create it",
            );
        }
    }

    /// The first query, write or remote call of each function that a loop repeats.
    fn per_row(&mut self, function: &Function<'_>) {
        let repeated = function.steps.iter().find(|step| {
            step.in_loop
                && matches!(
                    step.kind,
                    StepKind::Read | StepKind::Write | StepKind::Remote
                )
        });
        if let Some(step) = repeated {
            self.show(
                Practice::QueryPerRow,
                step,
                "`{}` runs once for each element of a list",
            );
        }
    }

    /// The first effect of a handler of messages.
    fn again(&mut self, function: &Function<'_>) {
        let effect = function.steps.iter().find(|step| {
            step.kind == StepKind::Write && step.inserts() || step.kind == StepKind::Remote
        });
        if let Some(step) = effect {
            self.show(
                Practice::Idempotency,
                step,
                "a message that the broker delivers twice runs `{}` twice",
            );
        }
    }
}

#[cfg(test)]
mod tests;
