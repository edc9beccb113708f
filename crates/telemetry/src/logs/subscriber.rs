use std::fmt;

use seaworthy_core::context;
use tracing_core::{
    Event, Field, LevelFilter, Metadata, Subscriber,
    field::Visit,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{Logs, level::Level, line::Line, rate_limit::Decision};
use crate::tracer::{OpenSpan, Tracer};

/// Turns events of the `tracing` macros into log lines and their spans into spans of the trace.
#[derive(Debug, Clone)]
pub(crate) struct LogSubscriber {
    pub(crate) logs: Logs,
    pub(crate) tracer: Tracer,
}

/// The encoded fields of an open span. Each line inside the span has them.
struct Fields(Vec<u8>);

impl LogSubscriber {
    fn is_enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logs
            .levels()
            .is_enabled(metadata.target(), Level::from(metadata.level()))
    }

    fn open<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
    ) -> Option<OpenSpan> {
        let parent = span.parent().and_then(|parent| {
            parent
                .extensions()
                .get::<OpenSpan>()
                .map(|open| open.context().clone())
        });
        let parent = parent.or_else(|| {
            context::with_current(|context| context.map(|context| context.trace().clone()))
        })?;
        let mut open = self.tracer.open(&parent, attributes.metadata().name())?;
        attributes.record(&mut SpanFields(&mut open));
        Some(open)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.logs.levels().max().filter())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut line = Line::start(&self.logs.shared);
        attributes.record(&mut LineFields(&mut line));
        let fields = Fields(line.take_fields());
        let open = self.open(attributes, &span);
        let mut extensions = span.extensions_mut();
        extensions.insert(fields);
        if let Some(open) = open {
            extensions.insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut line = Line::start(&self.logs.shared);
        values.record(&mut LineFields(&mut line));
        let mut extensions = span.extensions_mut();
        if let Some(Fields(fields)) = extensions.get_mut() {
            fields.extend(line.take_fields());
        }
        if let Some(open) = extensions.get_mut::<OpenSpan>() {
            values.record(&mut SpanFields(open));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let callsite = std::ptr::from_ref(metadata).addr();
        let suppressed = match self.logs.shared.rate_limiter.check(callsite) {
            Decision::Suppress => return,
            Decision::WriteAfter(suppressed) => Some(suppressed),
            Decision::Write => None,
        };
        let mut message = Message::default();
        event.record(&mut message);
        let mut line = Line::start(&self.logs.shared);
        let level = Level::from(metadata.level());
        context::with_current(|context| line.head(context, level, metadata.target(), &message.0));
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(Fields(fields)) = span.extensions().get() {
                line.encoded(fields);
            }
        }
        event.record(&mut LineFields(&mut line));
        if let Some(suppressed) = suppressed {
            line.unsigned_integer("suppressed", suppressed);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let open = span.extensions_mut().remove::<OpenSpan>();
        if let Some(open) = open {
            self.tracer.close(open);
        }
    }
}

/// The name of the field that contains the text of an event.
const MESSAGE: &str = "message";

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == MESSAGE {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            value.clone_into(&mut self.0);
        }
    }
}

struct LineFields<'a>(&'a mut Line);

impl Visit for LineFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != MESSAGE {
            self.0.formatted(field.name(), format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != MESSAGE {
            self.0.text(field.name(), value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.unsigned_integer(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.signed_integer(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.boolean(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.floating_point(field.name(), value);
    }
}

struct SpanFields<'a>(&'a mut OpenSpan);

impl Visit for SpanFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.attribute_text(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.attribute_text(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.attribute_integer(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0
            .attribute_integer(field.name(), i64::try_from(value).unwrap_or(i64::MAX));
    }
}
