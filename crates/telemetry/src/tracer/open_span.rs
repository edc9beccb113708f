use std::time::SystemTime;

use seaworthy_core::TraceContext;

use super::span::{Attribute, SpanKind, SpanRecord};

/// Maximum attributes of a span. Further ones are dropped, so that a loop cannot grow it without
/// bound.
const MAX_ATTRIBUTES: usize = 64;

/// A span of the `tracing` macros that is not finished.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    context: TraceContext,
    name: &'static str,
    start: SystemTime,
    attributes: Vec<Attribute>,
}

impl OpenSpan {
    pub(super) fn new(context: TraceContext, name: &'static str) -> Self {
        Self {
            context,
            name,
            start: SystemTime::now(),
            attributes: Vec::new(),
        }
    }

    pub(crate) fn context(&self) -> &TraceContext {
        &self.context
    }

    pub(crate) fn attribute_text(&mut self, name: &'static str, value: &str) {
        self.push(Attribute::text(name, value));
    }

    pub(crate) fn attribute_integer(&mut self, name: &'static str, value: i64) {
        self.push(Attribute::integer(name, value));
    }

    fn push(&mut self, attribute: Attribute) {
        if self.attributes.len() < MAX_ATTRIBUTES {
            self.attributes.push(attribute);
        }
    }

    pub(super) fn finish(self) -> SpanRecord {
        SpanRecord {
            context: self.context,
            name: self.name.into(),
            kind: SpanKind::Internal,
            start: self.start,
            end: SystemTime::now(),
            attributes: self.attributes,
            failed: false,
        }
    }
}
