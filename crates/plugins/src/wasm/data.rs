//! Conversions between the data of the host and the records of the interface.

use serde_json::{Map, Value};

use super::{
    times::Times,
    types::{
        Entry, GuestEvent, GuestQuestion, HookCallV01, HookCallV02, HookContextV01, HookContextV02,
    },
};
use crate::{
    Event,
    runtime::{CallError, CallLimits, HookInput, Question},
    sandbox::json::{self, MAX_VALUES},
    text::truncated,
};

/// The maximum length of a reason that a component gives, in bytes.
const MAX_REASON: usize = 1_000;

/// Converts the data of a hook.
///
/// # Errors
/// The data exceed the payload limit.
pub(super) fn hook_call(
    input: &HookInput,
    times: Times,
    limits: &CallLimits,
) -> Result<HookCallV02, CallError> {
    let context = &input.context;
    let call = HookCallV02 {
        hook: input.hook.clone(),
        point: input.point.as_str().to_owned(),
        context: HookContextV02 {
            request_id: times.id(&context.request_id),
            actor: context.actor.clone(),
            tenant: context.tenant.clone(),
            remaining: context.remaining_ms.map(Times::remaining),
        },
        values: entries(&input.values),
        metadata: texts(input.metadata.iter().map(|(name, value)| (name, value))),
    };
    let others = call.hook.len() + call.point.len() + context.size();
    check_size(&[&call.values, &call.metadata], others, limits)?;
    Ok(call)
}

impl From<HookCallV02> for HookCallV01 {
    fn from(call: HookCallV02) -> Self {
        Self {
            hook: call.hook,
            point: call.point,
            context: HookContextV01 {
                request_id: call.context.request_id,
                actor: call.context.actor,
            },
            values: call.values,
            metadata: call.metadata,
        }
    }
}

/// Converts an event.
///
/// # Errors
/// The data exceed the payload limit.
pub(super) fn guest_event(
    event: &Event,
    times: Times,
    limits: &CallLimits,
) -> Result<GuestEvent, CallError> {
    let event = GuestEvent {
        id: times.id(&event.id),
        kind: event.kind.to_string(),
        source: event.source.clone(),
        time: times.text(event.time),
        data: Value::Object(event.data.clone()).to_string(),
        metadata: texts(event.metadata.iter()),
    };
    let others = [
        &event.id,
        &event.kind,
        &event.source,
        &event.time,
        &event.data,
    ];
    let others = others.map(String::len).iter().sum();
    check_size(&[&event.metadata], others, limits)?;
    Ok(event)
}

/// Converts a question about access.
///
/// # Errors
/// The data exceed the payload limit.
pub(super) fn guest_question(
    question: &Question,
    limits: &CallLimits,
) -> Result<GuestQuestion, CallError> {
    let question = GuestQuestion {
        subject: question.subject.clone(),
        action: question.action.clone(),
        resource: question.resource.clone(),
        context: entries(&question.context),
    };
    let others = question.subject.len() + question.action.len() + question.resource.len();
    check_size(&[&question.context], others, limits)?;
    Ok(question)
}

fn entries(values: &Map<String, Value>) -> Vec<Entry> {
    let entry = |(name, value): (&String, &Value)| Entry {
        name: name.clone(),
        value: value.to_string(),
    };
    values.iter().map(entry).collect()
}

fn texts<'a>(texts: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<Entry> {
    let entry = |(name, value): (&String, &String)| Entry {
        name: name.clone(),
        value: value.clone(),
    };
    texts.map(entry).collect()
}

/// Checks the size of the data for a call: the lists and `others`, in bytes.
///
/// # Errors
/// The data exceed the payload limit.
fn check_size(lists: &[&[Entry]], others: usize, limits: &CallLimits) -> Result<(), CallError> {
    let entries = lists.iter().copied().flatten();
    let sizes = entries.map(|entry| entry.name.len() + entry.value.len());
    match others + sizes.sum::<usize>() > limits.payload {
        true => Err(CallError::Input(limits.payload)),
        false => Ok(()),
    }
}

/// Reads the values that a hook sets.
///
/// # Errors
/// A value is not valid JSON or too deep, or there are too many values. The caller then ignores all
/// values of the hook.
pub(super) fn set_values(entries: Vec<Entry>) -> Result<Map<String, Value>, String> {
    let (mut values, mut left) = (Map::new(), MAX_VALUES);
    for Entry { name, value } in entries {
        let parsed = json::parse(&value, &mut left);
        let parsed = parsed.map_err(|problem| format!("set a value that {problem}"))?;
        values.insert(name, parsed);
    }
    Ok(values)
}

/// Shortens a text of a component to at most [`MAX_REASON`] bytes.
pub(super) fn short(text: String) -> String {
    match text.len() > MAX_REASON {
        true => truncated(&text, MAX_REASON).to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests;
